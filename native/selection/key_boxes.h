// Abstracts of keys: of some tokens at a time, for each channel of a KV head, the least and the
// largest value, in 8 bits rounded outward. What no query's product with one of these keys exceeds
// follows from them, without the keys (Quest, arXiv 2406.10774; LeoAM, arXiv 2506.20187, 4.2).
// On request also codes: in which half or quarter of its box each value of a key lies, in 1 or 2
// bits. What a product is about follows from them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <span>
#include <vector>

namespace leoam {

class KeyBoxes {
 public:
  static constexpr size_t kTokens = 16;  // of a box, at most, where nothing else is said

  // `code_bits`: of each value, 0 (no codes), 1 or 2. With codes no box holds more than kTokens,
  // and `head_dim` is a multiple of 8.
  KeyBoxes(int kv_heads, int head_dim, size_t boxes, int code_bits = 0);

  // `keys`: [tokens][kv_heads * head_dim], as attention sees them: after bias and RoPE. A box may
  // be set while others are asked about; once.
  void Set(size_t box, const float* keys, size_t tokens);
  bool IsSet(size_t box) const { return set_[box].load(std::memory_order_acquire); }

  size_t count() const { return count_; }
  bool has_codes() const { return bits_ > 0; }
  size_t bytes() const { return Bytes(heads_, dim_, count_, static_cast<int>(bits_)); }
  static size_t Bytes(size_t kv_heads, size_t head_dim, size_t boxes, int code_bits);

  // bounds[box] is at least the product of `query` [head_dim] with each key of the box; infinity
  // where the box is not set.
  void Bounds(int kv_head, const float* query, float* bounds) const;

  // scores[i * kTokens + token] is about the product of `query` with each key of `boxes[i]`, which
  // are set and have codes: in each channel off by at most an eighth of the box's extent times the
  // query's size, or a quarter of it with 1 bit. Lowest behind the last key of a box.
  void Scores(int kv_head, const float* query, std::span<const size_t> boxes, float* scores) const;
  static constexpr float kNoKey = -1e30F;

 private:
  static constexpr size_t kLanes = 32;  // boxes whose values lie side by side

  // Of KV head `head`, the lanes of channel `d` in the group of boxes: [kLanes] least or largest.
  int8_t* Plane(size_t head, size_t group, bool largest) {
    return planes_.data() + ((head * groups_ + group) * 2 + (largest ? 1 : 0)) * dim_ * kLanes;
  }
  const int8_t* Plane(size_t head, size_t group, bool largest) const {
    return const_cast<KeyBoxes*>(this)->Plane(head, group, largest);
  }

  // Of a head of a box: codes [dim * bits / 8][kTokens]. Before those of 2 bits, which are for
  // where there is memory, least and largest of each channel: gathered out of the planes they take
  // longer.
  static size_t BoundBytes(size_t dim, size_t bits) { return bits > 1 ? 2 * dim : 0; }
  static size_t CodeBytes(size_t dim, size_t bits) {
    return BoundBytes(dim, bits) + dim * bits / 8 * kTokens;
  }
  uint8_t* Codes(size_t head, size_t box) {
    return codes_.data() + (head * count_ + box) * CodeBytes(dim_, bits_);
  }
  const uint8_t* Codes(size_t head, size_t box) const {
    return const_cast<KeyBoxes*>(this)->Codes(head, box);
  }
  // Of a head of a box, [head_dim]. Appends the codes of `tokens` keys, of which `inverse` makes
  // levels, to what is all 0.
  void Encode(const float* keys, size_t tokens, float inverse, const int8_t* least,
              const int8_t* largest, uint8_t* codes) const;
  // Least and largest of each channel of a box, [2][head_dim]; `room` may hold them.
  const int8_t* BoundsOf(size_t head, size_t box, int8_t* room) const;

  const size_t heads_;
  const size_t dim_;
  const size_t count_;
  const size_t groups_;
  const size_t bits_;  // of a code
  // Guards what follows: boxes of one group share their bytes' neighbourhood, and a bound
  // must not be of a box that is half set.
  mutable std::shared_mutex mutex_;
  std::vector<int8_t> planes_;   // [head][group][least, largest][dim][kLanes]
  std::vector<float> scales_;    // [head][group][kLanes]
  std::vector<uint8_t> codes_;   // [head][box][CodeBytes]; empty without codes
  std::vector<uint8_t> tokens_;  // of each box, with codes
  std::unique_ptr<std::atomic<bool>[]> set_;
};

}  // namespace leoam
