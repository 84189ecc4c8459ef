// Abstracts against the keys themselves.
#include "selection/key_boxes.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "gtest/gtest.h"
#include "kv/cpu_features.h"
#include "selection/box_kernel.h"
#include "testing/boxed_keys.h"

namespace leoam {
namespace {

using testing::BoxedKeys;
using testing::kKvHeads;

TEST(KeyBoxes, BoundsAreNeverBelowTheLargestProduct) {
  for (const int dim : {16, 64, 80, 128}) {
    for (const float size : {1e-3F, 1.0F, 300.0F}) {
      BoxedKeys keys(70, dim, static_cast<uint32_t>(dim), size);
      std::vector<float> bounds(70);
      double slack = 0;
      for (int i = 0; i < 20; ++i) {
        const std::vector<float> query = keys.Query();
        for (int head = 0; head < kKvHeads; ++head) {
          keys.made->Bounds(head, query.data(), bounds.data());
          for (size_t box = 0; box < bounds.size(); ++box) {
            ASSERT_GE(bounds[box], keys.Best(box, head, query));
            slack += bounds[box] - keys.Best(box, head, query);
          }
        }
      }
      EXPECT_GT(slack, 0.0);
    }
  }
}

TEST(KeyBoxes, CodesSayWhatTheProductsAreAbout) {
  const auto test = [](int dim, int code_bits) {
    BoxedKeys keys(70, dim, static_cast<uint32_t>(dim), 1.0F, 1.0F, code_bits);
    const std::vector<size_t> boxes = {0, 3, 31, 32, 69};
    std::vector<float> scores(boxes.size() * KeyBoxes::kTokens);
    double missed = 0;
    double slack = 0;
    for (int i = 0; i < 20; ++i) {
      const std::vector<float> query = keys.Query();
      for (int head = 0; head < kKvHeads; ++head) {
        keys.made->Scores(head, query.data(), boxes, scores.data());
        for (size_t at = 0; at < boxes.size(); ++at) {
          for (size_t token = 0; token < KeyBoxes::kTokens; ++token) {
            const float score = scores[at * KeyBoxes::kTokens + token];
            if (token >= keys.Tokens(boxes[at])) {
              EXPECT_EQ(score, KeyBoxes::kNoKey);
              continue;
            }
            const double error = std::abs(score - keys.Product(boxes[at], token, head, query));
            ASSERT_LE(error, keys.Slack(boxes[at], head, query));
            missed += error;
            slack += keys.Slack(boxes[at], head, query);
          }
        }
      }
    }
    EXPECT_LT(missed, slack / 2);  // errors of channels cancel
  };
  for (const int dim : {16, 64, 80, 128}) {
    test(dim, 1);
    test(dim, 2);
  }
}

TEST(KeyBoxes, OfOneKeyAreItsProduct) {
  KeyBoxes boxes(kKvHeads, 64, 1);
  BoxedKeys keys(1, 64, 3);
  boxes.Set(0, keys.Key(0, 0), 1);
  const std::vector<float> query = keys.Query();
  float bound = 0;
  boxes.Bounds(1, query.data(), &bound);
  double product = 0;
  double sizes = 0;
  float extent = 0;
  for (size_t d = 0; d < 64; ++d) {
    product += static_cast<double>(query[d]) * keys.Key(0, 0)[64 + d];
    sizes += std::abs(query[d]);
    extent = std::max(extent, std::abs(keys.Key(0, 0)[64 + d]));
  }
  EXPECT_GE(bound, product);
  EXPECT_LE(bound, product + sizes * extent / 127 * 1.01);  // one level of each channel
}

TEST(KeyBoxes, ThatAreNotSetMayHoldAnything) {
  KeyBoxes boxes(kKvHeads, 64, 40);
  BoxedKeys keys(1, 64, 3);
  boxes.Set(33, keys.Key(0, 0), 4);
  std::vector<float> bounds(40);
  boxes.Bounds(0, keys.Query().data(), bounds.data());
  EXPECT_TRUE(std::isinf(bounds[32]));
  EXPECT_TRUE(std::isfinite(bounds[33]));
  EXPECT_TRUE(std::isinf(bounds[39]));
  EXPECT_LT(boxes.bytes(), 64U * 2 * kKvHeads * (2 * 64 + 4) + 1);
}

TEST(BoxKernel, Avx2ComputesWhatThePlainLoopsCompute) {
  if (!CpuHasAvx2()) {
    GTEST_SKIP() << "this processor has no AVX2";
  }
#if defined(__x86_64__) || defined(_M_X64)
  std::mt19937 random(4);
  std::vector<int8_t> least(80 * 32);
  std::vector<int8_t> largest(80 * 32);
  for (size_t i = 0; i < least.size(); ++i) {
    least[i] = static_cast<int8_t>(random());
    largest[i] = static_cast<int8_t>(random());
  }
  std::vector<float> query(80);
  std::normal_distribution<float> value;
  std::generate(query.begin(), query.end(), [&] { return value(random); });
  float plain[32];
  float avx2[32];
  PlainBoxKernel().sum(query.data(), least.data(), largest.data(), query.size(), plain);
  Avx2BoxKernel().sum(query.data(), least.data(), largest.data(), query.size(), avx2);
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_NEAR(plain[lane], avx2[lane], 1e-2F);
  }
  std::vector<uint8_t> codes(query.size() * 4);
  std::generate(codes.begin(), codes.end(), [&] { return static_cast<uint8_t>(random()); });
  std::vector<int16_t> fine(query.size());
  std::vector<int16_t> coarse(query.size());
  for (size_t d = 0; d < query.size(); ++d) {
    if (least[d] > largest[d]) {
      std::swap(least[d], largest[d]);
    }
    fine[d] = static_cast<int16_t>(static_cast<int>(random() % (2 * kFineLevels)) - kFineLevels);
    coarse[d] =
        static_cast<int16_t>(static_cast<int>(random() % (2 * kCoarseLevels)) - kCoarseLevels);
  }
  std::vector<int16_t> weights(query.size());
  std::vector<int16_t> same_weights(query.size());
  const BoxWeights made = PlainBoxKernel().weigh(fine.data(), coarse.data(), least.data(),
                                                 largest.data(), query.size(), weights.data());
  const BoxWeights same = Avx2BoxKernel().weigh(fine.data(), coarse.data(), least.data(),
                                                largest.data(), query.size(), same_weights.data());
  EXPECT_EQ(weights, same_weights);
  EXPECT_EQ(made.middles, same.middles);
  EXPECT_EQ(made.sum, same.sum);
  EXPECT_EQ(made.shift, same.shift);
  int16_t plain_sums[16];
  int16_t avx2_sums[16];
  PlainBoxKernel().sum_quarters(weights.data(), codes.data(), weights.size(), plain_sums);
  Avx2BoxKernel().sum_quarters(weights.data(), codes.data(), weights.size(), avx2_sums);
  EXPECT_TRUE(std::equal(plain_sums, plain_sums + 16, avx2_sums));
  PlainBoxKernel().sum_halves(weights.data(), codes.data(), weights.size(), plain_sums);
  Avx2BoxKernel().sum_halves(weights.data(), codes.data(), weights.size(), avx2_sums);
  EXPECT_TRUE(std::equal(plain_sums, plain_sums + 16, avx2_sums));
#endif
}

}  // namespace
}  // namespace leoam
