// A context of stored chunks that need not fit in RAM: what a pass attends to lies on disk, in
// segments, and comes into RAM layer by layer as it is needed.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kv/codec.h"
#include "leoam/status.h"
#include "leoam/tier_counters.h"
#include "leoam/types.h"
#include "model/model.h"
#include "model/tiered_kv.h"
#include "selection/block_choice.h"
#include "selection/key_boxes.h"
#include "store/segment_layers.h"
#include "store/segment_store.h"
#include "tiers/block_reads.h"
#include "tiers/ram_tier.h"
#include "tiers/read_cost.h"

namespace leoam {

// Chunks [first, last) of a stored segment.
struct ChunkRange {
  std::string key;
  size_t first = 0;
  size_t last = 0;
  bool operator==(const ChunkRange&) const = default;
};

// When steps that attend to the share read the high plane alone of blocks that are stored in two:
// half the bytes, 4 bits a value. What attends to all has both planes.
enum class HighPlane {
  kNever,
  // Where passes wait for blocks, and for the link to the disk rather than for decoding (ReadCost).
  // Never where steps only guess ahead: what verifies them would read it all anew.
  kAuto,
  kAlways,
};

struct TierOptions {
  uint64_t ram_bytes = 0;  // for the context's KV and its abstracts
  // Of rows in RAM, where heads can be held so, else F16; absent: as the session's own.
  std::optional<KvFormat> format = {};  // NOLINT(readability-redundant-member-init): as device
  int read_threads = 12;                // a disk reads more at once (ARCHITECTURE.md)
  // Memory of a device for blocks that RAM has no room for; 0: none. Its name as ggml has it;
  // empty: the first GPU.
  uint64_t device_bytes = 0;
  std::string device =
      "";  // NOLINT(readability-redundant-string-init): named initialisers warn without
  // Share of the context's chunks that take part in a step of decoding, chosen for each layer by
  // their abstracts; 1: all, which is exact. Also all where the memory has no room for abstracts.
  double share = 1.0;
  // Of the attention, as the abstracts estimate it, that is enough: with it a step takes part of
  // its share where attention is skewed, and all of it where it is flat. kEnoughMass: what
  // keeps perplexity to about a hundredth; the coarser the abstracts, the more.
  double mass = 1.0;
  static constexpr double kEnoughMass = 0.0;
  // Above 0: steps that attend to the share only guess so many tokens ahead, and a pass that
  // attends to all verifies them: what is written is the same as without a share.
  int draft_tokens = 0;
  // Keys that one abstract stands for, at most; of more where memory is short.
  size_t abstract_tokens = KeyBoxes::kTokens;
  // Abstracts of up to KeyBoxes::kTokens keys have codes of so many of their channels, of half as
  // many or of none where memory is short: they say more than boxes alone.
  double code_share = 0.5;
  // Each layer attends to what the queries of the layer before it choose, which is read meanwhile;
  // the first one to all. For comparison with judging by a layer's own queries.
  bool previous_layer = false;
  // Where all takes part, the next layer's blocks are read while this one computes.
  bool prefetch = true;
  // What is read is not kept by the system beside the RAM tier, where the system can do without.
  bool pass_page_cache = false;
  // Whether TierCounters tell what was needed of what took part, which costs a sort a layer.
  bool count_needed = false;
  HighPlane high_plane = HighPlane::kAuto;
  uint64_t disk_bytes_per_second = 0;  // 0: as fast as it is; see BlockReads
  bool operator==(const TierOptions&) const = default;
};

// Belongs to the engine thread. Sessions may share it: their passes take turns.
class TieredContext final : public TieredKv {
 public:
  // Runs before each segment that is opened or marked; where it fails, so does that. May be empty.
  using Between = std::function<Status()>;

  // The chunks follow each other from position `begin` on. `bias` must outlive it. `device`: for
  // blocks that RAM has no room for; null: none. `channels`: of each layer, in which order channels
  // get codes (OrderChannels); empty: as they are.
  static Result<std::unique_ptr<TieredContext>> Open(
      std::shared_ptr<SegmentStore> store, const std::vector<ChunkRange>& ranges,
      const ModelConfig& config, const KeyBias& bias, size_t begin, const TierOptions& options,
      std::shared_ptr<DeviceMemory> device = nullptr,
      std::span<const std::vector<uint8_t>> channels = {}, const Between& between = {});

