// Bounds from abstracts against the keys themselves, and what is chosen by them.
#include "selection/key_boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "kv/cpu_features.h"
#include "selection/block_choice.h"
#include "selection/box_kernel.h"

namespace leoam {
namespace {

constexpr int kKvHeads = 2;

// Keys of [boxes][kTokens][heads * dim], about a centre of each box; the last one has fewer tokens.
struct Keys {
  Keys(size_t boxes, int head_dim, uint32_t seed, float size = 1.0F, float spread = 1.0F,
       int code_bits = 0)
      : dim(head_dim), bits(code_bits), random(seed) {
    std::normal_distribution<float> value(0.3F, size);
    values.resize(boxes * KeyBoxes::kTokens * Row());
    std::vector<float> centre(Row());
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % (KeyBoxes::kTokens * Row()) == 0) {
        std::generate(centre.begin(), centre.end(), [&] { return value(random); });
      }
      const float outlier = random() % 200 == 0 ? 50.0F : 1.0F;
      values[i] = centre[i % Row()] + spread * value(random) * outlier;
    }
    made = std::make_unique<KeyBoxes>(kKvHeads, dim, boxes, code_bits);
    for (size_t box = 0; box < boxes; ++box) {
      made->Set(box, Key(box, 0), Tokens(box));
    }
  }

  size_t Row() const { return static_cast<size_t>(kKvHeads) * static_cast<size_t>(dim); }
  size_t Tokens(size_t box) const { return box + 1 == made->count() ? 5 : KeyBoxes::kTokens; }
  const float* Key(size_t box, size_t token) const {
    return values.data() + (box * KeyBoxes::kTokens + token) * Row();
  }
  std::vector<float> Query() {
    std::normal_distribution<float> value;
    std::vector<float> query(static_cast<size_t>(dim));
    for (float& x : query) {
      x = value(random) * (random() % 30 == 0 ? 20.0F : 1.0F);
    }
    return query;
  }
  double Product(size_t box, size_t token, int head, const std::vector<float>& query) const {
    const float* key = Key(box, token) + static_cast<ptrdiff_t>(head) * dim;
    double product = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      product += static_cast<double>(query[d]) * key[d];
    }
    return product;
  }
  double Best(size_t box, int head, const std::vector<float>& query) const {
    double best = -std::numeric_limits<double>::infinity();
    for (size_t token = 0; token < Tokens(box); ++token) {
      best = std::max(best, Product(box, token, head, query));
    }
    return best;
  }
  // What codes may miss a product by: half of a part of the box as it is rounded, in each channel.
  double Slack(size_t box, int head, const std::vector<float>& query) const {
    double slack = 0;
    float extent = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      float least = std::numeric_limits<float>::max();
      float largest = -least;
      for (size_t token = 0; token < Tokens(box); ++token) {
        const float value = Key(box, token)[static_cast<size_t>(head * dim) + d];
        least = std::min(least, value);
        largest = std::max(largest, value);
      }
      extent = std::max({extent, -least, largest});
      slack += std::abs(static_cast<double>(query[d])) * (largest - least);
    }
    for (const float value : query) {
      slack += std::abs(static_cast<double>(value)) * extent / 127 * 2;
    }
    return slack / (2 << bits) * 1.1;  // weights are rounded, too
  }

  int dim;
  int bits;  // of codes
  std::mt19937 random;
  std::vector<float> values;
  std::unique_ptr<KeyBoxes> made;
};

