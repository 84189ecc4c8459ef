// AVX2 versions of the row kernels. Only plain types and intrinsics here: an inline
// function of a library header, compiled with these flags, could be the copy that the
// linker keeps for every processor.
#include "kv/row_kernels.h"

#if defined(__x86_64__) || defined(_M_X64)

#include <immintrin.h>

#include <cstring>

#include "leoam/kv_format.h"

namespace leoam {

namespace {

constexpr size_t kLanes = 8;

// Lowest 8 bytes of `bytes` as floats.
__m256 Widen(__m128i bytes) { return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)); }

// 16 levels -> 16 values.
void Store16(__m128i levels, __m256 offset, __m256 scale, __m256 minimum, float* out) {
  const __m256 first = _mm256_add_ps(Widen(levels), offset);
  const __m256 second = _mm256_add_ps(Widen(_mm_srli_si128(levels, 8)), offset);
  _mm256_storeu_ps(out, _mm256_add_ps(minimum, _mm256_mul_ps(scale, first)));
  _mm256_storeu_ps(out + kLanes, _mm256_add_ps(minimum, _mm256_mul_ps(scale, second)));
}

void DequantiseGroup(const uint8_t* parameters, const uint8_t* high, const uint8_t* low,
                     float* out) {
  int packed_parameters = 0;
  std::memcpy(&packed_parameters, parameters, sizeof(packed_parameters));
  const __m128 both = _mm_cvtph_ps(_mm_cvtsi32_si128(packed_parameters));
  const __m256 scale = _mm256_broadcastss_ps(both);
  const __m256 minimum = _mm256_broadcastss_ps(_mm_movehdup_ps(both));
  const __m128i mask = _mm_set1_epi8(0x0f);
  const __m128i upper = _mm_set1_epi8(static_cast<char>(0xf0));
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(high));
  __m128i first = _mm_slli_epi16(_mm_and_si128(packed, mask), 4);
  __m128i second = _mm_and_si128(packed, upper);
  __m256 offset = _mm256_set1_ps(7.5F);
  if (low != nullptr) {
    const __m128i fine = _mm_loadu_si128(reinterpret_cast<const __m128i*>(low));
    first = _mm_or_si128(first, _mm_and_si128(fine, mask));
    second = _mm_or_si128(second, _mm_and_si128(_mm_srli_epi16(fine, 4), mask));
    offset = _mm256_setzero_ps();
  }
  Store16(first, offset, scale, minimum, out);
  Store16(second, offset, scale, minimum, out + 2 * kLanes);
}

void Dequantise(const uint8_t* high, const uint8_t* low, size_t heads, size_t head_dim,
                float* out) {
  const size_t groups = heads * ((head_dim + kGroupValues - 1) / kGroupValues);
  const uint8_t* nibbles = high + groups * kGroupParameterBytes;
  for (size_t head = 0; head < heads; ++head) {
    for (size_t begin = 0; begin < head_dim; begin += kGroupValues) {
      const size_t left = head_dim - begin;
      if (left >= kGroupValues) {
        DequantiseGroup(high, nibbles, low, out);
        out += kGroupValues;
      } else {
        float values[kGroupValues];
        DequantiseGroup(high, nibbles, low, values);
        for (size_t i = 0; i < left; ++i) {
          *out++ = values[i];
        }
      }
      high += kGroupParameterBytes;
      nibbles += kGroupNibbleBytes;
      low = low == nullptr ? nullptr : low + kGroupNibbleBytes;
    }
  }
}

void RotateNeox(const KeyRotation& rotation, float* head) {
  float* partner = head + rotation.pairs;
  size_t i = 0;
  for (; i + kLanes <= rotation.pairs; i += kLanes) {
    const __m256 x = _mm256_loadu_ps(head + i);
    const __m256 y = _mm256_loadu_ps(partner + i);
    const __m256 c = _mm256_loadu_ps(rotation.cosines + i);
    const __m256 s = _mm256_loadu_ps(rotation.sines + i);
    _mm256_storeu_ps(head + i, _mm256_sub_ps(_mm256_mul_ps(x, c), _mm256_mul_ps(y, s)));
    _mm256_storeu_ps(partner + i, _mm256_add_ps(_mm256_mul_ps(x, s), _mm256_mul_ps(y, c)));
  }
  for (; i < rotation.pairs; ++i) {
    const float x = head[i];
    const float y = partner[i];
    head[i] = x * rotation.cosines[i] - y * rotation.sines[i];
    partner[i] = x * rotation.sines[i] + y * rotation.cosines[i];
  }
}

