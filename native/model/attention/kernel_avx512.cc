// The kernel for AVX-512 (F, BW, VL, DQ). Compiled with these flags, so nothing else may
// live in this file.
#include "model/attention/kernel.h"

#if defined(__AVX512F__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own header sets "undefined" vectors this way and then warns of them (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "model/attention/exp2_polynomial.h"
#include "model/attention/kernel_body.h"
#include "model/attention/x86_transpose.h"

namespace leoam {
namespace {

struct Avx512 {
  using Reg = __m512;
  static constexpr int kWidth = 16;

  static Reg Zero() { return _mm512_setzero_ps(); }
  static Reg Load(const float* p) { return _mm512_loadu_ps(p); }
  static void Store(float* p, Reg x) { _mm512_storeu_ps(p, x); }
  static Reg Broadcast(float x) { return _mm512_set1_ps(x); }
  static Reg Add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg Mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg Max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static float HorizontalMax(Reg x) { return _mm512_reduce_max_ps(x); }
  static float HorizontalSum(Reg x) { return _mm512_reduce_add_ps(x); }
  static Reg Exp2(Reg x) {
    const Reg lowest = _mm512_set1_ps(kExp2Lowest);
    const __mmask16 kept = _mm512_cmp_ps_mask(x, lowest, _CMP_GE_OQ);
    x = _mm512_max_ps(x, lowest);
    const Reg whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Reg rest = _mm512_sub_ps(x, whole);
    Reg power = _mm512_set1_ps(kExp2Terms[6]);
    for (int i = 5; i >= 0; --i) {
      power = _mm512_fmadd_ps(power, rest, _mm512_set1_ps(kExp2Terms[i]));
    }
    return _mm512_maskz_scalef_ps(kept, power, whole);
  }
  static float Exp2One(float x) { return _mm512_cvtss_f32(Exp2(_mm512_set1_ps(x))); }
  static void Prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }
  static Reg LoadHalf(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static float OneHalf(const uint16_t* p) { return _cvtsh_ss(*p); }
  static Reg LoadBytes(const int8_t* p) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
  }
  static void Transpose8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
    TransposeHalves8x8(rows, d, out, stride);
  }
  static void TransposeBytes8x8(const int8_t* const rows[8], int d, const float scales[8],
                                float* out, size_t stride) {
    leoam::TransposeBytes8x8(rows, d, scales, out, stride);
  }
};

constexpr AttentionKernel kKernel = {"avx512", KernelBody<Avx512>::Attend};

}  // namespace

const AttentionKernel* Avx512AttentionKernel() { return &kKernel; }

}  // namespace leoam

#else

namespace leoam {
const AttentionKernel* Avx512AttentionKernel() { return nullptr; }
}  // namespace leoam

#endif
