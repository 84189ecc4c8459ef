#include "tiers/left_work.h"

#include <chrono>
#include <utility>

namespace leoam {

void LeftWork::Add(std::future<void> work) {
  const std::lock_guard lock(mutex_);
  std::erase_if(work_, [](const std::future<void>& one) {
    return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  work_.push_back(std::move(work));
}

void LeftWork::Finish() {
  std::vector<std::future<void>> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(work_);
  }
  left.clear();
}

}  // namespace leoam
