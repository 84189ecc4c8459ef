// The loops of box_kernel.h, compiled once for the baseline and once per instruction set.
#pragma once

#include "selection/box_kernel.h"

namespace leoam::box_loops {

static inline void Sum(const float* query, const int8_t* least, const int8_t* largest, size_t dim,
                       float* sums) {
  constexpr size_t kLanes = 32;
  float added[kLanes] = {};
  for (size_t d = 0; d < dim; ++d) {
    const float q = query[d];
    const int8_t* values = (q > 0 ? largest : least) + d * kLanes;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      added[lane] += q * static_cast<float>(values[lane]);
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = added[lane];
  }
}

// What the codes of each channel count.
static inline void Weigh(const int16_t* query, const uint8_t* extents, size_t channels,
                         int8_t* weights) {
  for (size_t d = 0; d < channels; ++d) {
    weights[d] = static_cast<int8_t>((query[d] * extents[d] + (1 << 14)) >> 15);
  }
}

static inline int SumOf(const int8_t* weights, size_t channels) {
  int sum = 0;
  for (size_t d = 0; d < channels; ++d) {
    sum += weights[d];
  }
  return sum;
}

// sums[key] = sum over d of weights[d] * the code of channel d.
static inline void SumCodes(const int8_t* weights, const uint8_t* codes, size_t channels,
                            int16_t* sums) {
  for (size_t key = 0; key < kBoxKeys; ++key) {
    sums[key] = 0;
  }
  for (size_t d = 0; d < channels; codes += 2 * kBoxKeys) {
    for (int shift = 0; shift < 8; shift += 2, d += 2) {
      for (size_t key = 0; key < kBoxKeys; ++key) {
        const int first = (codes[2 * key] >> shift) & 3;
        const int second = (codes[2 * key + 1] >> shift) & 3;
        sums[key] = static_cast<int16_t>(sums[key] + weights[d] * first + weights[d + 1] * second);
      }
    }
  }
}

// What weights and codes of some channels come to.
struct CodeSums {
  int weights = 0;
  int16_t keys[kBoxKeys];
};

// As Score of BoxKernel, from what channels come to. A code stands for the middle of its quarter.
static inline void Finish(float query_unit, const BoxCodes& box, int middles, const CodeSums& codes,
                          const CodeSums& fine, float* scores) {
  constexpr float kMiddle = 1.5F;  // of four parts
  const float quarter = query_unit * box.extent_unit * 32768.0F / 4.0F;
  const float fine_quarter = quarter / 4.0F;
  const float middle = query_unit * box.middle_unit * static_cast<float>(middles) -
                       kMiddle * (quarter * static_cast<float>(codes.weights) +
                                  fine_quarter * static_cast<float>(fine.weights));
  for (size_t key = 0; key < kBoxKeys; ++key) {
    scores[key] = middle + quarter * static_cast<float>(codes.keys[key]) +
                  fine_quarter * static_cast<float>(fine.keys[key]);
  }
}

}  // namespace leoam::box_loops
