// The device tier of a context: blocks that RAM had no room for, in a device's memory, from where
// they come back sooner than from disk. A block is here or in RAM, not in both: what comes back
// makes room for what goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "leoam/tier_counters.h"
#include "tiers/block_id.h"
#include "tiers/device_memory.h"

namespace leoam {

// Thread-safe.
class DeviceTier {
 public:
  explicit DeviceTier(std::shared_ptr<DeviceMemory> memory);

  // Keeps a copy of the block, or not: where there is room for it neither beside the others nor in
  // place of ones that took part less often lately, or where the device is lost. `high`: it is what
  // its high plane alone says.
  void Insert(const BlockId& block, std::span<const uint8_t> rows, unsigned uses, bool high);

  // Moves the block into `rows` and says whether it is what its high plane alone says. Nothing
  // where it is not here, or no more: a device that fails is given up, with all that it held.
  std::optional<bool> Take(const BlockId& block, std::span<uint8_t> rows);

  // The uses of a layer's blocks count half from now on.
  void Age(int layer);

  // Sets those of `counters` that are of a device.
  void Count(TierCounters* counters) const;

 private:
  using Key = std::pair<int, size_t>;  // layer and chunk
  struct Slot {
    size_t offset = 0;
    size_t bytes = 0;
    unsigned uses = 0;
    bool high = false;
  };

  std::optional<size_t> FindRoom(size_t bytes, unsigned uses);
  std::optional<size_t> Allocate(size_t bytes);
  void Free(size_t offset, size_t bytes);
  void Lose();

  const std::shared_ptr<DeviceMemory> memory_;

  mutable std::mutex mutex_;  // guards what follows; not held while bytes are copied
  bool lost_ = false;
  std::map<Key, Slot> slots_;
  std::map<size_t, size_t> free_;  // bytes by offset; no two of them touch
  Key hand_;                       // the last block that was thought of to make room
  size_t bytes_ = 0;
  uint64_t peak_bytes_ = 0;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
};

}  // namespace leoam
