// Decoding over 8-bit KV against decoding over F16 KV, on real code: prefill (ggml's
// attention over widened rows), then single rows and rows in eights (our kernel).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "model/decoder.h"
#include "model/vocabulary.h"
#include "testing/llama_oracle.h"
#include "testing/models.h"

namespace leoam {
namespace {

constexpr int kDepth = 256;
constexpr int kSingle = 32;
constexpr int kInEights = 24;

struct Q8Case {
  const char* name;
  std::string (*path)();
  double prefill_kl;  // mean over positions; three times what was measured
  double decode_kl;
};

class Q8DecoderTest : public ::testing::TestWithParam<Q8Case> {
 protected:
  void SetUp() override {
    const std::string path = GetParam().path();
    auto model = Model::Load(path, testing::TestBackend(), nullptr, nullptr);
    ASSERT_TRUE(model.ok()) << model.status().message();
    model_ = std::move(*model);
    auto decoder = Decoder::Create(*model_, testing::TestBackend(), /*threads=*/1);
    ASSERT_TRUE(decoder.ok()) << decoder.status().message();
    decoder_ = std::move(*decoder);
    auto vocabulary = Vocabulary::Load(path);
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().message();
    code_ = (*vocabulary)->Tokenize(testing::RealCode(), false);
    ASSERT_GE(code_.size(), static_cast<size_t>(kDepth + kSingle + 8 * kInEights));
  }

  std::unique_ptr<KvBuffer> NewKv(KvFormat format) {
    auto kv = decoder_->NewKvBuffer(kDepth + kSingle + 8 * kInEights, format);
    EXPECT_TRUE(kv.ok()) << kv.status().message();
    return std::move(kv).value();
  }

  // Logits of all rows.
  std::vector<float> Run(KvBuffer* kv, int first, int count) {
    std::vector<int32_t> positions(count);
    std::iota(positions.begin(), positions.end(), first);
    std::vector<int32_t> rows(count);
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<float> logits;
    DecodeRequest request;
    request.tokens = std::span(code_).subspan(first, count);
    request.positions = positions;
    request.kv = kv;
    request.logit_rows = rows;
    request.logits = &logits;
    const Status status = decoder_->Run(request);
    EXPECT_TRUE(status.ok()) << status.message();
    return logits;
  }

  std::unique_ptr<Model> model_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<Token> code_;
};

TEST_P(Q8DecoderTest, SlowLogitsStayNearThoseOfF16OverHundredsOfPositions) {
  const std::unique_ptr<KvBuffer> f16 = NewKv(KvFormat::kF16);
  const std::unique_ptr<KvBuffer> q8 = NewKv(KvFormat::kQ8);
  const auto compare = [&](int first, int count, testing::Distance* distance) {
    const std::vector<float> exact = Run(f16.get(), first, count);
    distance->Add(exact, Run(q8.get(), first, count), model_->config().vocabulary);
  };
  testing::Distance prefilled;
  compare(0, kDepth, &prefilled);
  testing::Distance decoded;
  int position = kDepth;
  for (int i = 0; i < kSingle; ++i, ++position) {
    compare(position, 1, &decoded);
  }
  for (int i = 0; i < kInEights; ++i, position += 8) {
    compare(position, 8, &decoded);
  }
  std::printf("figure: %s, 8-bit against F16 KV, prefill: %s\n", GetParam().name,
              prefilled.ToString().c_str());
  std::printf("figure: %s, 8-bit against F16 KV, decode:  %s\n", GetParam().name,
              decoded.ToString().c_str());
  EXPECT_EQ(decoded.positions, kSingle + 8 * kInEights);
  EXPECT_LT(prefilled.MeanKl(), GetParam().prefill_kl);
  EXPECT_LT(decoded.MeanKl(), GetParam().decode_kl);
  EXPECT_GE(decoded.same_top, decoded.positions * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Families, Q8DecoderTest,
                         ::testing::Values(Q8Case{"qwen2", testing::Qwen2ModelPath, 2.4e-2, 9e-4},
                                           Q8Case{"llama", testing::LlamaModelPath, 1e-2, 6e-3}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace leoam
