// What a pass may be asked for besides logits: scattered rows, captured KV, queries, an
// early end, cancellation. On the small llama, for the key bias on the qwen2 model, and for the
// norms of heads on a qwen3 model of random weights.
#include "model/decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "kv/half.h"
#include "kv/rope.h"
#include "testing/decoder_fixture.h"
#include "testing/models.h"
#include "testing/runtime_fixture.h"
#include "testing/tiny_model.h"

namespace leoam {
namespace {

using testing::DecoderTest;
using testing::FamilyName;
using testing::kDecoderTokens;

// Rows [begin, begin + tokens) of a buffer, in chunks of the decoder's size.
class RowsOfBuffer final : public TieredKv {
 public:
  RowsOfBuffer(const KvBuffer& kv, size_t begin, size_t tokens)
      : kv_(kv), begin_(begin), tokens_(tokens) {}

  size_t begin() const override { return begin_; }
  size_t tokens() const override { return tokens_; }
  void Begin(bool /*all*/, std::function<bool()> /*should_abort*/) override {}
  void Judge(int /*layer*/, const float* q, int rows, const AttentionSums& resident, int part,
             int parts) override {
    EXPECT_NE(q, nullptr);
    EXPECT_GT(resident.LogSum(resident.row_heads - 1), kNoMaximum);
    EXPECT_LT(part, parts);
    rows_seen += part == 0 ? rows : 0;
  }
  Status Choose(int layer, std::vector<KvChunk>* chunks) override {
    if (layer == failing_layer) {
      return {StatusCode::kIo, "the disk is gone"};
    }
    ++layers_asked;
    for (size_t first = begin_; first < begin_ + tokens_; first += kKernelChunkTokens) {
      KvChunk chunk;
      chunk.k = kv_.k_row(layer, first);
      chunk.v = kv_.v_row(layer, first);
      chunk.stride = kv_.row_bytes();
      chunk.format = kv_.format();
      chunk.tokens =
          static_cast<int>(std::min<size_t>(begin_ + tokens_ - first, kKernelChunkTokens));
      chunks->push_back(chunk);
    }
    return Status::Ok();
  }

  void End() override { ++passes_ended; }
  void Took(int /*layer*/, std::span<const float> mass) override {
    for (const float part : mass) {
      mass_taken += part;
    }
  }

  int failing_layer = -1;
  float mass_taken = 0;
  int layers_asked = 0;
  int passes_ended = 0;
  int rows_seen = 0;

