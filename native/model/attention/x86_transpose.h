// 8 rows of 8 halves or bytes, transposed and widened; shared by the x86 kernels. Each includer
// compiles its own copy: keep it in an anonymous namespace.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace leoam {
namespace {

inline void TransposeHalves8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
  const auto load = [&](int i) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[i] + d));
  };
  const __m128i r0 = load(0), r1 = load(1), r2 = load(2), r3 = load(3);
  const __m128i r4 = load(4), r5 = load(5), r6 = load(6), r7 = load(7);
  const __m128i a0 = _mm_unpacklo_epi16(r0, r1), a1 = _mm_unpackhi_epi16(r0, r1);
  const __m128i a2 = _mm_unpacklo_epi16(r2, r3), a3 = _mm_unpackhi_epi16(r2, r3);
  const __m128i a4 = _mm_unpacklo_epi16(r4, r5), a5 = _mm_unpackhi_epi16(r4, r5);
  const __m128i a6 = _mm_unpacklo_epi16(r6, r7), a7 = _mm_unpackhi_epi16(r6, r7);
  const __m128i b0 = _mm_unpacklo_epi32(a0, a2), b1 = _mm_unpackhi_epi32(a0, a2);
  const __m128i b2 = _mm_unpacklo_epi32(a1, a3), b3 = _mm_unpackhi_epi32(a1, a3);
  const __m128i b4 = _mm_unpacklo_epi32(a4, a6), b5 = _mm_unpackhi_epi32(a4, a6);
  const __m128i b6 = _mm_unpacklo_epi32(a5, a7), b7 = _mm_unpackhi_epi32(a5, a7);
  const auto store = [&](int i, __m128i halves) {
    _mm256_storeu_ps(out + i * stride, _mm256_cvtph_ps(halves));
  };
  store(0, _mm_unpacklo_epi64(b0, b4));
  store(1, _mm_unpackhi_epi64(b0, b4));
  store(2, _mm_unpacklo_epi64(b1, b5));
  store(3, _mm_unpackhi_epi64(b1, b5));
  store(4, _mm_unpacklo_epi64(b2, b6));
  store(5, _mm_unpackhi_epi64(b2, b6));
  store(6, _mm_unpacklo_epi64(b3, b7));
  store(7, _mm_unpackhi_epi64(b3, b7));
}

inline void TransposeBytes8x8(const int8_t* const rows[8], int d, const float scales[8], float* out,
                              size_t stride) {
  const auto load = [&](int i) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(rows[i] + d));
  };
  const __m128i a0 = _mm_unpacklo_epi8(load(0), load(1)), a1 = _mm_unpacklo_epi8(load(2), load(3));
  const __m128i a2 = _mm_unpacklo_epi8(load(4), load(5)), a3 = _mm_unpacklo_epi8(load(6), load(7));
  const __m128i b0 = _mm_unpacklo_epi16(a0, a1), b1 = _mm_unpackhi_epi16(a0, a1);
  const __m128i b2 = _mm_unpacklo_epi16(a2, a3), b3 = _mm_unpackhi_epi16(a2, a3);
  const __m256 scale = _mm256_loadu_ps(scales);
  // Two lines of eight keys in each register.
  const auto store = [&](int i, __m128i bytes) {
    const __m256 low = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    const __m256 high = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)));
    _mm256_storeu_ps(out + i * stride, _mm256_mul_ps(low, scale));
    _mm256_storeu_ps(out + (i + 1) * stride, _mm256_mul_ps(high, scale));
  };
  store(0, _mm_unpacklo_epi32(b0, b2));
  store(2, _mm_unpackhi_epi32(b0, b2));
  store(4, _mm_unpacklo_epi32(b1, b3));
  store(6, _mm_unpackhi_epi32(b1, b3));
}

}  // namespace
}  // namespace leoam
