// What reading blocks costs, fitted to the blocks that are read: what the link to the disk
// delivers, and what decoding takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace leoam {

// Thread-safe. What was measured long ago counts ever less.
class ReadCost {
 public:
  using Clock = std::chrono::steady_clock;

  // `cores`: that decode at a time.
  explicit ReadCost(int cores) : cores_(cores) {}

  // Around each read; several may be under way. `bytes`: 0 for one that failed.
  void BeginRead();
  void EndRead(uint64_t bytes);
  void Decoded(uint64_t bytes, Clock::duration took);

  // MB a second; 0 before the first.
  double link_speed() const;
  double decode_speed() const;
  // Where both are known: it is the link that whoever waits for blocks waits for.
  bool LinkIsSlower() const;

 private:
  struct Measured {
    double bytes = 0;
    double seconds = 0;
    void Add(uint64_t more_bytes, Clock::duration took);
    double MbPerSecond() const;
  };

  const int cores_;
  mutable std::mutex mutex_;  // guards what follows
  int reading_ = 0;
  Clock::time_point reading_since_;  // where reading_ > 0
  uint64_t bytes_under_way_ = 0;     // read since then
  Measured link_;
  Measured decoding_;  // on one core
};

}  // namespace leoam
