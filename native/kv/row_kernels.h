// The inner loops of the codec, one row (a token's K or V of one layer) at a time, in a
// plain and an AVX2 version. A row is cut into groups of 32 values along each head:
//
//   high part:  [groups] { F16 scale, F16 minimum }   [groups] 16 bytes of high nibbles
//   low part:                                         [groups] 16 bytes of low nibbles
//
// Byte i of a group's nibbles holds value i in its lower half and value i + 16 in its
// upper half. A head that is no multiple of 32 ends in a group whose last values are unused.
//
// This header stands in a file compiled for AVX2: it must bring no inline code with it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leoam {

inline constexpr size_t kGroupValues = 32;
inline constexpr size_t kGroupParameterBytes = 4;
inline constexpr size_t kGroupNibbleBytes = 16;

// Adds `bias` (may be null) to a row of keys, then rotates the first 2 * pairs values of
// each head.
struct KeyRotation {
  const float* bias;
  const float* cosines;
  const float* sines;
  size_t pairs;
  bool neox;  // else neighbours are pairs
};

struct RowKernels {
  // out: [heads * head_dim]. With low null the middle of the 16 values that share a high
  // nibble is taken.
  void (*dequantise)(const uint8_t* high, const uint8_t* low, size_t heads, size_t head_dim,
                     float* out);
  void (*rotate)(const KeyRotation& rotation, size_t heads, size_t head_dim, float* row);
  void (*to_half)(const float* in, size_t count, uint16_t* out);
  void (*to_float)(const uint16_t* in, size_t count, float* out);
  // To blocks of KvFormat::kQ8. `count` is a multiple of a block, the values are finite.
  void (*to_q8)(const float* in, size_t count, uint8_t* out);
};

extern const RowKernels kPlainRowKernels;
#if defined(__x86_64__) || defined(_M_X64)
extern const RowKernels kAvx2RowKernels;  // only where CpuHasAvx2()
#endif

// The fastest version that this processor runs.
const RowKernels& BestRowKernels();

// Quantises a row to 8 bits; low may be null: then the high part alone is written, which
// is the 4-bit form. Values that F16 cannot hold are clamped, NaN becomes 0.
void QuantiseRow(const float* in, size_t heads, size_t head_dim, uint8_t* high, uint8_t* low);

}  // namespace leoam
