#include "selection/score_kernel.h"

#include <algorithm>

#include "kv/cpu_features.h"
#include "selection/score_kernel_loops.h"

namespace leoam {
namespace {

const ScoreKernel& Kernel() {
#if defined(__x86_64__) || defined(_M_X64)
  static const bool avx2 = CpuHasAvx2();
  return avx2 ? Avx2ScoreKernel() : PlainScoreKernel();
#else
  return PlainScoreKernel();
#endif
}

}  // namespace

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
  const auto score = Kernel().score;
  const size_t whole = count_ / kBlock;
  score(blocks_.data(), whole, query, dim_, scores);
  if (count_ % kBlock != 0) {
    float rest[kBlock];
    score(blocks_.data() + whole * kBlock * dim_, 1, query, dim_, rest);
    std::copy_n(rest, count_ % kBlock, scores + whole * kBlock);
  }
}

void AddSoftmax(std::span<float> scores, std::span<float> mass) {
  if (!scores.empty()) {
    Kernel().add_softmax(scores.data(), scores.size(), mass.data());
  }
}

void HighestOf16(std::span<const float> scores, std::span<float> highest) {
  Kernel().highest16(scores.data(), highest.size(), highest.data());
}

void SumExpOf16(std::span<const float> scores, std::span<const float> highest, float maximum,
                std::span<float> sums) {
  Kernel().sum_exp16(scores.data(), highest.data(), sums.size(), maximum, sums.data());
}

}  // namespace leoam
