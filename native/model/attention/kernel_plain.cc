// The kernel in plain C++, for processors that no other file knows.
#include <cmath>

#include "kv/half.h"
#include "model/attention/kernel_body.h"

namespace leoam {
namespace {

struct Plain {
  using Reg = float;
  static constexpr int kWidth = 1;

  static Reg Zero() { return 0.0F; }
  static Reg Load(const float* p) { return *p; }
  static void Store(float* p, Reg x) { *p = x; }
  static Reg Broadcast(float x) { return x; }
  static Reg Add(Reg a, Reg b) { return a + b; }
  static Reg Mul(Reg a, Reg b) { return a * b; }
  static Reg Fma(Reg a, Reg b, Reg c) { return a * b + c; }
  static Reg Max(Reg a, Reg b) { return a > b ? a : b; }
  static float HorizontalMax(Reg x) { return x; }
  static float HorizontalSum(Reg x) { return x; }
  static Reg Exp2(Reg x) { return x < -126.0F ? 0.0F : std::exp2(x); }
  static float Exp2One(float x) { return Exp2(x); }
  static void Prefetch(const void* /*p*/) {}
  static Reg LoadHalf(const uint16_t* p) { return HalfToFloat(*p); }
  static float OneHalf(const uint16_t* p) { return HalfToFloat(*p); }
  static Reg LoadBytes(const int8_t* p) { return *p; }
  static void Transpose8x8(const uint16_t* const rows[8], int d, float* out, size_t stride) {
    for (int i = 0; i < 8; ++i) {
      for (int key = 0; key < 8; ++key) {
        out[i * stride + key] = HalfToFloat(rows[key][d + i]);
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
};

constexpr AttentionKernel kKernel = {"plain", KernelBody<Plain>::Attend};

}  // namespace

const AttentionKernel* PlainAttentionKernel() { return &kKernel; }

}  // namespace leoam
