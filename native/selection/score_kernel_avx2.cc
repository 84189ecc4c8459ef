#include "selection/score_kernel_loops.h"

#if defined(__AVX2__)

namespace leoam {

void ScoreBlocksAvx2(const float* blocks, size_t block_count, const float* query, size_t dim,
                     float* scores) {
  for (size_t block = 0; block < block_count; ++block) {
    score_loops::ScoreBlock(blocks + block * dim * 32, query, dim, scores + block * 32);
  }
}

}  // namespace leoam

#endif
