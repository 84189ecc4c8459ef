// Partial softmaxes that the threads of an attention leave, and what they come to together.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "model/attention/kernel.h"

namespace leoam {

// A view. `partials`: [threads][row_heads] of head_dim weighted values, the maximum and the sum of
// weights under it, in base 2 as AttentionTask says; null: nothing was attended to.
struct AttentionSums {
  const float* partials = nullptr;
  size_t row_heads = 0;
  int threads = 0;
  int head_dim = 0;

  const float* Part(int thread, size_t row_head) const {
    const auto values = static_cast<size_t>(head_dim) + 2;
    return partials + (row_heads * static_cast<size_t>(thread) + row_head) * values;
  }

  // The maximum of all parts, and the sum of weights under it.
  std::pair<float, float> Total(size_t row_head) const {
    float maximum = kNoMaximum;
    for (int thread = 0; thread < threads; ++thread) {
      maximum = std::max(maximum, Part(thread, row_head)[head_dim]);
    }
    float sum = 0.0F;
    for (int thread = 0; thread < threads; ++thread) {
      const float* part = Part(thread, row_head) + head_dim;
      sum += part[1] * std::exp2(part[0] - maximum);
    }
    return {maximum, sum};
  }

  // The logarithm of the sum of e^score; kNoMaximum where nothing was attended to.
  float LogSum(size_t row_head) const {
    constexpr float kLn2 = 0.693147180559945F;
    const auto [maximum, sum] = Total(row_head);
    return sum > 0.0F ? (maximum + std::log2(sum)) * kLn2 : kNoMaximum;
  }
};

}  // namespace leoam
