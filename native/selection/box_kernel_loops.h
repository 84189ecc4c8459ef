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

static inline BoxWeights Weigh(const int16_t* fine, const int16_t* coarse, const int8_t* least,
                               const int8_t* largest, size_t dim, int16_t* weights) {
  BoxWeights made;
  int16_t size = 0;
  for (size_t d = 0; d < dim; ++d) {
    const auto weight = static_cast<int16_t>(coarse[d] * (largest[d] - least[d]));
    const auto positive = static_cast<int16_t>(weight < 0 ? -weight : weight);
    weights[d] = weight;
    size = positive > size ? positive : size;
    made.middles += fine[d] * (largest[d] + least[d]);
  }
  const int most = 32767 / (3 * static_cast<int>(dim)) - 1;
  while ((size >> made.shift) > most) {
    ++made.shift;
  }
  const int half = (1 << made.shift) >> 1;
  for (size_t d = 0; d < dim; ++d) {
    weights[d] = static_cast<int16_t>((weights[d] + half) >> made.shift);
    made.sum += weights[d];
  }
  return made;
}

// Wholly in 16 bits, which compilers turn into vector code.
static inline void SumQuarters(const int16_t* weights, const uint8_t* codes, size_t dim,
                               int16_t* sums) {
  constexpr size_t kLanes = 16;
  int16_t added[kLanes] = {};
  for (size_t d = 0; d < dim; d += 4, codes += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const int code = codes[lane];
      added[lane] = static_cast<int16_t>(
          added[lane] + weights[d] * (code & 3) + weights[d + 1] * ((code >> 2) & 3) +
          weights[d + 2] * ((code >> 4) & 3) + weights[d + 3] * (code >> 6));
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = added[lane];
  }
}

// A mask takes or leaves the weight.
static inline void SumHalves(const int16_t* weights, const uint8_t* codes, size_t dim,
                             int16_t* sums) {
  constexpr size_t kLanes = 16;
  int16_t added[kLanes] = {};
  for (size_t d = 0; d < dim; d += 8, codes += kLanes) {
    for (size_t i = 0; i < 8; ++i) {
      const int16_t weight = weights[d + i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const auto mask = static_cast<int16_t>(-((codes[lane] >> i) & 1));
        added[lane] = static_cast<int16_t>(added[lane] + (weight & mask));
      }
    }
  }
  for (size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = added[lane];
  }
}

}  // namespace leoam::box_loops

#define LEOAM_DEFINE_BOX_KERNEL(Name)                                                              \
  namespace leoam {                                                                                \
  const BoxKernel& Name() {                                                                        \
    static constexpr BoxKernel kernel = {box_loops::Sum, box_loops::Weigh, box_loops::SumQuarters, \
                                         box_loops::SumHalves};                                    \
    return kernel;                                                                                 \
  }                                                                                                \
  }
