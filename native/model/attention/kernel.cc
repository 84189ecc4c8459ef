// Chooses the attention kernel for this processor.
#include "model/attention/kernel.h"

#include "kv/cpu_features.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

namespace leoam {
namespace {

bool HasAvx512() {
#if defined(_WIN32)
  return IsProcessorFeaturePresent(PF_AVX512F_INSTRUCTIONS_AVAILABLE) != 0;
#elif defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && CpuHasAvx2();
#else
  return false;
#endif
}

}  // namespace

std::vector<const AttentionKernel*> AvailableAttentionKernels() {
  std::vector<const AttentionKernel*> kernels = {PlainAttentionKernel()};
  const auto add = [&](const AttentionKernel* kernel, bool runs) {
    if (kernel != nullptr && runs) {
      kernels.push_back(kernel);
    }
  };
  add(NeonAttentionKernel(), true);
  add(Avx2AttentionKernel(), CpuHasAvx2());
  add(Avx512AttentionKernel(), HasAvx512());
  return kernels;
}

const AttentionKernel& BestAttentionKernel() {
  static const AttentionKernel& best = *AvailableAttentionKernels().back();
  return best;
}

}  // namespace leoam