  size_t begin() const override { return begin_; }
  size_t tokens() const override { return tokens_; }
  // Questions attend to all, whatever the share says.
  void Begin(bool all, std::function<bool()> should_abort) override;
  void Judge(int layer, const float* q, int rows, const AttentionSums& resident, int part,
             int parts) override;
  Status Choose(int layer, std::vector<KvChunk>* chunks) override;
  void End() override { ram_->End(); }
  void Took(int layer, std::span<const float> mass) override;

  // Attention mass of each of the ranges since the last call.
  std::vector<double> TakeMass();

  // False once what it holds open was found damaged: what is stored anew is not seen here.
  bool intact() const { return !damaged_; }
  // For the store, which evicts what was used longest ago: once for each question. Passes do not
  // mark.
  Status MarkUsed(const Between& between = {});

  // Token ids of the chunks, in their order.
  const std::vector<Token>& token_ids() const { return token_ids_; }
  // As in TierOptions; 0 where all takes part anyway.
  int draft_tokens() const { return choice_ != nullptr ? options_.draft_tokens : 0; }
  TierCounters counters() const;
  // Of the channels of keys, that have codes in the abstracts.
  double code_share() const { return code_share_; }

 private:
  struct Chunk {
    const SegmentLayers* segment = nullptr;
    size_t number = 0;  // in the segment
    size_t first = 0;   // token of the context
    size_t tokens = 0;
    size_t range = 0;
  };

  TieredContext(std::shared_ptr<SegmentStore> store, const KvShape& shape, const KeyBias& bias,
                size_t begin, const TierOptions& options);

  Status AddRange(const ChunkRange& range);
  void Start(const ModelConfig& config, std::shared_ptr<DeviceMemory> device,
             std::span<const std::vector<uint8_t>> channels);
  // As fine as the memory allows beside a layer of the KV; none where it allows none.
  void MakeAbstracts(std::span<const std::vector<uint8_t>> channels);
  size_t BoxesOf(const Chunk& chunk) const {
    return (chunk.tokens + box_tokens_ - 1) / box_tokens_;
  }
  // The chunks that take part.
  const std::vector<size_t>& ChunksFor(int layer);
  // What the queries of layer `judged` choose for `layer`.
  std::vector<size_t> ChosenFor(int judged, int layer);
  void SetBoxes(const BlockId& block, const uint8_t* keys);
  // TierOptions::mass, or what is enough with these abstracts.
  double EnoughMass() const;
  Planes PlanesNow() const;
  bool HasBoxes(const BlockId& block) const;
  Result<bool> Fill(const BlockId& block, bool high, uint8_t* rows);
  uint64_t AbstractBytes() const;
  size_t PlaneBytes(const Chunk& chunk) const {
    return chunk.tokens * KvBytes(format_, shape_.RowValues());
  }

  std::shared_ptr<SegmentStore> store_;
  const KvShape shape_;
  const KeyBias& bias_;
  const size_t begin_;
  const TierOptions options_;
  const KvFormat format_;
  const uint64_t number_;
  uint64_t ram_bytes_ = 0;  // of options_, without a block that is exchanged with a device
  size_t tokens_ = 0;
  std::vector<std::unique_ptr<SegmentLayers>> segments_;
  std::vector<Chunk> chunks_;
  std::vector<size_t> all_;                    // 0, 1, … of chunks_
  std::vector<size_t> chosen_;                 // in this layer, where not all takes part
  std::vector<size_t> next_;                   // in the next one, with options_.previous_layer
  std::vector<std::vector<size_t>> appended_;  // of each layer: the chunks of what Choose appended
  size_t box_tokens_ = 0;                      // of a box, at most
  double code_share_ = 0;
  std::vector<size_t> box_ends_;                  // of each chunk
  std::vector<std::unique_ptr<KeyBoxes>> boxes_;  // of each layer; empty where all takes part
  std::unique_ptr<BlockChoice> choice_;
  bool dense_ = true;
  std::chrono::steady_clock::time_point pass_began_;
  double waited_before_ms_ = 0;  // the pass
  double wait_share_ = 0;        // of the time of steps, lately
  ReadCost cost_;
  std::atomic<bool> damaged_ = false;
  std::vector<double> mass_;  // of each range
  uint64_t blocks_weighed_ = 0;
  uint64_t blocks_needed_ = 0;
  std::vector<Token> token_ids_;
  std::unique_ptr<RopeTable> rope_;
  std::atomic<uint64_t> bytes_read_ = 0;
  uint64_t kv_bytes_ = 0;
  double choose_ms_ = 0;  // of the thread that chooses
  // Ended in the opposite order: the tier waits for its reads.
  std::unique_ptr<BlockReads> reads_;
  std::unique_ptr<RamTier> ram_;
};

}  // namespace leoam
