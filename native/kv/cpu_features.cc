#include "kv/cpu_features.h"

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

namespace leoam {

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)

bool CpuHasAvx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("f16c") != 0;
}

bool CpuHasSse42() { return __builtin_cpu_supports("sse4.2") != 0; }

#elif defined(_MSC_VER) && defined(_M_X64)

namespace {

// Register ecx of leaf 1.
int BasicFeatures() {
  int registers[4] = {};
  __cpuid(registers, 1);
  return registers[2];
}

}  // namespace

bool CpuHasAvx2() {
  constexpr int kFma = 1 << 12;
  constexpr int kOsxsave = 1 << 27;
  constexpr int kAvx = 1 << 28;
  constexpr int kF16c = 1 << 29;
  constexpr int kWanted = kFma | kOsxsave | kAvx | kF16c;
  if ((BasicFeatures() & kWanted) != kWanted || (_xgetbv(0) & 6) != 6) {
    return false;
  }
  constexpr int kAvx2 = 1 << 5;
  int registers[4] = {};
  __cpuidex(registers, 7, 0);
  return (registers[1] & kAvx2) != 0;
}

bool CpuHasSse42() { return (BasicFeatures() & (1 << 20)) != 0; }

#else

bool CpuHasAvx2() { return false; }

bool CpuHasSse42() { return false; }

#endif

}  // namespace leoam
