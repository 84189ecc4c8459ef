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

// The share of the slack that scores are off by.
double Missed(int dim, double code_share) {
  BoxedKeys keys(70, dim, static_cast<uint32_t>(dim), 1.0F, 1.0F, code_share);
  std::vector<float> scores(70 * KeyBoxes::kTokens);
  double missed = 0;
  double slack = 0;
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> query = keys.Query();
    for (int head = 0; head < kKvHeads; ++head) {
      keys.made->Scores(head, query.data(), scores.data());
      for (const size_t box : {0, 3, 31, 32, 69}) {
        const double most = keys.Slack(box, head, query);
        for (size_t token = 0; token < KeyBoxes::kTokens; ++token) {
          const float score = scores[box * KeyBoxes::kTokens + token];
          if (token >= keys.Tokens(box)) {
            EXPECT_EQ(score, KeyBoxes::kNoKey);
            continue;
          }
          const double error = std::abs(score - keys.Product(box, token, head, query));
          EXPECT_LE(error, most);
          missed += error;
          slack += most;
        }
      }
    }
  }
  return missed / slack;
}

TEST(KeyBoxes, CodesSayWhatTheProductsAreAbout) {
  for (const int dim : {16, 64, 80, 128, 256}) {
    for (const double code_share : {0.25, 0.5, 1.0}) {
      EXPECT_LT(Missed(dim, code_share), 0.5);  // errors of channels cancel
    }
  }
}

TEST(KeyBoxes, HaveCodesOfAboutAShareOfTheChannels) {
  const auto channels = [](int dim, double share) {
    const BoxChannels made = KeyBoxes(1, dim, 1, share).channels();
    return std::vector<size_t>{made.all, made.coded, made.finely};
  };
  EXPECT_EQ(channels(64, 0.5), (std::vector<size_t>{64, 32, 8}));
  EXPECT_EQ(channels(64, 0.25), (std::vector<size_t>{64, 16, 8}));
  EXPECT_EQ(channels(128, 0.5), (std::vector<size_t>{128, 64, 16}));
  EXPECT_EQ(channels(80, 0.5), (std::vector<size_t>{80, 48, 16}));
  EXPECT_EQ(channels(16, 0.01), (std::vector<size_t>{16, 16, 8}));
  EXPECT_EQ(channels(64, 0), (std::vector<size_t>{64, 0, 0}));
  // Middles, extents, codes of 2 bits, fine ones, two units; so many keys.
  EXPECT_EQ(KeyBoxes(3, 64, 5, 0.5).bytes(), 5 * (3 * (64 + 32 + 32 * 4 + 8 * 4 + 8) + 1U));
}

TEST(KeyBoxes, CodesOfBoxesThatAreNotSetSayNothing) {
  KeyBoxes boxes(kKvHeads, 64, 3, 0.5);
  BoxedKeys keys(1, 64, 3);
  boxes.Set(1, keys.Key(0, 0), 4);
  std::vector<float> scores(3 * KeyBoxes::kTokens);
  boxes.Scores(0, keys.Query().data(), scores.data());
  EXPECT_EQ(scores[0], KeyBoxes::kNoKey);
  EXPECT_GT(scores[KeyBoxes::kTokens + 3], KeyBoxes::kNoKey);
  EXPECT_EQ(scores[KeyBoxes::kTokens + 4], KeyBoxes::kNoKey);
  EXPECT_EQ(scores[2 * KeyBoxes::kTokens], KeyBoxes::kNoKey);
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
  std::vector<uint8_t> fine(codes.size());
  std::vector<uint8_t> extents(query.size());
  std::vector<int16_t> levels(query.size());
  const auto any_byte = [&random] { return static_cast<uint8_t>(random()); };
  constexpr int kMostLevels = 127 * 128;
  for (const bool is_extreme : {false, true}) {
    const auto byte = [&] { return is_extreme ? uint8_t{255} : any_byte(); };
    std::generate(codes.begin(), codes.end(), byte);
    std::generate(fine.begin(), fine.end(), byte);
    std::generate(extents.begin(), extents.end(), byte);
    std::generate(levels.begin(), levels.end(), [&] {
      const int level = static_cast<int>(random() % (2 * kMostLevels + 1)) - kMostLevels;
      return static_cast<int16_t>(is_extreme ? kMostLevels : level);
    });
    const BoxCodes box = {least.data(), extents.data(), codes.data(), fine.data(), 0.01F, 0.02F};
    for (const BoxChannels& channels :
         {BoxChannels{80, 80, 16}, BoxChannels{80, 48, 8}, BoxChannels{80, 16, 0}}) {
      PlainBoxKernel().score(levels.data(), 0.003F, box, channels, plain);
      Avx2BoxKernel().score(levels.data(), 0.003F, box, channels, avx2);
      for (size_t key = 0; key < kBoxKeys; ++key) {
        EXPECT_NEAR(plain[key], avx2[key], std::abs(plain[key]) * 1e-5F + 1e-3F);
      }
    }
  }
#endif
}

}  // namespace
}  // namespace leoam
