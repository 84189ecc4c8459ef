#include "selection/box_kernel_loops.h"

#if defined(__AVX2__)
#include <immintrin.h>

#include <cstring>

namespace leoam {
namespace {

const __m128i* Load(const void* from) { return static_cast<const __m128i*>(from); }

int SumOf(__m256i lanes) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
  return _mm_cvtsi128_si32(sum);
}

void SumCodes(const int8_t* weights, const uint8_t* codes, size_t channels, int16_t* to) {
  const __m256i mask = _mm256_set1_epi8(3);
  __m256i sums = _mm256_setzero_si256();
  for (size_t d = 0; d < channels; codes += 2 * kBoxKeys) {
    __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    for (int shift = 0; shift < 8; shift += 2, d += 2) {
      int16_t pair;
      std::memcpy(&pair, weights + d, sizeof pair);
      sums = _mm256_add_epi16(
          sums, _mm256_maddubs_epi16(_mm256_and_si256(both, mask), _mm256_set1_epi16(pair)));
      both = _mm256_srli_epi16(both, 2);
    }
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sums);
}

void Score(const int16_t* query, float query_unit, const BoxCodes& box, const BoxChannels& channels,
           float* scores) {
  alignas(32) int8_t weights[kMostBoxDim] = {};
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i middles = _mm256_setzero_si256();
  __m256i weight = _mm256_setzero_si256();
  for (size_t d = 0; d < channels.all; d += 16) {
    const __m256i levels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(query + d));
    const __m256i middle = _mm256_cvtepi8_epi16(_mm_loadu_si128(Load(box.middles + d)));
    middles = _mm256_add_epi32(middles, _mm256_madd_epi16(levels, middle));
    if (d >= channels.coded) {
      continue;
    }
    const __m256i extent = _mm256_cvtepu8_epi16(_mm_loadu_si128(Load(box.extents + d)));
    const __m256i wide = _mm256_mulhrs_epi16(levels, extent);
    weight = _mm256_add_epi32(weight, _mm256_madd_epi16(wide, ones));
    const __m128i narrow =
        _mm_packs_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_store_si128(reinterpret_cast<__m128i*>(weights + d), narrow);
  }
  box_loops::CodeSums codes;
  box_loops::CodeSums fine;
  codes.weights = SumOf(weight);
  fine.weights = box_loops::SumOf(weights, channels.finely);
  SumCodes(weights, box.codes, channels.coded, codes.keys);
  SumCodes(weights, box.fine, channels.finely, fine.keys);
  box_loops::Finish(query_unit, box, SumOf(middles), codes, fine, scores);
}

}  // namespace

const BoxKernel& Avx2BoxKernel() {
  static constexpr BoxKernel kKernel = {box_loops::Sum, Score};
  return kKernel;
}

}  // namespace leoam
#endif
