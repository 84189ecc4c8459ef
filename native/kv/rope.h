// Rotary position embedding outside the graph: for keys that are stored before RoPE
// and rotated when they enter RAM, and for queries that are scored against them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leoam/types.h"

namespace leoam {

// Cosines and sines for one position; reuse it for every head and layer of that position.
class RopeAngles {
 public:
  explicit RopeAngles(const RopeParams& params);

  // Same arithmetic as ggml_rope_ext (F32, theta multiplied up per pair), so that a
  // rotated key equals the graph's to rounding.
  void SetPosition(int32_t position);

  // Rotates one head of `head_dim` values in place; values past params.dims stay.
  void Rotate(float* head) const;

  // One value per rotated pair, of the position set last; for kernels that rotate many
  // rows at once.
  std::span<const float> cosines() const { return cos_; }
  std::span<const float> sines() const { return sin_; }

 private:
  RopeParams params_;
  float theta_scale_ = 1.0F;
  std::vector<float> cos_;
  std::vector<float> sin_;
};

// The angles of consecutive positions, for keys that are decoded again and again.
class RopeTable {
 public:
  RopeTable(const RopeParams& params, size_t first_position, size_t tokens);

  size_t tokens() const { return tokens_; }
  size_t pairs() const { return pairs_; }
  bool neox() const { return neox_; }
  // Of the token at first_position + i: [pairs].
  const float* cosines(size_t i) const { return cosines_.data() + i * pairs_; }
  const float* sines(size_t i) const { return sines_.data() + i * pairs_; }

 private:
  size_t tokens_;
  size_t pairs_;
  bool neox_;
  std::vector<float> cosines_;
  std::vector<float> sines_;
};

}  // namespace leoam
