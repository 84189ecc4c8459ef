#include "tiers/device_tier.h"

#include <algorithm>
#include <iterator>

namespace leoam {
namespace {

// Blocks that are looked at to make room for one; the next one goes on behind them.
constexpr int kLooks = 8;

size_t Aligned(size_t bytes) {
  return (bytes + kDeviceAlignment - 1) / kDeviceAlignment * kDeviceAlignment;
}

}  // namespace

DeviceTier::DeviceTier(std::shared_ptr<DeviceMemory> memory) : memory_(std::move(memory)) {
  free_.emplace(0, memory_->size());
}

void DeviceTier::Insert(const BlockId& block, std::span<const uint8_t> rows, unsigned uses,
                        bool high) {
  const Key key{block.layer, block.chunk};
  const size_t bytes = Aligned(rows.size());
  std::unique_lock lock(mutex_);
  std::optional<size_t> offset;
  const auto held = slots_.find(key);
  if (held != slots_.end()) {
    // It was read from disk while it was on its way here: what comes now may be finer.
    offset = held->second.offset;
    slots_.erase(held);
  } else if (!lost_) {
    offset = FindRoom(bytes, uses);
  }
  if (!offset.has_value()) {
    return;
  }
  lock.unlock();
  const Status written = memory_->Write(*offset, rows);
  lock.lock();
  if (!written.ok() || lost_) {
    Lose();
    return;
  }
  bytes_in_ += rows.size();
  if (!slots_.try_emplace(key, Slot{*offset, bytes, uses, high}).second) {
    Free(*offset, bytes);
  }
}

std::optional<bool> DeviceTier::Take(const BlockId& block, std::span<uint8_t> rows) {
  std::unique_lock lock(mutex_);
  const auto found = slots_.find({block.layer, block.chunk});
  if (found == slots_.end()) {
    return std::nullopt;
  }
  const Slot slot = found->second;
  slots_.erase(found);
  lock.unlock();
  const Status read = memory_->Read(slot.offset, rows);
  lock.lock();
  if (!read.ok()) {
    Lose();
    return std::nullopt;
  }
  if (!lost_) {
    Free(slot.offset, slot.bytes);
  }
  bytes_out_ += rows.size();
  return slot.high;
}

void DeviceTier::Age(int layer) {
  const std::lock_guard lock(mutex_);
  for (auto at = slots_.lower_bound({layer, 0}); at != slots_.end() && at->first.first == layer;
       ++at) {
    at->second.uses /= 2;
  }
}

void DeviceTier::Count(TierCounters* counters) const {
  const std::lock_guard lock(mutex_);
  counters->device_budget_bytes = memory_->size();
  counters->device_bytes = bytes_;
  counters->device_blocks = slots_.size();
  counters->device_peak_bytes = peak_bytes_;
  counters->bytes_to_device = bytes_in_;
  counters->bytes_from_device = bytes_out_;
  counters->device_lost = lost_;
}

std::optional<size_t> DeviceTier::FindRoom(size_t bytes, unsigned uses) {
  std::optional<size_t> offset = Allocate(bytes);
  for (int look = 0; look < kLooks && !offset.has_value() && !slots_.empty(); ++look) {
    auto at = slots_.upper_bound(hand_);
    if (at == slots_.end()) {
      at = slots_.begin();
    }
    hand_ = at->first;
    if (at->second.uses < uses) {
      Free(at->second.offset, at->second.bytes);
      slots_.erase(at);
      offset = Allocate(bytes);
    }
  }
  return offset;
}

// In the first place that is large enough.
std::optional<size_t> DeviceTier::Allocate(size_t bytes) {
  const auto found = std::find_if(free_.begin(), free_.end(),
                                  [bytes](const auto& range) { return range.second >= bytes; });
  if (found == free_.end()) {
    return std::nullopt;
  }
  const auto [offset, room] = *found;
  free_.erase(found);
  if (room > bytes) {
    free_.emplace(offset + bytes, room - bytes);
  }
  bytes_ += bytes;
  peak_bytes_ = std::max<uint64_t>(peak_bytes_, bytes_);
  return offset;
}

void DeviceTier::Free(size_t offset, size_t bytes) {
  bytes_ -= bytes;
  auto at = free_.emplace(offset, bytes).first;
  const auto next = std::next(at);
  if (next != free_.end() && at->first + at->second == next->first) {
    at->second += next->second;
    free_.erase(next);
  }
  if (at != free_.begin()) {
    const auto before = std::prev(at);
    if (before->first + before->second == at->first) {
      before->second += at->second;
      free_.erase(at);
    }
  }
}

void DeviceTier::Lose() {
  lost_ = true;
  slots_.clear();
  bytes_ = 0;
}

}  // namespace leoam
