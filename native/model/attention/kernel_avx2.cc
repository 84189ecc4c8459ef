// The kernel for AVX2, FMA and F16C. Compiled with these flags, so nothing else may live
// in this file.
#include "model/attention/kernel.h"

#if defined(__AVX2__)

#include "model/attention/exp2_polynomial.h"
#include "model/attention/kernel_body.h"
#include "model/attention/x86_transpose.h"

namespace leoam {
namespace {

struct Avx2 {
  using Reg = __m256;
  static constexpr int kWidth = 8;

  static Reg Zero() { return _mm256_setzero_ps(); }
  static Reg Load(const float* p) { return _mm256_loadu_ps(p); }
  static void Store(float* p, Reg x) { _mm256_storeu_ps(p, x); }
  static Reg Broadcast(float x) { return _mm256_set1_ps(x); }
  static Reg Add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg Mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg Max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static float HorizontalMax(Reg x) {
    __m128 y = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    y = _mm_max_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_max_ss(y, _mm_movehdup_ps(y)));
  }
  static float HorizontalSum(Reg x) {
    __m128 y = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    y = _mm_add_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_add_ss(y, _mm_movehdup_ps(y)));
  }
  static Reg Exp2(Reg x) {
    const Reg lowest = _mm256_set1_ps(kExp2Lowest);
    const Reg kept = _mm256_cmp_ps(x, lowest, _CMP_GE_OQ);
    x = _mm256_max_ps(x, lowest);
    const Reg whole = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Reg rest = _mm256_sub_ps(x, whole);
    Reg power = _mm256_set1_ps(kExp2Terms[6]);
    for (int i = 5; i >= 0; --i) {
      power = _mm256_fmadd_ps(power, rest, _mm256_set1_ps(kExp2Terms[i]));
    }
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23);
    power = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(power), exponent));
    return _mm256_and_ps(power, kept);
  }
  static float Exp2One(float x) { return _mm256_cvtss_f32(Exp2(_mm256_set1_ps(x))); }
  static void Prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }
  static Reg LoadHalf(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static float OneHalf(const uint16_t* p) { return _cvtsh_ss(*p); }
  static Reg LoadBytes(const int8_t* p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }
  static void Transpose8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
    TransposeHalves8x8(rows, d, out, stride);
  }
  static void TransposeBytes8x8(const int8_t* const rows[8], int d, const float scales[8],
                                float* out, size_t stride) {
    leoam::TransposeBytes8x8(rows, d, scales, out, stride);
  }
};

constexpr AttentionKernel kKernel = {"avx2", KernelBody<Avx2>::Attend};

}  // namespace

const AttentionKernel* Avx2AttentionKernel() { return &kKernel; }

}  // namespace leoam

#else

namespace leoam {
const AttentionKernel* Avx2AttentionKernel() { return nullptr; }
}  // namespace leoam

#endif
