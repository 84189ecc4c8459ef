// The inner loop of KeyBoxes::Bounds, one version per instruction set. This header is included by
// a file that is compiled for AVX2: it must bring no inline code with it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leoam {

struct BoxKernel {
  // sums[lane] = sum over d of query[d] * (query[d] > 0 ? largest : least)[d][lane], 32 lanes.
  void (*sum)(const float* query, const int8_t* least, const int8_t* largest, size_t dim,
              float* sums);
};

const BoxKernel& PlainBoxKernel();
const BoxKernel& Avx2BoxKernel();  // only where CpuHasAvx2()

}  // namespace leoam
