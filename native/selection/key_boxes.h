// Abstracts of keys: of some tokens at a time, for each channel of a KV head, the least and the
// largest value, in 8 bits rounded outward. What no query's product with one of these keys exceeds
// follows from them, without the keys (Quest, arXiv 2406.10774; LeoAM, arXiv 2506.20187, 4.2).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

namespace leoam {

class KeyBoxes {
 public:
  static constexpr size_t kTokens = 16;  // of a box, at most, where nothing else is said

  KeyBoxes(int kv_heads, int head_dim, size_t boxes);

  // `keys`: [tokens][kv_heads * head_dim], as attention sees them: after bias and RoPE. A box may
  // be set while bounds of others are asked for; once.
  void Set(size_t box, const float* keys, size_t tokens);
  bool IsSet(size_t box) const { return set_[box].load(std::memory_order_acquire); }

  size_t count() const { return count_; }
  size_t bytes() const { return planes_.size() + scales_.size() * sizeof(float); }

  // bounds[box] is at least the product of `query` [head_dim] with each key of the box; infinity
  // where the box is not set.
  void Bounds(int kv_head, const float* query, float* bounds) const;

 private:
  static constexpr size_t kLanes = 32;  // boxes whose values lie side by side

  // Of KV head `head`, the lanes of channel `d` in the group of boxes: [kLanes] least or largest.
  int8_t* Plane(size_t head, size_t group, bool largest) {
    return planes_.data() + ((head * groups_ + group) * 2 + (largest ? 1 : 0)) * dim_ * kLanes;
  }
  const int8_t* Plane(size_t head, size_t group, bool largest) const {
    return const_cast<KeyBoxes*>(this)->Plane(head, group, largest);
  }

  const size_t heads_;
  const size_t dim_;
  const size_t count_;
  const size_t groups_;
  // Guards planes_ and scales_: boxes of one group share their bytes' neighbourhood, and a bound
  // must not be of a box that is half set.
  mutable std::shared_mutex mutex_;
  std::vector<int8_t> planes_;  // [head][group][least, largest][dim][kLanes]
  std::vector<float> scales_;   // [head][group][kLanes]
  std::unique_ptr<std::atomic<bool>[]> set_;
};

}  // namespace leoam
