// How the KV that a session works with lies in memory. Kernels include this header: it must
// bring no code with it that a linker could share between instruction sets.
#pragma once

#include <cstddef>

namespace leoam {

// How a row of K or V holds its values.
enum class KvFormat {
  kF16,
  kQ8,  // blocks of 32 values as ggml's Q8_0 lays them out: an F16 scale, then 32 int8
};

inline constexpr int kQ8BlockValues = 32;
inline constexpr size_t kQ8BlockBytes = 2 + kQ8BlockValues;

// Bytes of `values` consecutive values of a row; with kQ8 a multiple of a block.
static constexpr size_t KvBytes(KvFormat format, size_t values) {
  return format == KvFormat::kF16 ? 2 * values : values / kQ8BlockValues * kQ8BlockBytes;
}

}  // namespace leoam
