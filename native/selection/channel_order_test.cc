// Which channels abstracts keep codes of.
#include "selection/channel_order.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "gtest/gtest.h"
#include "selection/key_boxes.h"

namespace leoam {
namespace {

constexpr int kHeads = 4;
constexpr int kKvHeads = 2;
constexpr int kDim = 64;
constexpr int kTokens = 64;

// Queries and keys whose channels have sizes of their own.
class ChannelOrderTest : public ::testing::Test {
 protected:
  float Value() { return value_(random_); }

  ChannelSample Sample() {
    for (size_t i = 0; i < q_.size(); ++i) {
      q_[i] = Value() * q_sizes_[i % kDim];
    }
    for (size_t i = 0; i < keys_.size(); ++i) {
      keys_[i] = centres_[i % kDim] + Value() * key_sizes_[i % kDim];
    }
    return {kHeads, kKvHeads, kDim, q_, keys_};
  }

  static RopeParams Rope(RopeKind kind, int dims) {
    RopeParams rope;
    rope.kind = kind;
    rope.dims = dims;
    return rope;
  }

  std::mt19937 random_{7};
  std::normal_distribution<float> value_;
  std::vector<float> q_ = std::vector<float>(20 * kHeads * kDim);
  std::vector<float> keys_ = std::vector<float>(kTokens * kKvHeads * kDim);
  std::vector<float> q_sizes_ = std::vector<float>(kDim, 0.1F);
  std::vector<float> key_sizes_ = std::vector<float>(kDim, 0.1F);
  std::vector<float> centres_ = std::vector<float>(kDim, 1.0F);
};

TEST_F(ChannelOrderTest, PutsThoseFirstThatDifferAndThatQueriesUse) {
  q_sizes_[7] = 30.0F;
  key_sizes_[7] = 3.0F;
  key_sizes_[11] = 5.0F;   // no query looks there
  q_sizes_[12] = 30.0F;    // nor is there anything to be seen
  centres_[13] = 1000.0F;  // the same in each key
  q_sizes_[13] = 0.3F;
  const std::vector<uint8_t> order = OrderChannels(Sample(), Rope(RopeKind::kNeox, 0));
  ASSERT_EQ(order.size(), static_cast<size_t>(kKvHeads * kDim));
  for (int head = 0; head < kKvHeads; ++head) {
    const auto first = order.begin() + static_cast<ptrdiff_t>(head) * kDim;
    EXPECT_EQ(first[0], 7);
    EXPECT_EQ(first[1], 12);
    EXPECT_EQ(first[2], 11);
    std::vector<uint8_t> all(first, first + kDim);
    std::sort(all.begin(), all.end());
    for (size_t d = 0; d < kDim; ++d) {
      ASSERT_EQ(all[d], d);
    }
  }
}

TEST_F(ChannelOrderTest, TakesAQuerysPairOfChannelsTogether) {
  q_sizes_[6] = 30.0F;
  key_sizes_[6] = 2.0F;
  key_sizes_[7] = 3.0F;
  key_sizes_[38] = 4.0F;
  const ChannelSample sample = Sample();
  EXPECT_EQ(OrderChannels(sample, Rope(RopeKind::kNeox, kDim))[0], 38);  // its pair is 6
  EXPECT_EQ(OrderChannels(sample, Rope(RopeKind::kNormal, kDim))[0], 7);
  EXPECT_EQ(OrderChannels(sample, Rope(RopeKind::kNormal, 4))[0], 6);  // is not turned
}

TEST_F(ChannelOrderTest, CodesInThatOrderSayMore) {
  for (size_t d = 0; d < kDim; ++d) {
    q_sizes_[d] = std::exp(Value());
    key_sizes_[d] = std::exp(Value());
  }
  const ChannelSample sample = Sample();
  const std::vector<uint8_t> order = OrderChannels(sample, Rope(RopeKind::kNeox, 0));
  const auto missed = [&](std::span<const uint8_t> channels) {
    constexpr size_t kBoxes = kTokens / KeyBoxes::kTokens;
    KeyBoxes boxes(kKvHeads, kDim, kBoxes, 0.25, channels);
    for (size_t box = 0; box < kBoxes; ++box) {
      boxes.Set(box, keys_.data() + box * KeyBoxes::kTokens * kKvHeads * kDim, KeyBoxes::kTokens);
    }
    double squares = 0;
    std::vector<float> scores(kTokens);
    for (size_t row = 0; row < q_.size(); row += kDim) {
      const size_t kv_head = row / kDim % kHeads / (kHeads / kKvHeads);
      boxes.Scores(static_cast<int>(kv_head), q_.data() + row, scores.data());
      for (size_t token = 0; token < kTokens; ++token) {
        double product = 0;
        for (size_t d = 0; d < kDim; ++d) {
          product +=
              static_cast<double>(q_[row + d]) * keys_[(token * kKvHeads + kv_head) * kDim + d];
        }
        squares += (product - scores[token]) * (product - scores[token]);
      }
    }
    return squares;
  };
  EXPECT_LT(missed(order), missed({}) / 3);
}

}  // namespace
}  // namespace leoam
