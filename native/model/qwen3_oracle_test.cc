// The family whose queries and keys are normed head by head, on a model of random weights:
// against libllama to the bit in the same mode, and our own kernel by rounding alone.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numeric>

#include "model/decoder.h"
#include "testing/llama_oracle.h"
#include "testing/models.h"
#include "testing/tiny_model.h"

namespace leoam {
namespace {

using testing::Distance;
using testing::LlamaOracle;

constexpr int kRows = 512;
constexpr int kDecoded = 32;

class Qwen3Test : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = testing::TinyQwen3ModelPath();
    auto model = Model::Load(path, testing::TestBackend(), nullptr, nullptr);
    ASSERT_TRUE(model.ok()) << model.status().message();
    model_ = std::move(*model);
    auto decoder = Decoder::Create(*model_, testing::TestBackend(), /*threads=*/1);
    ASSERT_TRUE(decoder.ok()) << decoder.status().message();
    decoder_ = std::move(*decoder);
    testing::OracleOptions options;
    options.threads = 1;
    oracle_ = LlamaOracle::Create(path, options);
    ASSERT_NE(oracle_, nullptr);
    for (int i = 0; i < kRows + kDecoded; ++i) {
      tokens_.push_back((i * 1103 + i / 7) % model_->config().vocabulary);
    }
    kv_ = decoder_->NewKvBuffer(tokens_.size(), KvFormat::kF16).value();
  }

  // Both sides, `count` tokens on; the distance of libllama's logits from ours is added.
  void Advance(int count, Attention attention, Distance* distance) {
    const std::span<const Token> tokens = std::span(tokens_).subspan(position_, count);
    std::vector<int32_t> positions(count);
    std::iota(positions.begin(), positions.end(), position_);
    std::vector<int32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<float> logits;
    DecodeRequest request;
    request.tokens = tokens;
    request.positions = positions;
    request.kv = kv_.get();
    request.logit_rows = rows;
    request.logits = &logits;
    request.attention = attention;
    const Status status = decoder_->Run(request);
    ASSERT_TRUE(status.ok()) << status.message();
    const std::vector<float> reference = oracle_->Decode(tokens, true);
    ASSERT_EQ(reference.size(), logits.size());
    distance->Add(reference, logits, model_->config().vocabulary);
    position_ += count;
  }

  std::unique_ptr<Model> model_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<LlamaOracle> oracle_;
  std::unique_ptr<KvBuffer> kv_;
  std::vector<Token> tokens_;
  int position_ = 0;
};

TEST_F(Qwen3Test, LogitsEqualLibllamasToTheBitInTheSameMode) {
  Distance distance;
  Advance(kRows, Attention::kGgml, &distance);
  for (int i = 0; i < kDecoded; ++i) {
    Advance(1, Attention::kGgml, &distance);
  }
  std::printf("figure: qwen3 (random weights), ggml's attention: %s\n",
              distance.ToString().c_str());
  EXPECT_EQ(distance.max_difference, 0.0F);
  EXPECT_EQ(distance.positions, kRows + kDecoded);
}

TEST_F(Qwen3Test, OurKernelDiffersByRounding) {
  Distance prefilled;
  Advance(kRows, Attention::kAuto, &prefilled);
  Distance decoded;
  for (int i = 0; i < kDecoded; ++i) {
    Advance(1, Attention::kAuto, &decoded);
  }
  std::printf("figure: qwen3 (random weights), our kernel: %s\n", decoded.ToString().c_str());
  EXPECT_LT(decoded.MeanKl(), 1e-4);
  EXPECT_EQ(decoded.same_top, kDecoded);
}

}  // namespace
}  // namespace leoam
