#include "tiers/shared_contexts.h"

#include <utility>

namespace leoam {

Result<std::shared_ptr<TieredContext>> SharedContexts::Get(const std::vector<ChunkRange>& ranges,
                                                           size_t begin, const TierOptions& options,
                                                           const Open& open) {
  std::erase_if(held_, [](const Held& held) { return held.context.expired(); });
  for (const Held& held : held_) {
    auto context = held.context.lock();
    if (context != nullptr && context->intact() && held.begin == begin && held.options == options &&
        held.ranges == ranges) {
      return context;
    }
  }
  auto opened = open();
  if (!opened.ok()) {
    return opened.status();
  }
  std::shared_ptr<TieredContext> context = std::move(opened).value();
  held_.push_back({ranges, begin, options, context});
  return context;
}

}  // namespace leoam
