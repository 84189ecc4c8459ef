// The loops of score_kernel.h, compiled once for the baseline and once per instruction set.
#pragma once

#include <cstddef>

namespace leoam::score_loops {

// scores[0..32) = query . keys of one transposed block [dim][32].
static inline void ScoreBlock(const float* block, const float* query, size_t dim, float* scores) {
  float sums[32] = {};
  for (size_t d = 0; d < dim; ++d) {
    const float q = query[d];
    const float* keys = block + d * 32;
    for (size_t i = 0; i < 32; ++i) {
      sums[i] += q * keys[i];
    }
  }
  for (size_t i = 0; i < 32; ++i) {
    scores[i] = sums[i];
  }
}

}  // namespace leoam::score_loops

namespace leoam {

// One per instruction set; `blocks` consecutive blocks.
using ScoreBlocksFn = void (*)(const float* blocks, size_t block_count, const float* query,
                               size_t dim, float* scores);
void ScoreBlocksPlain(const float* blocks, size_t block_count, const float* query, size_t dim,
                      float* scores);
void ScoreBlocksAvx2(const float* blocks, size_t block_count, const float* query, size_t dim,
                     float* scores);

}  // namespace leoam