TEST(KeyBoxes, BoundsAreNeverBelowTheLargestProduct) {
  for (const int dim : {16, 64, 80, 128}) {
    for (const float size : {1e-3F, 1.0F, 300.0F}) {
      Keys keys(70, dim, static_cast<uint32_t>(dim), size);
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
    Keys keys(70, dim, static_cast<uint32_t>(dim), 1.0F, 1.0F, code_bits);
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
  Keys keys(1, 64, 3);
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
  Keys keys(1, 64, 3);
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

std::vector<size_t> Chosen(BlockChoice* choice, const KeyBoxes& boxes, const std::vector<float>& q,
                           size_t count, double mass = 1.0) {
  choice->Judge(boxes, q.data(), 1, {}, 0, 1);
  return choice->Choose(boxes, count, mass);
}

// Blocks of 1 to 4 boxes. The query is aimed at one key, which its block must be chosen for.
TEST(BlockChoice, FindsTheBlocksThatAttentionIsOn) {
  constexpr int kDim = 64;
  constexpr int kHeads = 6;
  Keys keys(200, kDim, 5, 1.0F, 0.01F);  // as neighbours are alike in a text
  std::vector<size_t> ends;
  for (size_t end = 0; end < 200;) {
    end = std::min<size_t>(200, end + 1 + keys.random() % 4);
    ends.push_back(end);
  }
  BlockChoice choice({kHeads, kKvHeads, kDim}, ends);
  for (int i = 0; i < 50; ++i) {
    std::vector<float> q;
    std::vector<size_t> wanted;
    for (int head = 0; head < kHeads; ++head) {
      const size_t box = keys.random() % 200;
      const float* key = keys.Key(box, keys.random() % keys.Tokens(box)) +
                         static_cast<ptrdiff_t>(head / (kHeads / kKvHeads)) * kDim;
      for (int d = 0; d < kDim; ++d) {
        q.push_back(key[d] * 8.0F);
      }
      wanted.push_back(
          static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), box) - ends.begin()));
    }
    for (int part = 0; part < 4; ++part) {
      choice.Judge(*keys.made, q.data(), 1, {}, part, 4);
    }
    const std::vector<size_t> chosen = choice.Choose(*keys.made, ends.size() / 4);
    EXPECT_EQ(chosen.size(), ends.size() / 4);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    for (const size_t block : wanted) {
      EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), block));
    }
  }
  std::vector<float> q(static_cast<size_t>(kHeads) * kDim, 1.0F);
  EXPECT_EQ(Chosen(&choice, *keys.made, q, ends.size() + 5).size(), ends.size());
}

TEST(BlockChoice, TakesFewWhereAttentionIsSkewedAndManyWhereItIsFlat) {
  constexpr int kDim = 64;
  Keys keys(200, kDim, 5, 1.0F, 0.01F);
  std::vector<size_t> ends(100);
  for (size_t i = 0; i < ends.size(); ++i) {
    ends[i] = 2 * (i + 1);
  }
  BlockChoice choice({kKvHeads, kKvHeads, kDim}, ends);
  std::vector<float> q(static_cast<size_t>(kKvHeads) * kDim, 0.0F);
  const size_t flat = Chosen(&choice, *keys.made, q, 100, 0.5).size();
  EXPECT_GE(flat, 50U);  // every box alike
  EXPECT_LE(flat, 51U);
  EXPECT_EQ(Chosen(&choice, *keys.made, q, 20, 0.5).size(), 20U);  // at most
  choice.Judge(*keys.made, q.data(), 1, {}, 0, 1);                 // and is given up
  EXPECT_EQ(Chosen(&choice, *keys.made, q, 100, 0.5).size(), flat);
  for (int head = 0; head < kKvHeads; ++head) {
    for (int d = 0; d < kDim; ++d) {
      const size_t at = static_cast<size_t>(head) * kDim + static_cast<size_t>(d);
      q[at] = keys.Key(70, 3)[at] * 8.0F;
    }
  }
  const std::vector<size_t> skewed = Chosen(&choice, *keys.made, q, 100, 0.5);
  EXPECT_LT(skewed.size(), 10U);
  EXPECT_TRUE(std::binary_search(skewed.begin(), skewed.end(), 35U));
}

// What the blocks hold of the attention, without abstracts, in the mean of the heads.
double MassOf(const Keys& keys, const std::vector<size_t>& ends, const std::vector<float>& q,
              const std::vector<size_t>& blocks) {
  double held = 0;
  for (int head = 0; head < kKvHeads; ++head) {
    const auto first = q.begin() + static_cast<ptrdiff_t>(head) * keys.dim;
    const std::vector<float> query(first, first + keys.dim);
    double all = 0;
    double chosen = 0;
    for (size_t block = 0; block < ends.size(); ++block) {
      double mass = 0;
      for (size_t box = block == 0 ? 0 : ends[block - 1]; box < ends[block]; ++box) {
        for (size_t token = 0; token < keys.Tokens(box); ++token) {
          mass += std::exp(keys.Product(box, token, head, query) / std::sqrt(keys.dim));
        }
      }
      all += mass;
      chosen += std::binary_search(blocks.begin(), blocks.end(), block) ? mass : 0.0;
    }
    held += chosen / all / kKvHeads;
  }
  return held;
}

