// Abstracts of keys: of some tokens at a time, for each channel of a KV head, the least and the
// largest value, in 8 bits rounded outward. What no query's product with one of these keys exceeds
// follows from them, without the keys (Quest, arXiv 2406.10774; LeoAM, arXiv 2506.20187, 4.2).
// On request codes instead, of the channels that say most: in which part of its box each value of a
// key lies. What a product is about follows from them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <utility>
#include <vector>

#include "selection/box_kernel.h"

namespace leoam {

class KeyBoxes {
 public:
  static constexpr size_t kTokens = kBoxKeys;  // of a box, at most, where nothing else is said

  // `code_share`: of the channels that have codes, about; 0: none. With codes no box holds more
  // than kTokens, and `head_dim` is a multiple of 16, up to kMostBoxDim. `order`: of the channels
  // of each head, [kv_heads][head_dim], those first that are to have codes (OrderChannels); empty:
  // as they are.
  KeyBoxes(int kv_heads, int head_dim, size_t boxes, double code_share = 0,
           std::span<const uint8_t> order = {});

  // `keys`: [tokens][kv_heads * head_dim], as attention sees them: after bias and RoPE. A box may
  // be set while others are asked about; once.
  void Set(size_t box, const float* keys, size_t tokens);
  bool IsSet(size_t box) const { return set_[box].load(std::memory_order_acquire); }

  size_t count() const { return count_; }
  bool has_codes() const { return channels_.coded > 0; }
  const BoxChannels& channels() const { return channels_; }
  size_t bytes() const { return Bytes(heads_, channels_, count_); }
  static size_t Bytes(size_t kv_heads, size_t head_dim, size_t boxes, double code_share) {
    return Bytes(kv_heads, Channels(head_dim, code_share), boxes);
  }

  // Without codes: bounds[box] is at least the product of `query` [head_dim] with each key of the
  // box; infinity where the box is not set.
  void Bounds(int kv_head, const float* query, float* bounds) const;

  // With codes: scores[box * kTokens + token] is about the product of `query` with each key: off by
  // at most an eighth of the box's extent times the query's size in a channel that has codes, a
  // 32nd of it in one that has fine ones, all of it in the others. kNoKey behind the last key of a
  // box, and where a box is not set.
  void Scores(int kv_head, const float* query, float* scores) const;
  static constexpr float kNoKey = -1e30F;

 private:
  static constexpr size_t kLanes = 32;  // boxes whose values lie side by side, without codes

  static BoxChannels Channels(size_t head_dim, double code_share);
  static size_t Bytes(size_t kv_heads, const BoxChannels& channels, size_t boxes);

  // Of KV head `head`, the lanes of channel `d` in the group of boxes: [kLanes] least or largest.
  int8_t* Plane(size_t head, size_t group, bool largest) {
    return planes_.data() + ((head * groups_ + group) * 2 + (largest ? 1 : 0)) * dim_ * kLanes;
  }
  const int8_t* Plane(size_t head, size_t group, bool largest) const {
    return const_cast<KeyBoxes*>(this)->Plane(head, group, largest);
  }

  // Of a head of a box: middles of its channels, extents of those with codes, codes, fine ones
  // (BoxCodes).
  static size_t CodeBytes(const BoxChannels& channels) {
    return channels.all + channels.coded + (channels.coded + channels.finely) * kPlaneBytes;
  }
  static constexpr size_t kPlaneBytes = kTokens * 2 / 8;  // of 2 bits, of a channel
  uint8_t* Codes(size_t head, size_t box) {
    return codes_.data() + (head * count_ + box) * CodeBytes(channels_);
  }
  const uint8_t* Codes(size_t head, size_t box) const {
    return codes_.data() + (head * count_ + box) * CodeBytes(channels_);
  }
  void SetBounds(size_t box, const float* keys, size_t tokens);
  void SetCodes(size_t box, const float* keys, size_t tokens);
  // Least and largest of each channel of one head, [2][head_dim], as they are ordered in the keys.
  std::vector<float> BoundsOf(const float* keys, size_t tokens) const;
  // About which the keys of a head lie, in the channels' order.
  std::vector<float> MiddlesOf(size_t head, const float* keys, size_t tokens,
                               std::span<const float> bounds) const;
  // The keys of a head into what is all 0; returns the units of middles and extents.
  std::pair<float, float> Encode(size_t head, const float* keys, size_t tokens, uint8_t* to) const;

  const size_t heads_;
  const size_t dim_;
  const size_t count_;
  const size_t groups_;
  const BoxChannels channels_;
  std::vector<uint8_t> order_;  // [head][dim]; with codes
  // Guards what follows: boxes of one group share their bytes' neighbourhood, and a bound
  // must not be of a box that is half set.
  mutable std::shared_mutex mutex_;
  std::vector<int8_t> planes_;   // [head][group][least, largest][dim][kLanes]; empty with codes
  std::vector<float> scales_;    // [head][group][kLanes]; empty with codes
  std::vector<uint8_t> codes_;   // [head][box][CodeBytes], in the channels' order; with codes
  std::vector<float> units_;     // [head][box] of middles and of extents, with codes
  std::vector<uint8_t> tokens_;  // of each box, with codes
  std::unique_ptr<std::atomic<bool>[]> set_;
};

}  // namespace leoam
