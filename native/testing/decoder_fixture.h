// Passes over made-up tokens through a model, for tests of the decoder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/decoder.h"
#include "testing/models.h"

namespace leoam::testing {

inline constexpr int kDecoderTokens = 96;

// Loaded once for all tests. Null where the file is missing, which is then said.
inline const Model* SharedModel(const std::string& path) {
  static std::map<std::string, std::unique_ptr<Model>> models;
  std::unique_ptr<Model>& model = models[path];
  if (model == nullptr) {
    Result<std::unique_ptr<Model>> loaded = Model::Load(path, TestBackend(), nullptr, nullptr);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    model = loaded.ok() ? std::move(*loaded) : nullptr;
  }
  return model.get();
}

class DecoderTest : public ::testing::TestWithParam<std::string (*)()> {
 protected:
  void SetUp() override {
    model_ = SharedModel(GetParam()());
    ASSERT_NE(model_, nullptr);
    Result<std::unique_ptr<Decoder>> decoder =
        Decoder::Create(*model_, TestBackend(), /*threads=*/1);
    ASSERT_TRUE(decoder.ok()) << decoder.status().message();
    decoder_ = std::move(*decoder);
    for (int i = 0; i < kDecoderTokens; ++i) {
      tokens_.push_back(1000 + (i * 37) % 3000);
      positions_.push_back(i);
    }
    kv_ = NewKv();
  }

  std::unique_ptr<KvBuffer> NewKv() {
    return decoder_->NewKvBuffer(kDecoderTokens, KvFormat::kF16).value();
  }

  // A request for rows [first, first + count) with the logits of the last one.
  DecodeRequest Rows(KvBuffer* kv, int first, int count) {
    last_row_ = count - 1;
    DecodeRequest request;
    request.tokens = std::span(tokens_).subspan(first, count);
    request.positions = std::span(positions_).subspan(first, count);
    request.kv = kv;
    request.logit_rows = {&last_row_, 1};
    request.logits = &logits_;
    return request;
  }

  void Run(const DecodeRequest& request) {
    const Status status = decoder_->Run(request);
    ASSERT_TRUE(status.ok()) << status.message();
  }

  float LargestKvDifference(const KvBuffer& a, const KvBuffer& b, int first, int count) const {
    float largest = 0.0F;
    for (int layer = 0; layer < a.shape().layers; ++layer) {
      for (int token = first; token < first + count; ++token) {
        for (const auto& [x, y] :
             {std::pair(KeyRow(a, layer, token), KeyRow(b, layer, token)),
              std::pair(ValueRow(a, layer, token), ValueRow(b, layer, token))}) {
          for (size_t i = 0; i < x.size(); ++i) {
            largest = std::max(largest, std::fabs(x[i] - y[i]));
          }
        }
      }
    }
    return largest;
  }

  // All heads of a row, widened.
  static std::vector<float> KeyRow(const KvBuffer& kv, int layer, int token) {
    return ReadRow(kv, &KvBuffer::ReadKey, layer, token);
  }
  static std::vector<float> ValueRow(const KvBuffer& kv, int layer, int token) {
    return ReadRow(kv, &KvBuffer::ReadValue, layer, token);
  }
  static std::vector<float> ReadRow(const KvBuffer& kv,
                                    void (KvBuffer::*read)(int, size_t, int, float*) const,
                                    int layer, int token) {
    std::vector<float> row(kv.shape().RowValues());
    for (int head = 0; head < kv.shape().kv_heads; ++head) {
      (kv.*read)(layer, token, head, row.data() + head * kv.shape().head_dim);
    }
    return row;
  }

  const Model* model_ = nullptr;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<KvBuffer> kv_;
  std::vector<Token> tokens_;
  std::vector<int32_t> positions_;
  std::vector<float> logits_;
  int32_t last_row_ = 0;
};

// Of TestWithParam over LlamaModelPath, Qwen2ModelPath and TinyQwen3ModelPath.
inline const char* FamilyName(const ::testing::TestParamInfo<std::string (*)()>& instance) {
  constexpr const char* kNames[] = {"llama", "qwen2", "qwen3"};
  return kNames[instance.index];
}

}  // namespace leoam::testing