TEST(BlockChoice, TakesAsMuchOfTheAttentionAsItShouldWhereKeysHaveCodes) {
  constexpr int kDim = 64;
  constexpr int kQueries = 20;
  std::vector<size_t> ends(100);
  for (size_t i = 0; i < ends.size(); ++i) {
    ends[i] = 3 * (i + 1);
  }
  BlockChoice choice({kKvHeads, kKvHeads, kDim, 1.0}, ends);
  BlockChoice coarse({kKvHeads, kKvHeads, kDim, 0.3}, ends);
  for (const int code_bits : {1, 2}) {
    Keys keys(300, kDim, 8, 1.0F, 0.5F, code_bits);
    const double least = code_bits == 2 ? 0.1 : 0.5;  // of one query: a head may be missed
    for (const double mass : {0.5, 0.9}) {
      double held = 0;
      for (int i = 0; i < kQueries; ++i) {
        std::vector<float> q;
        for (int head = 0; head < kKvHeads; ++head) {
          const std::vector<float> query = keys.Query();
          q.insert(q.end(), query.begin(), query.end());
        }
        const std::vector<size_t> chosen = Chosen(&choice, *keys.made, q, ends.size(), mass);
        EXPECT_GT(MassOf(keys, ends, q, chosen), mass - least);
        const std::vector<size_t> few = Chosen(&coarse, *keys.made, q, ends.size(), mass);
        EXPECT_GT(MassOf(keys, ends, q, few), mass - least - 0.1);
        held += MassOf(keys, ends, q, few) / kQueries;
      }
      EXPECT_GT(held, mass - 0.1);
    }
  }
}

TEST(BlockChoice, TakesLittleBesideWhatHoldsTheAttentionAlready) {
  constexpr int kDim = 64;
  for (const bool has_codes : {false, true}) {
    Keys keys(200, kDim, 5, 1.0F, 0.01F, has_codes ? 2 : 0);
    std::vector<size_t> ends(100);
    for (size_t i = 0; i < ends.size(); ++i) {
      ends[i] = 2 * (i + 1);
    }
    BlockChoice choice({kKvHeads, kKvHeads, kDim, 1.0}, ends);
    const std::vector<float> q(static_cast<size_t>(kKvHeads) * kDim, 0.0F);
    // Of 200 boxes of 16 keys, or of one at the bound, all scores are 0.
    const auto chosen = [&](float weights) {
      std::vector<float> partials(static_cast<size_t>(kKvHeads) * (kDim + 2), 0.0F);
      for (int head = 0; head < kKvHeads; ++head) {
        partials[static_cast<size_t>(head) * (kDim + 2) + kDim + 1] = weights;
      }
      choice.Judge(*keys.made, q.data(), 1, {partials.data(), kKvHeads, 1, kDim}, 0, 1);
      return choice.Choose(*keys.made, 100, 0.8).size();
    };
    const float all = has_codes ? 199.0F * 16 + 5 : 200.0F;
    EXPECT_EQ(chosen(9 * all), 0U);                             // nine tenths are there
    EXPECT_NEAR(static_cast<double>(chosen(all)), 60.0, 2.0);   // a half is
    EXPECT_NEAR(static_cast<double>(chosen(0.0F)), 80.0, 2.0);  // nothing is
  }
}

TEST(BlockChoice, TakesWhatIsNotKnownBesidesTheOthers) {
  KeyBoxes boxes(kKvHeads, 64, 6);
  Keys keys(6, 64, 6);
  for (const size_t box : {0, 1, 2, 4, 5}) {
    boxes.Set(box, keys.Key(box, 0), 16);
  }
  BlockChoice choice({2, kKvHeads, 64}, {2, 4, 5, 6});
  const std::vector<float> query(128, 0.5F);
  const std::vector<size_t> chosen = Chosen(&choice, boxes, query, 1);
  EXPECT_EQ(chosen.size(), 2U);
  EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), 1U));  // box 3 is not set
}

}  // namespace
}  // namespace leoam
