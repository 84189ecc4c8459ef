// What is chosen by abstracts.
#include "selection/block_choice.h"

#include <algorithm>
#include <cmath>

#include "gtest/gtest.h"
#include "testing/boxed_keys.h"

namespace leoam {
namespace {

using testing::BoxedKeys;
using testing::kKvHeads;

std::vector<size_t> Chosen(BlockChoice* choice, const KeyBoxes& boxes, const std::vector<float>& q,
                           size_t count, double mass = 1.0) {
  choice->Judge(boxes, q.data(), 1, {}, 0, 1);
  return choice->Choose(boxes, count, mass);
}

// Blocks of 1 to 4 boxes. The query is aimed at one key, which its block must be chosen for.
TEST(BlockChoice, FindsTheBlocksThatAttentionIsOn) {
  constexpr int kDim = 64;
  constexpr int kHeads = 6;
  BoxedKeys keys(200, kDim, 5, 1.0F, 0.01F);  // as neighbours are alike in a text
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
  BoxedKeys keys(200, kDim, 5, 1.0F, 0.01F);
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
double MassOf(const BoxedKeys& keys, const std::vector<size_t>& ends, const std::vector<float>& q,
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
  BlockChoice choice({kKvHeads, kKvHeads, kDim}, ends);
  for (const double code_share : {0.25, 0.5, 1.0}) {
    BoxedKeys keys(300, kDim, 8, 1.0F, 0.5F, code_share);
    const double least = code_share == 1.0 ? 0.1 : 0.5;  // of one query: a head may be missed
    for (const double mass : {0.5, 0.9}) {
      double held = 0;
      for (int i = 0; i < kQueries; ++i) {
        std::vector<float> q;
        for (int head = 0; head < kKvHeads; ++head) {
          std::vector<float> query = keys.Query();
          for (size_t at = 0; at < query.size();
               ++at) {  // models use some channels more than others
            const size_t channel = keys.order[static_cast<size_t>(head) * kDim + at];
            query[channel] *=
                std::exp(-8.0F * static_cast<float>(at) / (static_cast<float>(code_share) * kDim));
          }
          q.insert(q.end(), query.begin(), query.end());
        }
        const std::vector<size_t> chosen = Chosen(&choice, *keys.made, q, ends.size(), mass);
        EXPECT_GT(MassOf(keys, ends, q, chosen), mass - least);
        held += MassOf(keys, ends, q, chosen) / kQueries;
      }
      EXPECT_GT(held, mass - 0.1);
    }
  }
}

TEST(BlockChoice, TakesLittleBesideWhatHoldsTheAttentionAlready) {
  constexpr int kDim = 64;
  for (const bool has_codes : {false, true}) {
    BoxedKeys keys(200, kDim, 5, 1.0F, 0.01F, has_codes ? 0.5 : 0);
    std::vector<size_t> ends(100);
    for (size_t i = 0; i < ends.size(); ++i) {
      ends[i] = 2 * (i + 1);
    }
    BlockChoice choice({kKvHeads, kKvHeads, kDim}, ends);
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
  BoxedKeys keys(6, 64, 6);
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