 private:
  const KvBuffer& kv_;
  size_t begin_;
  size_t tokens_;
};

TEST_P(DecoderTest, OwnKernelAgreesWithGgmlsAttention) {
  DecodeRequest request = Rows(kv_.get(), 0, kDecoderTokens);
  request.attention = Attention::kGgml;
  Run(request);
  const std::vector<float> theirs = logits_;
  std::unique_ptr<KvBuffer> kv = NewKv();
  request = Rows(kv.get(), 0, kDecoderTokens);
  request.attention = Attention::kOwn;
  Run(request);
  for (size_t i = 0; i < logits_.size(); ++i) {
    ASSERT_NEAR(logits_[i], theirs[i], 1.5F);  // libllama's own spread, see the oracle test
  }
}

TEST_P(DecoderTest, RecomputingScatteredRowsInPlaceRestoresThem) {
  Run(Rows(kv_.get(), 0, kDecoderTokens));
  std::unique_ptr<KvBuffer> damaged = NewKv();
  Run(Rows(damaged.get(), 0, kDecoderTokens));
  const std::vector<int32_t> scattered = {3, 4, 17, 40, 41, 42, 70, 71, 72, 73, 74, 90};
  std::vector<Token> tokens;
  const std::vector<float> nines(damaged->shape().RowValues(), 9.0F);
  for (int32_t position : scattered) {
    tokens.push_back(tokens_[position]);
    for (int layer = 0; layer < damaged->shape().layers; ++layer) {
      damaged->WriteKeys(layer, position, nines.data());
      damaged->WriteValues(layer, position, nines.data());
    }
  }
  DecodeRequest repair;
  repair.tokens = tokens;
  repair.positions = scattered;
  repair.kv = damaged.get();
  Run(repair);
  EXPECT_LT(LargestKvDifference(*kv_, *damaged, 0, kDecoderTokens), 0.6F);
}

TEST_P(DecoderTest, CapturedKeysBecomeTheCachesAfterBiasAndRope) {
  SegmentKv captured;
  for (int first : {0, 64}) {  // appended ubatch by ubatch
    DecodeRequest request = Rows(kv_.get(), first, first == 0 ? 64 : kDecoderTokens - 64);
    request.capture = &captured;
    Run(request);
  }
  const KvShape shape = model_->config().kv_shape();
  ASSERT_EQ(captured.tokens, static_cast<size_t>(kDecoderTokens));
  RopeAngles rope(model_->config().rope);
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (int token = 0; token < kDecoderTokens; ++token) {
      rope.SetPosition(token);
      std::vector<float> key(captured.k[layer].begin() + token * shape.RowValues(),
                             captured.k[layer].begin() + (token + 1) * shape.RowValues());
      for (size_t i = 0; i < key.size() && !model_->key_bias().layers.empty(); ++i) {
        key[i] += model_->key_bias().layers[layer][i];
      }
      for (int head = 0; head < shape.kv_heads; ++head) {
        rope.Rotate(key.data() + static_cast<size_t>(head) * shape.head_dim);
      }
      const std::vector<float> keys = KeyRow(*kv_, layer, token);
      const std::vector<float> values = ValueRow(*kv_, layer, token);
      for (size_t i = 0; i < key.size(); ++i) {
        ASSERT_NEAR(key[i], keys[i], 2e-3F + 2e-3F * std::fabs(keys[i]));
        ASSERT_EQ(HalfToFloat(FloatToHalf(captured.v[layer][token * shape.RowValues() + i])),
                  values[i]);
      }
    }
  }
}

TEST_P(DecoderTest, QueriesOfAnEarlyStoppedPassAreThoseOfAFullOne) {
  const std::vector<int> layers = {1, 4};
  std::vector<std::vector<float>> full;
  DecodeRequest request = Rows(kv_.get(), 0, kDecoderTokens);
  request.query_layers = layers;
  request.queries = &full;
  Run(request);
  std::vector<std::vector<float>> early;
  request.logit_rows = {};
  request.logits = nullptr;
  request.layers = 5;
  request.queries = &early;
  Run(request);
  const ModelConfig& config = model_->config();
  ASSERT_EQ(full.size(), 2U);
  EXPECT_EQ(full[1].size(), static_cast<size_t>(kDecoderTokens) * config.heads * config.head_dim);
  EXPECT_EQ(early, full);
}

TEST_P(DecoderTest, APassWithoutLogitsWritesTheSameKv) {
  Run(Rows(kv_.get(), 0, kDecoderTokens));
  std::unique_ptr<KvBuffer> other = NewKv();
  DecodeRequest request = Rows(other.get(), 0, kDecoderTokens);
  request.logit_rows = {};
  Run(request);
  EXPECT_EQ(LargestKvDifference(*kv_, *other, 0, kDecoderTokens), 0.0F);
}

TEST_P(DecoderTest, ChunkMassAddsUpToHeadsAndLayers) {
  Run(Rows(kv_.get(), 0, kDecoderTokens - 1));
  std::vector<float> mass;
  DecodeRequest request = Rows(kv_.get(), kDecoderTokens - 1, 1);
  request.chunk_mass = &mass;
  Run(request);
  ASSERT_EQ(mass.size(), 2U);
  const float expected = static_cast<float>(model_->config().heads * model_->config().layers);
  EXPECT_NEAR(mass[0] + mass[1], expected, expected * 1e-4F);
  EXPECT_GT(mass[0], 0.0F);
}

TEST_P(DecoderTest, WhatLiesInTiersCountsAsIfItWereInTheBuffer) {
  constexpr int kRows = 6;
  DecodeRequest whole = Rows(kv_.get(), 0, kDecoderTokens);
  whole.attention = Attention::kOwn;
  Run(whole);
  DecodeRequest last = Rows(kv_.get(), kDecoderTokens - kRows, kRows);
  last.attention = Attention::kOwn;
  Run(last);
  const std::vector<float> expected = logits_;

  for (const auto& [begin, tokens] : {std::pair(0, 64), std::pair(8, 40)}) {
    RowsOfBuffer tiered(*kv_, begin, tokens);
    const std::unique_ptr<KvBuffer> rest = NewKv();
    const auto copy = [&](int from, int to, int count) {
      const size_t bytes = kv_->row_bytes() * count;
      for (int layer = 0; layer < kv_->shape().layers; ++layer) {
        std::memcpy(rest->k_row(layer, to), kv_->k_row(layer, from), bytes);
        std::memcpy(rest->v_row(layer, to), kv_->v_row(layer, from), bytes);
      }
    };
    copy(0, 0, begin);
    copy(begin + tokens, begin, kDecoderTokens - kRows - begin - tokens);
    rest->set_gap(begin, tokens);
    DecodeRequest request = Rows(rest.get(), kDecoderTokens - kRows, kRows);
    request.tiered = &tiered;
    std::vector<float> mass;
    request.chunk_mass = &mass;
    Run(request);
    const float rest_mass = std::accumulate(mass.begin(), mass.end(), 0.0F);
    EXPECT_GT(tiered.mass_taken, 0.0F);
    EXPECT_NEAR(rest_mass + tiered.mass_taken,
                static_cast<float>(kRows * model_->config().heads * model_->config().layers), 0.5F);
    EXPECT_EQ(tiered.layers_asked, model_->config().layers);
    EXPECT_EQ(tiered.rows_seen, kRows * model_->config().layers);
    ASSERT_EQ(logits_.size(), expected.size());
    // Added up in another order, which 8-bit activations make larger (libllama's own flash
    // attention on against off: 2.9e-3).
    EXPECT_LT(testing::Divergence(logits_, expected), 6e-3);
  }
}

TEST_P(DecoderTest, APassEndsWithWhatFailsInTheTiers) {
  Run(Rows(kv_.get(), 0, kDecoderTokens));
  RowsOfBuffer tiered(*kv_, 0, 64);
  const std::unique_ptr<KvBuffer> rest = NewKv();
  DecodeRequest request = Rows(rest.get(), 64, 2);
  request.tiered = &tiered;
  EXPECT_EQ(decoder_->Run(request).code(), StatusCode::kInvalidArgument);  // there is no gap
  rest->set_gap(0, 64);
  tiered.failing_layer = 1;
  const Status status = decoder_->Run(request);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_EQ(tiered.layers_asked, 1);  // and not for the layers behind it
  EXPECT_EQ(tiered.passes_ended, 0);
  tiered.failing_layer = -1;
  Run(request);
  EXPECT_EQ(tiered.passes_ended, 1);
  request.positions = std::span(positions_).subspan(60, 2);
  EXPECT_EQ(decoder_->Run(request).code(), StatusCode::kInvalidArgument);
}

TEST_P(DecoderTest, CancellationEndsThePassAndTheNextOneWorks) {
  Run(Rows(kv_.get(), 0, kDecoderTokens));
  const std::vector<float> expected = logits_;
  int polls = 0;
  DecodeRequest request = Rows(kv_.get(), 0, kDecoderTokens);
  request.should_abort = [&] { return ++polls == 5; };
  EXPECT_EQ(decoder_->Run(request).code(), StatusCode::kCancelled);
  EXPECT_EQ(polls, 5);
  Run(Rows(kv_.get(), 0, kDecoderTokens));
  EXPECT_EQ(logits_, expected);
}

TEST_P(DecoderTest, MistakesOfTheCallerAreRefused) {
  const auto code = [&](auto change) {
    DecodeRequest request = Rows(kv_.get(), 0, 4);
    change(&request);
    return decoder_->Run(request).code();
  };
  const std::vector<int32_t> backwards = {3, 2, 1, 0};
  const std::vector<int32_t> beyond = {0, 1, 2, 100000};
  const std::vector<Token> unknown = {0, 1, 2, 10000000};
  EXPECT_EQ(code([](DecodeRequest* r) { r->tokens = {}; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([&](DecodeRequest* r) { r->positions = backwards; }),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(code([&](DecodeRequest* r) { r->positions = beyond; }), StatusCode::kOutOfRange);
  EXPECT_EQ(code([&](DecodeRequest* r) { r->tokens = unknown; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](DecodeRequest* r) { r->layers = 2; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](DecodeRequest* r) { r->kv = nullptr; }), StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderTest,
                         ::testing::Values(testing::LlamaModelPath, testing::Qwen2ModelPath,
                                           testing::TinyQwen3ModelPath),
                         FamilyName);

}  // namespace
}  // namespace leoam
