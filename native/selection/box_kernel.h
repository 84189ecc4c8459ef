// The inner loops of KeyBoxes, one version per instruction set. This header is included by
// a file that is compiled for AVX2: it must bring no inline code with it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leoam {

// Of a box, what its codes stand for. In channel d it reaches over extents[d] about middles[d]; a
// code says in which of 2^bits parts of that a key lies. Two channels by two, from the lowest bits
// on: codes[d / (16 / bits)][token][d % 2], 16 tokens.
struct BoxCodes {
  const int8_t* middles = nullptr;
  const uint8_t* extents = nullptr;
  const uint8_t* codes = nullptr;  // of the higher bits
  const uint8_t* fine = nullptr;   // of the lower ones; null: there are none
  float middle_unit = 0;           // of middles
  float extent_unit = 0;
};
inline constexpr size_t kBoxKeys = 16;
inline constexpr size_t kMostBoxDim = 256;

struct BoxKernel {
  // sums[lane] = sum over d of query[d] * (query[d] > 0 ? largest : least)[d][lane], 32 lanes.
  void (*sum)(const float* query, const int8_t* least, const int8_t* largest, size_t dim,
              float* sums);
  // scores[key]: about the product of a query with each key of a box. `query`: [dim] levels of
  // `query_unit`, so small that each times 255 / 2^15 fits 8 bits, and `dim` of these times 3 fit
  // 16; `dim`: a multiple of 16, up to kMostBoxDim; `bits`: 1 or 2, of a plane of codes.
  void (*score)(const int16_t* query, float query_unit, const BoxCodes& box, size_t dim, int bits,
                float* scores);
};

const BoxKernel& PlainBoxKernel();
const BoxKernel& Avx2BoxKernel();  // only where CpuHasAvx2()

}  // namespace leoam
