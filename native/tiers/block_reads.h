// Reads blocks on threads of its own, so that the engine's never waits for a disk that it need
// not wait for yet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace leoam {

class BlockReads {
 public:
  // `bytes_per_second`: no faster than that; 0: as fast as the disk is. For measuring what a
  // slower disk would do. Throws std::system_error where the system has no thread more.
  BlockReads(int threads, uint64_t bytes_per_second);
  ~BlockReads();  // waits for the reads under way; those not begun are dropped
  BlockReads(const BlockReads&) = delete;
  BlockReads& operator=(const BlockReads&) = delete;

  // Runs `read` on one of the threads, in the order of the calls.
  void Submit(std::function<void()> read);

  // Called by a read: returns when so many bytes may have been read.
  void Throttle(uint64_t bytes);

 private:
  using Clock = std::chrono::steady_clock;

  void Work();
  void Stop();

  const uint64_t bytes_per_second_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  Clock::time_point free_from_;  // when the throttled disk has delivered all so far
  std::vector<std::thread> threads_;
};

}  // namespace leoam
