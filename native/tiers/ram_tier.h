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

namespace leoam {

struct BlockId {
  int layer = 0;
  size_t chunk = 0;
};

// Thread-safe; one thread at a time visits layers.
class RamTier {
 public:
  // Fills a block's rows; on any thread. The block is not there if it fails.
  using Fill = std::function<Status(const BlockId&, uint8_t* rows)>;
  // Runs a task elsewhere, soon.
  using Run = std::function<void(std::function<void()>)>;

  // `block_bytes`: of a block of each chunk.
  RamTier(int layers, std::vector<size_t> block_bytes, uint64_t budget_bytes, Fill fill, Run run);
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

  bool Start(int layer, size_t chunk);
  // Until the block is filled or has failed; counts the time.
  void Await(const Block& block, std::unique_lock<std::mutex>* lock);
  void Finish(int layer, size_t chunk, Status status);
  // Ends the visit; what was read ahead may be dropped as well, where the next one wants it not.
  void Release();
  // Filling, though this visit does not want them.
  bool OthersAreFilling() const;
  static void Age(Layer* layer);
  bool MakeRoom(size_t bytes);
  bool DropOne();

  const std::vector<size_t> block_bytes_;
  const uint64_t budget_;
  const Fill fill_;
  const Run run_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Layer> layers_;
  int layer_ = 0;        // of this visit
  int ahead_layer_ = 0;  // of what was read ahead
  std::vector<size_t> wanted_;
  uint64_t bytes_ = 0;
  size_t filling_ = 0;
  TierCounters counters_;
};

}  // namespace leoam
