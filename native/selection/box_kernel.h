// The inner loops of KeyBoxes, one version per instruction set. This header is included by
// a file that is compiled for AVX2: it must bring no inline code with it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leoam {

// How many of a head's channels have codes, in the order in which they lie.
struct BoxChannels {
  size_t all = 0;     // a multiple of 16, up to kMostBoxDim
  size_t coded = 0;   // the first ones, a multiple of 16
  size_t finely = 0;  // of these the first ones, a multiple of 8
};

// Of a box, what is known of its keys. In channel d they lie about middles[d], and where that has
// codes within extents[d] about it: a code of 2 bits says in which quarter of that, a fine one in
// which quarter of the quarter. Codes of two channels by two, from the lowest bits on:
// codes[d / 8][token][d % 2], 16 tokens.
struct BoxCodes {
  const int8_t* middles = nullptr;
  const uint8_t* extents = nullptr;
  const uint8_t* codes = nullptr;
  const uint8_t* fine = nullptr;
  float middle_unit = 0;  // of middles
  float extent_unit = 0;
};
inline constexpr size_t kBoxKeys = 16;
inline constexpr size_t kMostBoxDim = 256;

struct BoxKernel {
  // sums[lane] = sum over d of query[d] * (query[d] > 0 ? largest : least)[d][lane], 32 lanes.
  void (*sum)(const float* query, const int8_t* least, const int8_t* largest, size_t dim,
              float* sums);
  // scores[key]: about the product of a query with each key of a box. `query`: levels of
  // `query_unit` of all channels, so small that each times 255 / 2^15 fits 8 bits, and those of
  // channels with codes times 3 together 16.
  void (*score)(const int16_t* query, float query_unit, const BoxCodes& box,
                const BoxChannels& channels, float* scores);
};

const BoxKernel& PlainBoxKernel();
const BoxKernel& Avx2BoxKernel();  // only where CpuHasAvx2()

}  // namespace leoam
