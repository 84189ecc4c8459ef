#include "tiers/block_reads.h"

#include <algorithm>
#include <exception>
#include <utility>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace leoam {
namespace {

// A throttled disk goes on while a thread is still to be woken, so far ahead at most.
constexpr std::chrono::microseconds kAhead{200};

// Linux rounds sleeps up by 50 us, in which a fast disk has read a block.
void SleepExactly() {
#if defined(__linux__)
  constexpr unsigned long kNanoseconds = 1;
  prctl(PR_SET_TIMERSLACK, kNanoseconds);
#endif
}

}  // namespace

BlockReads::BlockReads(int threads, uint64_t bytes_per_second)
    : bytes_per_second_(bytes_per_second), free_from_(Clock::now()) {
  try {
    for (int i = 0; i < std::max(1, threads); ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  } catch (const std::exception&) {
    Stop();
    throw;
  }
}

BlockReads::~BlockReads() { Stop(); }

void BlockReads::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void BlockReads::Submit(std::function<void()> read) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(read));
  }
  wake_.notify_one();
}

void BlockReads::Throttle(uint64_t bytes) {
  if (bytes_per_second_ == 0) {
    return;
  }
  const std::chrono::duration<double> takes(static_cast<double>(bytes) /
                                            static_cast<double>(bytes_per_second_));
  Clock::time_point until;
  {
    const std::lock_guard lock(mutex_);
    free_from_ = std::max(free_from_, Clock::now() - kAhead) +
                 std::chrono::duration_cast<Clock::duration>(takes);
    until = free_from_;
  }
  std::this_thread::sleep_until(until);
}

void BlockReads::Work() {
  if (bytes_per_second_ != 0) {
    SleepExactly();
  }
  for (;;) {
    std::function<void()> read;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) {
        return;
      }
      read = std::move(queue_.front());
      queue_.pop_front();
    }
    read();
  }
}

}  // namespace leoam
