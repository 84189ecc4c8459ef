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

// What codes count, in each channel, and all together.
static inline int Weigh(const int16_t* query, const uint8_t* extents, size_t dim, int8_t* weights) {
  int sum = 0;
  for (size_t d = 0; d < dim; ++d) {
    weights[d] = static_cast<int8_t>((query[d] * extents[d] + (1 << 14)) >> 15);
    sum += weights[d];
  }
  return sum;
}

// sums[key] = sum over d of weights[d] * the code of channel d.
static inline void SumCodes(const int8_t* weights, const uint8_t* codes, size_t dim, int bits,
                            int16_t* sums) {
  const int mask = (1 << bits) - 1;
  for (size_t key = 0; key < kBoxKeys; ++key) {
    sums[key] = 0;
  }
  for (size_t d = 0; d < dim; codes += 2 * kBoxKeys) {
    for (int shift = 0; shift < 8; shift += bits, d += 2) {
      for (size_t key = 0; key < kBoxKeys; ++key) {
        const int first = (codes[2 * key] >> shift) & mask;
        const int second = (codes[2 * key + 1] >> shift) & mask;
        sums[key] = static_cast<int16_t>(sums[key] + weights[d] * first + weights[d + 1] * second);
      }
    }
  }
}

// As Score of BoxKernel, from what channels come to: `middles` of the box, `weights` of all codes.
static inline void Finish(float query_unit, const BoxCodes& box, int bits, int middles, int weights,
                          const int16_t* sums, const int16_t* fine_sums, float* scores) {
  const auto planes = static_cast<float>(1 << bits);
  const float parts = box.fine == nullptr ? planes : planes * planes;
  const float unit = query_unit * box.extent_unit * 32768.0F / parts;
  const float first_unit = box.fine == nullptr ? unit : unit * planes;
  // Codes stand for the middles of parts.
  const float middle = query_unit * box.middle_unit * static_cast<float>(middles) -
                       unit * (parts - 1.0F) / 2.0F * static_cast<float>(weights);
  for (size_t key = 0; key < kBoxKeys; ++key) {
    scores[key] = middle + first_unit * static_cast<float>(sums[key]);
  }
  for (size_t key = 0; box.fine != nullptr && key < kBoxKeys; ++key) {
    scores[key] += unit * static_cast<float>(fine_sums[key]);
  }
}

}  // namespace leoam::box_loops
