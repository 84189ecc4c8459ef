// The RAM tier of a context: blocks (one layer of a chunk, ready for attention) under a budget.
// Those that took part least often lately make room for others, first those of the layer that is
// visited again last: what one pass reads does not push out what many passes want.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "leoam/status.h"
#include "leoam/tier_counters.h"
#include "tiers/block_id.h"
#include "tiers/device_tier.h"

namespace leoam {

// Thread-safe; one thread at a time visits layers.
class RamTier {
 public:
  // Fills a block's rows; on any thread. The block is not there if it fails.
  using Fill = std::function<Status(const BlockId&, uint8_t* rows)>;
  // Runs a task elsewhere, soon.
  using Run = std::function<void(std::function<void()>)>;

  // `block_bytes`: of a block of each chunk. `device`: where blocks go that make room for others,
  // and come back from, for which one block more is in RAM; null: nowhere.
  RamTier(int layers, std::vector<size_t> block_bytes, uint64_t budget_bytes, Fill fill, Run run,
          std::unique_ptr<DeviceTier> device = nullptr);
  ~RamTier();  // waits for blocks that are being filled
  RamTier(const RamTier&) = delete;
  RamTier& operator=(const RamTier&) = delete;

  // Begins with what a layer of a pass needs: these blocks stay until the next Visit. Blocks of the
  // visit before stay or go. kNoSpace when they do not fit the budget together.
  Status Visit(int layer, const std::vector<size_t>& chunks);
  // The rows of a block of this visit; waits until they are there.
  Result<const uint8_t*> Rows(size_t chunk);

  // Blocks that the next visit is likely to need are read now, as far as there is room for them.
  void Prefetch(int layer, const std::vector<size_t>& chunks);

  TierCounters counters() const;

 private:
  static constexpr size_t kUseLevels = 16;

  enum class State { kAbsent, kFilling, kReady, kFailed };
  struct Block {
    std::unique_ptr<uint8_t[]> rows;
    State state = State::kAbsent;
    bool wanted = false;  // by this visit
    bool ahead = false;   // for a later one
    bool begun = false;   // this visit found it being filled
    uint8_t uses = 0;     // lately; counted also while absent
    Status failure;
  };
  struct Layer {
    std::vector<Block> blocks;  // of each chunk
    size_t visits = 0;
    size_t hand = 0;  // where the next block to drop is looked for
    // Blocks that may be dropped, by their uses.
    std::array<size_t, kUseLevels> droppable{};
  };

  static bool Droppable(const Block& block) {
    return block.state == State::kReady && !block.wanted && !block.ahead;
  }
  // Applies `change` and keeps the layer's count of what may be dropped.
  template <typename Change>
  static void Update(Layer* layer, Block* block, Change change);

  // Dropped to make room, on its way to the device.
  struct Dropped {
    BlockId id;
    std::unique_ptr<uint8_t[]> rows;
    unsigned uses = 0;
  };

  bool Start(int layer, size_t chunk);
  // Fills a block whose room was reserved, once `dropped` has left it; on any thread.
  void Load(const BlockId& id, std::vector<Dropped> dropped);
  // Until the block is filled or has failed; counts the time.
  void Await(const Block& block, std::unique_lock<std::mutex>* lock);
  void Finish(const BlockId& id, std::unique_ptr<uint8_t[]> rows, bool from_disk, Status status);
  // Ends the visit; what was read ahead may be dropped as well, where the next one wants it not.
  void Release();
  // Filling, though this visit does not want them.
  bool OthersAreFilling() const;
  void Age(int layer);
  bool MakeRoom(size_t bytes);
  bool DropOne();

  const std::vector<size_t> block_bytes_;
  const uint64_t budget_;
  const Fill fill_;
  const Run run_;
  const std::unique_ptr<DeviceTier> device_;
  std::mutex exchange_;  // a block of RAM for one of the device

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Layer> layers_;
  int layer_ = 0;        // of this visit
  int ahead_layer_ = 0;  // of what was read ahead
  std::vector<size_t> wanted_;
  uint64_t bytes_ = 0;
  std::vector<Dropped> dropped_;  // that the next block to be filled takes the room of
  size_t filling_ = 0;
  TierCounters counters_;
};

}  // namespace leoam
