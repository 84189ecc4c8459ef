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
  const RopeParams& params() const { return params_; }

 private:
  RopeParams params_;
  float theta_scale_ = 1.0F;
  std::vector<float> cos_;
  std::vector<float> sin_;
};

}  // namespace leoam
