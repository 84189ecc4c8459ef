#include "tiers/read_cost.h"

namespace leoam {
namespace {

// So many bytes tell enough; of what is older half counts.
constexpr double kMemoryBytes = 64e6;
constexpr double kMb = 1e6;

}  // namespace

void ReadCost::BeginRead() {
  const std::lock_guard lock(mutex_);
  if (reading_++ == 0) {
    reading_since_ = Clock::now();
  }
}

void ReadCost::EndRead(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_under_way_ += bytes;
  if (--reading_ > 0) {
    return;
  }
  link_.Add(bytes_under_way_, Clock::now() - reading_since_);
  bytes_under_way_ = 0;
}

void ReadCost::Decoded(uint64_t bytes, Clock::duration took) {
  const std::lock_guard lock(mutex_);
  decoding_.Add(bytes, took);
}

double ReadCost::link_speed() const {
  const std::lock_guard lock(mutex_);
  return link_.MbPerSecond();
}

double ReadCost::decode_speed() const {
  const std::lock_guard lock(mutex_);
  return cores_ * decoding_.MbPerSecond();
}

bool ReadCost::LinkIsSlower() const {
  const double link = link_speed();
  return link > 0 && link < decode_speed();
}

void ReadCost::Measured::Add(uint64_t more_bytes, Clock::duration took) {
  if (bytes > kMemoryBytes) {
    bytes /= 2;
    seconds /= 2;
  }
  bytes += static_cast<double>(more_bytes);
  seconds += std::chrono::duration<double>(took).count();
}

double ReadCost::Measured::MbPerSecond() const { return seconds > 0 ? bytes / seconds / kMb : 0; }

}  // namespace leoam
