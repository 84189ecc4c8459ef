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

// What a visit needs of blocks that are stored in two planes. Such a block may lie in RAM as its
// high plane alone says, with less precision.
enum class Planes {
  kBoth,        // what has the high plane alone is read anew
  kHighWillDo,  // what is read now is read whole
  kReadHigh,    // what is read now is the high plane alone
};

// Thread-safe; one thread at a time visits layers.
class RamTier {
 public:
  // Fills a block's rows, from its high plane alone where that is wanted and can be; true: it did.
  // On any thread. The block is not there if it fails.
  using Fill = std::function<Result<bool>(const BlockId&, bool high, uint8_t* rows)>;
  // Runs a task elsewhere, soon.
  using Run = std::function<void(std::function<void()>)>;

  // `block_bytes`: of a block of each chunk. `device`: where blocks go that make room for others,
  // and come back from, for which one block more is in RAM; null: nowhere.
  RamTier(int layers, std::vector<size_t> block_bytes, uint64_t budget_bytes, Fill fill, Run run,
          std::unique_ptr<DeviceTier> device = nullptr);
  ~RamTier();  // waits for blocks that are being filled; those not begun are not filled any more
  RamTier(const RamTier&) = delete;
  RamTier& operator=(const RamTier&) = delete;

  // A pass begins. What it waits for may not come soon: where `should_abort` (may be empty) says
  // so, Visit and Rows return kCancelled; what was asked for is read all the same.
  void Begin(std::function<bool()> should_abort);
  // The pass is complete, and counts. One that was given up comes anew, and would count twice.
  void End();
  // Begins with what a layer of a pass needs: these blocks stay until the next Visit. Blocks of the
  // visit before stay or go. kNoSpace when they do not fit the budget together.
  Status Visit(int layer, const std::vector<size_t>& chunks, Planes planes = Planes::kBoth);
  // The rows of a block of this visit; waits until they are there.
  Result<const uint8_t*> Rows(size_t chunk);

  // Blocks that the next visit is likely to need, as this one does, are read now, as far as there
  // is room for them.
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
    bool high = false;    // as its high plane says
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
    bool high = false;
  };

  bool Start(int layer, size_t chunk);
  bool IsClosing() const;
  // Fills a block whose room was reserved, once `dropped` has left it; on any thread.
  // `high`: the high plane alone is read; `whole`: what the device has of the high plane alone does
  // not do.
  void Load(const BlockId& id, bool high, bool whole, std::vector<Dropped> dropped);
  // Counts the time. False where the pass is to end first.
  bool WaitUntil(const std::function<bool()>& done, std::unique_lock<std::mutex>* lock);
  // Until the block is filled or has failed. False as above.
  bool Await(const Block& block, std::unique_lock<std::mutex>* lock);
  // `high`: it is as its high plane says; `from_device`: it was not read.
  void Finish(const BlockId& id, std::unique_ptr<uint8_t[]> rows, bool high, bool from_device,
              Status status);
  // It lies in RAM with less than this visit needs.
  bool IsTooCoarse(const Block& block) const {
    return planes_ == Planes::kBoth && block.high && block.state == State::kReady;
  }
  void Drop(Layer* layer, size_t chunk);
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
  std::function<bool()> should_abort_;  // of this pass
  std::vector<Layer> layers_;
  int layer_ = 0;  // of this visit
  Planes planes_ = Planes::kBoth;
  int ahead_layer_ = 0;  // of what was read ahead
  std::vector<size_t> wanted_;
  uint64_t bytes_ = 0;  // of blocks that are here or being filled
  uint64_t blocks_ = 0;
  std::vector<Dropped> dropped_;  // that the next block to be filled takes the room of
  size_t filling_ = 0;
  bool closing_ = false;
  TierCounters counters_;  // blocks_wanted and blocks_hit: of passes that are complete
  uint64_t pass_wanted_ = 0;
  uint64_t pass_hit_ = 0;
};

}  // namespace leoam
