// The inner loops of KeyBoxes, one version per instruction set. This header is included by
// a file that is compiled for AVX2: it must bring no inline code with it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leoam {

// weights[d] = coarse[d] * (largest - least)[d] / 2^shift, rounded, so small that sums of codes
// times weights fit 16 bits.
struct BoxWeights {
  int32_t middles = 0;  // sum over d of fine[d] * (least + largest)[d]
  int32_t sum = 0;      // of weights
  int shift = 0;
};
// Of a query's levels: products with 8-bit values fit 16 bits, and sums of them 32.
inline constexpr int kCoarseLevels = 127;
inline constexpr int kFineLevels = 16383;

struct BoxKernel {
  // sums[lane] = sum over d of query[d] * (query[d] > 0 ? largest : least)[d][lane], 32 lanes.
  void (*sum)(const float* query, const int8_t* least, const int8_t* largest, size_t dim,
              float* sums);
  // What a query, in whole levels, makes of a box; see BoxWeights. `weights`: [dim].
  BoxWeights (*weigh)(const int16_t* fine, const int16_t* coarse, const int8_t* least,
                      const int8_t* largest, size_t dim, int16_t* weights);
  // sums[lane] = sum over d of weights[d] * the code of channel d, 16 lanes. Four channels with
  // codes of 2 bits share a byte, or eight with codes of 1 bit, the first one in its lowest bits:
  // codes[d / 4][lane] or codes[d / 8][lane].
  void (*sum_quarters)(const int16_t* weights, const uint8_t* codes, size_t dim, int16_t* sums);
  void (*sum_halves)(const int16_t* weights, const uint8_t* codes, size_t dim, int16_t* sums);
};

const BoxKernel& PlainBoxKernel();
const BoxKernel& Avx2BoxKernel();  // only where CpuHasAvx2()

}  // namespace leoam
