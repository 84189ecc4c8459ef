// The loops of score_kernel.h, compiled once for the baseline and once per instruction set.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "model/attention/exp2_polynomial.h"

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

// 2^x for x <= 0 by the polynomial above; without branches, so that it vectorises.
static inline float Exp2(float x) {
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number
  x = std::max(x, kExp2Lowest);
  const float shifted = x + kRound;
  const float fraction = x - (shifted - kRound);
  float value = kExp2Terms[6];
  for (int term = 5; term >= 0; --term) {
    value = value * fraction + kExp2Terms[term];
  }
  const int32_t whole = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  return value * std::bit_cast<float>((whole + 127) << 23);
}

// mass[i] += softmax(scores)[i]; overwrites scores.
static inline void AddSoftmax(float* scores, size_t count, float* mass) {
  constexpr float kLog2E = 1.4426950408889634F;
  constexpr size_t kLanes = 16;
  float highest[kLanes];
  float sums[kLanes] = {};
  std::fill_n(highest, kLanes, scores[0]);
  const size_t whole = count / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      highest[lane] = highest[lane] > scores[i + lane] ? highest[lane] : scores[i + lane];
    }
  }
  float maximum = *std::max_element(highest, highest + kLanes);
  for (size_t i = whole; i < count; ++i) {
    maximum = std::max(maximum, scores[i]);
  }
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      scores[i + lane] = Exp2((scores[i + lane] - maximum) * kLog2E);
      sums[lane] += scores[i + lane];
    }
  }
  float sum = 0;
  for (size_t i = whole; i < count; ++i) {
    scores[i] = Exp2((scores[i] - maximum) * kLog2E);
    sum += scores[i];
  }
  for (const float lane : sums) {
    sum += lane;
  }
  const float inverse = 1.0F / sum;
  for (size_t i = 0; i < count; ++i) {
    mass[i] += scores[i] * inverse;
  }
}

// Of each 16 scores the highest.
static inline void Highest16(const float* scores, size_t count, float* highest) {
  for (size_t i = 0; i < count; ++i, scores += 16) {
    float lanes[16];
    for (size_t lane = 0; lane < 16; ++lane) {
      lanes[lane] = scores[lane];
    }
    for (size_t width = 8; width > 0; width /= 2) {
      for (size_t lane = 0; lane < width; ++lane) {
        lanes[lane] = lanes[lane] > lanes[lane + width] ? lanes[lane] : lanes[lane + width];
      }
    }
    highest[i] = lanes[0];
  }
}

// Of each 16 scores, the highest of which is known, the sum of e^(score - maximum).
static inline void SumExp16(const float* scores, const float* highest, size_t count, float maximum,
                            float* sums) {
  constexpr float kLog2E = 1.4426950408889634F;
  constexpr float kNothing = 20.0F;  // so far below the maximum a thousand keys come to nothing
  for (size_t i = 0; i < count; ++i, scores += 16) {
    if (highest[i] < maximum - kNothing) {
      sums[i] = 0.0F;
      continue;
    }
    float lanes[16];
    for (size_t lane = 0; lane < 16; ++lane) {
      lanes[lane] = Exp2((scores[lane] - maximum) * kLog2E);
    }
    for (size_t width = 8; width > 0; width /= 2) {
      for (size_t lane = 0; lane < width; ++lane) {
        lanes[lane] += lanes[lane + width];
      }
    }
    sums[i] = lanes[0];
  }
}

}  // namespace leoam::score_loops

namespace leoam {

// One per instruction set.
struct ScoreKernel {
  // `block_count` consecutive blocks.
  void (*score)(const float* blocks, size_t block_count, const float* query, size_t dim,
                float* scores);
  void (*add_softmax)(float* scores, size_t count, float* mass);
  // `count` times 16 scores.
  void (*highest16)(const float* scores, size_t count, float* highest);
  void (*sum_exp16)(const float* scores, const float* highest, size_t count, float maximum,
                    float* sums);
};
const ScoreKernel& PlainScoreKernel();
const ScoreKernel& Avx2ScoreKernel();

}  // namespace leoam

// Defines one of the above in the file that is compiled for the instruction set.
#define LEOAM_DEFINE_SCORE_KERNEL(name)                                                    \
  namespace leoam {                                                                        \
  namespace {                                                                              \
  void Score(const float* blocks, size_t block_count, const float* query, size_t dim,      \
             float* scores) {                                                              \
    for (size_t block = 0; block < block_count; ++block) {                                 \
      score_loops::ScoreBlock(blocks + block * dim * 32, query, dim, scores + block * 32); \
    }                                                                                      \
  }                                                                                        \
  void Softmax(float* scores, size_t count, float* mass) {                                 \
    score_loops::AddSoftmax(scores, count, mass);                                          \
  }                                                                                        \
  }                                                                                        \
  const ScoreKernel& name() {                                                              \
    static constexpr ScoreKernel kKernel = {Score, Softmax, score_loops::Highest16,        \
                                            score_loops::SumExp16};                        \
    return kKernel;                                                                        \
  }                                                                                        \
  }
