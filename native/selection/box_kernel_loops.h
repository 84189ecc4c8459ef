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

}  // namespace leoam::box_loops

#define LEOAM_DEFINE_BOX_KERNEL(Name)                     \
  namespace leoam {                                       \
  const BoxKernel& Name() {                               \
    static constexpr BoxKernel kernel = {box_loops::Sum}; \
    return kernel;                                        \
  }                                                       \
  }
