// The kernel in plain C++, for processors that no other file knows.
#include <cmath>
#include <cstring>

#include "model/attention/kernel_body.h"

namespace leoam {
namespace {

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1FU;
  const uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const uint32_t bits =
      sign | (exponent == 31 ? 0x7F800000U : (exponent + 112) << 23) | (fraction << 13);
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

struct Plain {
  using Reg = float;
  static constexpr int kWidth = 1;

  static Reg Zero() { return 0.0F; }
  static Reg Load(const float* p) { return *p; }
  static void Store(float* p, Reg x) { *p = x; }
  static Reg Broadcast(float x) { return x; }
  static Reg Add(Reg a, Reg b) { return a + b; }
  static Reg Fma(Reg a, Reg b, Reg c) { return a * b + c; }
  static Reg Max(Reg a, Reg b) { return a > b ? a : b; }
  static float HorizontalMax(Reg x) { return x; }
  static float HorizontalSum(Reg x) { return x; }
  static Reg Exp2(Reg x) { return x < -126.0F ? 0.0F : std::exp2(x); }
  static float Exp2One(float x) { return Exp2(x); }
  static Reg LoadHalf(const uint16_t* p) { return HalfToFloat(*p); }
  static void Transpose8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
    for (int i = 0; i < 8; ++i) {
      for (int key = 0; key < 8; ++key) {
        out[i * stride + key] = HalfToFloat(rows[key][d + i]);
      }
    }
  }
};

constexpr AttentionKernel kKernel = {"plain", KernelBody<Plain>::Attend};

}  // namespace

const AttentionKernel* PlainAttentionKernel() { return &kKernel; }

}  // namespace leoam
