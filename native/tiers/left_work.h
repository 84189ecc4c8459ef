// Work on other threads that nobody waits for any more: it ends before what it uses does.
#pragma once

#include <future>
#include <mutex>
#include <vector>

namespace leoam {

// Any thread. Waits for what is under way when it ends.
class LeftWork {
 public:
  void Add(std::future<void> work);
  // Waits for all that was added until now.
  void Finish();

 private:
  std::mutex mutex_;
  std::vector<std::future<void>> work_;
};

}  // namespace leoam
