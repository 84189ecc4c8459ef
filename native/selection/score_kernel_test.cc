#include "selection/score_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace leoam {
namespace {

TEST(KeyBlocks, ScoresEqualDotProductsForEveryCount) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (const size_t count : {1U, 31U, 32U, 33U, 100U}) {
    const size_t dim = 64;
    std::vector<float> keys(count * dim);
    std::vector<float> query(dim);
    for (float& value : keys) {
      value = normal(random);
    }
    for (float& value : query) {
      value = normal(random);
    }
    const KeyBlocks blocks(keys, count, dim);
    std::vector<float> scores(count);
    blocks.Score(query.data(), scores.data());
    for (size_t i = 0; i < count; ++i) {
      double expected = 0;
      for (size_t d = 0; d < dim; ++d) {
        expected += static_cast<double>(keys[i * dim + d]) * query[d];
      }
      EXPECT_NEAR(scores[i], expected, 1e-4) << "key " << i << " of " << count;
    }
  }
}

TEST(AddSoftmax, AddsWeightsThatSumToOne) {
  std::vector<float> scores = {1000.0F, 999.0F, -1000.0F};
  std::vector<float> mass = {1.0F, 0.0F, 0.0F};
  AddSoftmax(scores, mass);
  EXPECT_NEAR(mass[0], 1.0F + 1.0F / (1.0F + std::exp(-1.0F)), 1e-6);
  EXPECT_NEAR(mass[0] + mass[1] + mass[2], 2.0F, 1e-6);
  EXPECT_LT(mass[2], 1e-30F);
}

TEST(AddSoftmax, EqualsDoublePrecisionForEveryCount) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0, 8);
  for (const size_t count : {1U, 15U, 16U, 17U, 1000U}) {
    std::vector<float> scores(count);
    for (float& score : scores) {
      score = normal(random);
    }
    const std::vector<float> given = scores;
    double sum = 0;
    for (const float score : given) {
      sum += std::exp(static_cast<double>(score));
    }
    std::vector<float> mass(count, 0.0F);
    AddSoftmax(scores, mass);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(mass[i], std::exp(static_cast<double>(given[i])) / sum, 1e-6);
    }
  }
}

TEST(SumExpOf16, EqualsDoublePrecisionAndIsNothingFarBelow) {
  std::mt19937 random(12);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> scores(20 * size_t{16});
  std::generate(scores.begin(), scores.end(), [&] { return normal(random); });
  std::fill(scores.begin(), scores.begin() + 16, -1e30F);
  std::vector<float> highest(20);
  std::vector<float> sums(20, 7.0F);
  HighestOf16(scores, highest);
  constexpr float kMaximum = 30.0F;
  scores[16 * 5 + 3] = highest[5] = 29.0F;
  SumExpOf16(scores, highest, kMaximum, sums);
  for (size_t i = 0; i < highest.size(); ++i) {
    const auto first = scores.begin() + static_cast<ptrdiff_t>(16 * i);
    EXPECT_EQ(highest[i], *std::max_element(first, first + 16));
    double sum = 0;
    std::for_each(first, first + 16,
                  [&sum](float score) { sum += std::exp(static_cast<double>(score) - kMaximum); });
    EXPECT_NEAR(sums[i], sum, 1e-7 + sum * 1e-5);
  }
  EXPECT_EQ(sums[0], 0.0F);
  EXPECT_GT(sums[5], 0.3F);
}

}  // namespace
}  // namespace leoam
