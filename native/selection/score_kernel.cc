#include "selection/score_kernel.h"

#include <algorithm>
#include <cmath>

#include "selection/score_kernel_loops.h"

namespace leoam {
namespace {

ScoreBlocksFn Choose() {
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return ScoreBlocksAvx2;
  }
#endif
  return ScoreBlocksPlain;
}

}  // namespace

void ScoreBlocksPlain(const float* blocks, size_t block_count, const float* query, size_t dim,
                      float* scores) {
  for (size_t block = 0; block < block_count; ++block) {
    score_loops::ScoreBlock(blocks + block * dim * 32, query, dim, scores + block * 32);
  }
}

KeyBlocks::KeyBlocks(std::span<const float> keys, size_t count, size_t dim)
    : count_(count), dim_(dim), blocks_((count + kBlock - 1) / kBlock * kBlock * dim, 0.0F) {
  for (size_t key = 0; key < count; ++key) {
    float* block = blocks_.data() + key / kBlock * kBlock * dim;
    for (size_t d = 0; d < dim; ++d) {
      block[d * kBlock + key % kBlock] = keys[key * dim + d];
    }
  }
}

void KeyBlocks::Score(const float* query, float* scores) const {
  static const ScoreBlocksFn score = Choose();
  const size_t whole = count_ / kBlock;
  score(blocks_.data(), whole, query, dim_, scores);
  if (count_ % kBlock != 0) {
    float rest[kBlock];
    score(blocks_.data() + whole * kBlock * dim_, 1, query, dim_, rest);
    std::copy_n(rest, count_ % kBlock, scores + whole * kBlock);
  }
}

void AddSoftmax(std::span<float> scores, std::span<float> mass) {
  if (scores.empty()) {
    return;
  }
  const float highest = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& score : scores) {
    score = std::exp(score - highest);
    sum += score;
  }
  const float inverse = 1.0F / sum;
  for (size_t i = 0; i < scores.size(); ++i) {
    mass[i] += scores[i] * inverse;
  }
}

}  // namespace leoam