void RotateNormal(const KeyRotation& rotation, float* head) {
  size_t i = 0;
  for (; i + kLanes / 2 <= rotation.pairs; i += kLanes / 2) {
    const __m256 pairs = _mm256_loadu_ps(head + 2 * i);
    const __m256 swapped = _mm256_permute_ps(pairs, 0xb1);
    const __m128 c = _mm_loadu_ps(rotation.cosines + i);
    const __m128 s = _mm_loadu_ps(rotation.sines + i);
    // Each angle twice, side by side.
    const __m256 c2 = _mm256_set_m128(_mm_unpackhi_ps(c, c), _mm_unpacklo_ps(c, c));
    const __m256 s2 = _mm256_set_m128(_mm_unpackhi_ps(s, s), _mm_unpacklo_ps(s, s));
    const __m256 rotated = _mm256_addsub_ps(_mm256_mul_ps(pairs, c2), _mm256_mul_ps(swapped, s2));
    _mm256_storeu_ps(head + 2 * i, rotated);
  }
  for (; i < rotation.pairs; ++i) {
    const float x = head[2 * i];
    const float y = head[2 * i + 1];
    head[2 * i] = x * rotation.cosines[i] - y * rotation.sines[i];
    head[2 * i + 1] = x * rotation.sines[i] + y * rotation.cosines[i];
  }
}

void Rotate(const KeyRotation& rotation, size_t heads, size_t head_dim, float* row) {
  if (rotation.bias != nullptr) {
    const size_t count = heads * head_dim;
    size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      const __m256 bias = _mm256_loadu_ps(rotation.bias + i);
      _mm256_storeu_ps(row + i, _mm256_add_ps(_mm256_loadu_ps(row + i), bias));
    }
    for (; i < count; ++i) {
      row[i] += rotation.bias[i];
    }
  }
  for (size_t head = 0; head < heads; ++head) {
    if (rotation.neox) {
      RotateNeox(rotation, row + head * head_dim);
    } else {
      RotateNormal(rotation, row + head * head_dim);
    }
  }
}

void ToHalf(const float* in, size_t count, uint16_t* out) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i half =
        _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), half);
  }
  for (; i < count; ++i) {
    const __m128i half =
        _mm_cvtps_ph(_mm_set_ss(in[i]), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    out[i] = static_cast<uint16_t>(_mm_cvtsi128_si32(half));
  }
}

void ToFloat(const uint16_t* in, size_t count, float* out) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(half));
  }
  for (; i < count; ++i) {
    _mm_store_ss(out + i, _mm_cvtph_ps(_mm_cvtsi32_si128(in[i])));
  }
}

void ToQ8(const float* in, size_t count, uint8_t* out) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  for (size_t begin = 0; begin < count; begin += kQ8BlockValues, out += kQ8BlockBytes) {
    __m256 values[4];
    __m256 magnitude = _mm256_setzero_ps();
    for (size_t i = 0; i < 4; ++i) {
      values[i] = _mm256_loadu_ps(in + begin + i * kLanes);
      magnitude = _mm256_max_ps(magnitude, _mm256_andnot_ps(sign, values[i]));
    }
    __m128 four =
        _mm_max_ps(_mm256_castps256_ps128(magnitude), _mm256_extractf128_ps(magnitude, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    const float largest = _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
    const __m128i scale =
        _mm_cvtps_ph(_mm_set_ss(largest / 127.0F), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const auto bits = static_cast<uint16_t>(_mm_cvtsi128_si32(scale));
    std::memcpy(out, &bits, sizeof(bits));
    const __m256 inverse = _mm256_set1_ps(largest > 0.0F ? 127.0F / largest : 0.0F);
    __m256i levels[4];
    for (size_t i = 0; i < 4; ++i) {
      levels[i] = _mm256_cvtps_epi32(_mm256_mul_ps(values[i], inverse));
    }
    // Packing works in halves of a register; the permutation puts its groups of four in order.
    const __m256i first = _mm256_packs_epi32(levels[0], levels[1]);
    const __m256i second = _mm256_packs_epi32(levels[2], levels[3]);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(first, second), order);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + sizeof(bits)), bytes);
  }
}

}  // namespace

const RowKernels kAvx2RowKernels = {Dequantise, Rotate, ToHalf, ToFloat, ToQ8};

}  // namespace leoam

#endif
