#include "tiers/shared_contexts.h"

#include <chrono>
#include <exception>
#include <future>
#include <utility>

namespace leoam {
namespace {

// Mostly it is gone at once, and then its memory is there for the next one.
constexpr std::chrono::milliseconds kGoneWithin(50);

void Drop(std::unique_ptr<TieredContext> context, const std::weak_ptr<LeftWork>& left) {
  const std::shared_ptr<LeftWork> work = left.lock();
  if (work == nullptr) {
    return;
  }
  try {
    auto gone =
        std::async(std::launch::async, [held = std::move(context)]() mutable { held.reset(); });
    if (gone.wait_for(kGoneWithin) != std::future_status::ready) {
      work->Add(std::move(gone));
    }
  } catch (const std::exception&) {
    context.reset();  // no thread, or no memory for one
  }
}

}  // namespace

Result<std::shared_ptr<TieredContext>> SharedContexts::Get(const std::vector<ChunkRange>& ranges,
                                                           size_t begin, const TierOptions& options,
                                                           const Open& open) {
  std::erase_if(held_, [](const Held& held) { return held.context.expired(); });
  if (auto context = Find(ranges, begin, options); context != nullptr) {
    return context;
  }
  auto opened = open();
  if (!opened.ok()) {
    return opened.status();
  }
  if (auto context = Find(ranges, begin, options); context != nullptr) {
    return context;  // a more urgent job was quicker
  }
  const std::shared_ptr<TieredContext> context(
      std::move(opened).value().release(), [left = left_](TieredContext* dropped) {
        Drop(std::unique_ptr<TieredContext>(dropped), left);
      });
  held_.push_back({ranges, begin, options, context});
  return context;
}

std::shared_ptr<TieredContext> SharedContexts::Find(const std::vector<ChunkRange>& ranges,
                                                    size_t begin,
                                                    const TierOptions& options) const {
  for (const Held& held : held_) {
    auto context = held.context.lock();
    if (context != nullptr && context->intact() && held.begin == begin && held.options == options &&
        held.ranges == ranges) {
      return context;
    }
  }
  return nullptr;
}

}  // namespace leoam
