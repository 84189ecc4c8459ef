// The attention kernel: one chunk of keys and values, one KV head, all its query heads.
// One implementation per instruction set, chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "leoam/kv_format.h"

namespace leoam {

// Most tokens of one chunk.
inline constexpr int kMaxChunkTokens = 64;

// Consecutive tokens of a KV layer. Rows hold all KV heads and lie `stride` bytes apart.
struct KvChunk {
  const void* k = nullptr;
  const void* v = nullptr;
  size_t stride = 0;
  int tokens = 0;
  KvFormat format = KvFormat::kF16;
};

// One call of the kernel. Pointers into k and v are at the head's first value.
// Softmax is kept in base 2: a weight is 2^(score - maximum), and `scale` includes log2(e).
struct AttentionTask {
  KvFormat format = KvFormat::kF16;
  const uint8_t* k = nullptr;
  const uint8_t* v = nullptr;
  size_t stride = 0;  // bytes
  // The same head's rows of the chunk after this one, fetched ahead meanwhile; null: none.
  const uint8_t* next_k = nullptr;
  const uint8_t* next_v = nullptr;
  int tokens = 0;    // visible to these queries, 1..kMaxChunkTokens
  int head_dim = 0;  // a multiple of 16, of 32 with kQ8
  float scale = 0.0F;

  int queries = 0;           // query heads of this KV head
  const float* q = nullptr;  // [queries][head_dim]

  // Running state, updated. sums: [queries] rows `sums_stride` apart: head_dim weighted
  // values, then the maximum, then the sum of weights. A fresh row has maximum
  // kNoMaximum and zeros.
  float* sums = nullptr;
  size_t sums_stride = 0;

  // Receives (maximum so far, this chunk's sum of weights under it) per query, or null.
  float* chunk_weights = nullptr;

  // AttentionScratchValues(head_dim) floats, 64-byte aligned. Several calls may follow each
  // other for one chunk and head: kFirst converts keys and values into the scratch, kNext
  // finds them there and sees at most as many tokens. kOnly: there is no second.
  enum class Call { kOnly, kFirst, kNext };
  float* scratch = nullptr;
  Call call = Call::kOnly;
};

inline constexpr float kNoMaximum = -1e30F;

// Keys (transposed) and values as F32, and the scores of one block of queries.
constexpr size_t AttentionScratchValues(int head_dim) {
  constexpr size_t kQueriesAtOnce = 8;
  return static_cast<size_t>(kMaxChunkTokens) * (2 * head_dim + kQueriesAtOnce);
}

struct AttentionKernel {
  const char* name;
  void (*attend)(const AttentionTask& task);
};

// The fastest that this processor runs.
const AttentionKernel& BestAttentionKernel();
// All that it runs, the plain one first.
std::vector<const AttentionKernel*> AvailableAttentionKernels();

// Null where the build has no code for it. Whether the processor has it is not asked.
const AttentionKernel* PlainAttentionKernel();
const AttentionKernel* Avx2AttentionKernel();
const AttentionKernel* Avx512AttentionKernel();
const AttentionKernel* NeonAttentionKernel();

}  // namespace leoam
