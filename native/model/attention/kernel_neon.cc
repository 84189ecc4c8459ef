// The kernel for 64-bit ARM, which always has NEON with F16 conversion.
#include "model/attention/kernel.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include <arm_neon.h>

#include "model/attention/exp2_polynomial.h"
#include "model/attention/kernel_body.h"

namespace leoam {
namespace {

struct Neon {
  using Reg = float32x4_t;
  static constexpr int kWidth = 4;

  static Reg Zero() { return vdupq_n_f32(0.0F); }
  static Reg Load(const float* p) { return vld1q_f32(p); }
  static void Store(float* p, Reg x) { vst1q_f32(p, x); }
  static Reg Broadcast(float x) { return vdupq_n_f32(x); }
  static Reg Add(Reg a, Reg b) { return vaddq_f32(a, b); }
  static Reg Mul(Reg a, Reg b) { return vmulq_f32(a, b); }
  static Reg Fma(Reg a, Reg b, Reg c) { return vfmaq_f32(c, a, b); }
  static Reg Max(Reg a, Reg b) { return vmaxq_f32(a, b); }
  static float HorizontalMax(Reg x) { return vmaxvq_f32(x); }
  static float HorizontalSum(Reg x) { return vaddvq_f32(x); }
  static Reg Exp2(Reg x) {
    const Reg lowest = vdupq_n_f32(kExp2Lowest);
    const uint32x4_t kept = vcgeq_f32(x, lowest);
    x = vmaxq_f32(x, lowest);
    const Reg whole = vrndnq_f32(x);
    const Reg rest = vsubq_f32(x, whole);
    Reg power = vdupq_n_f32(kExp2Terms[6]);
    for (int i = 5; i >= 0; --i) {
      power = vfmaq_f32(vdupq_n_f32(kExp2Terms[i]), power, rest);
    }
    const int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(whole), 23);
    const int32x4_t bits = vaddq_s32(vreinterpretq_s32_f32(power), exponent);
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_s32(bits), kept));
  }
  static float Exp2One(float x) { return vgetq_lane_f32(Exp2(vdupq_n_f32(x)), 0); }
  static void Prefetch(const void* p) {
#if defined(__GNUC__)
    __builtin_prefetch(p, 0, 2);
#else
    (void)p;
#endif
  }
  static Reg LoadHalf(const uint16_t* p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
  static float OneHalf(const uint16_t* p) {
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(*p))), 0);
  }
  static Reg LoadBytes(const int8_t* p) {
    const float32_t values[4] = {static_cast<float32_t>(p[0]), static_cast<float32_t>(p[1]),
                                 static_cast<float32_t>(p[2]), static_cast<float32_t>(p[3])};
    return vld1q_f32(values);
  }
  static void Transpose8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
    for (int key = 0; key < 8; key += 4) {
      for (int i = 0; i < 8; i += 4) {
        Transpose4x4(rows + key, d + i, out + i * stride + key, stride);
      }
    }
  }
  static void TransposeBytes8x8(const int8_t* const rows[8], int d, const float scales[8],
                                float* out, size_t stride) {
    for (int i = 0; i < 8; ++i) {
      for (int key = 0; key < 8; ++key) {
        out[i * stride + key] = scales[key] * static_cast<float>(rows[key][d + i]);
      }
    }
  }

 private:
  static void Transpose4x4(const uint16_t* const* rows, int d, float* out, size_t stride) {
    const float32x4x2_t a = vtrnq_f32(LoadHalf(rows[0] + d), LoadHalf(rows[1] + d));
    const float32x4x2_t b = vtrnq_f32(LoadHalf(rows[2] + d), LoadHalf(rows[3] + d));
    vst1q_f32(out, vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0])));
    vst1q_f32(out + stride, vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1])));
    vst1q_f32(out + 2 * stride, vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0])));
    vst1q_f32(out + 3 * stride, vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1])));
  }
};

constexpr AttentionKernel kKernel = {"neon", KernelBody<Neon>::Attend};

}  // namespace

const AttentionKernel* NeonAttentionKernel() { return &kKernel; }

}  // namespace leoam

#else

namespace leoam {
const AttentionKernel* NeonAttentionKernel() { return nullptr; }
}  // namespace leoam

#endif
