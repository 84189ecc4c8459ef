#include "testing/tiny_model.h"

#include <cmath>
#include <memory>
#include <random>

#include "ggml.h"
#include "gguf.h"
#include "testing/segments.h"

namespace leoam::testing {
namespace {

constexpr int kLayers = 8;
constexpr int kEmbedding = 128;
constexpr int kHeads = 4;
constexpr int kKvHeads = 2;
constexpr int kHeadDim = 64;
constexpr int kFeedForward = 256;
constexpr int kVocabulary = 4096;

class TinyModel {
 public:
  TinyModel()
      : gguf_(gguf_init_empty()),
        context_(ggml_init({size_t{32} << 20, nullptr, /*no_alloc=*/false})) {}
  ~TinyModel() {
    ggml_free(context_);
    gguf_free(gguf_);
  }
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  bool Write(const std::string& path) {
    AddKeys();
    AddMatrix("token_embd.weight", kEmbedding, kVocabulary, 1.0F);
    AddNorm("output_norm.weight", kEmbedding);
    for (int layer = 0; layer < kLayers; ++layer) {
      AddLayer("blk." + std::to_string(layer) + ".");
    }
    return gguf_write_to_file(gguf_, path.c_str(), /*only_meta=*/false);
  }

 private:
  void AddKeys() {
    const auto number = [this](const char* key, uint32_t value) {
      gguf_set_val_u32(gguf_, key, value);
    };
    gguf_set_val_str(gguf_, "general.architecture", "qwen3");
    gguf_set_val_str(gguf_, "general.name", "tiny");
    gguf_set_val_str(gguf_, "tokenizer.ggml.model", "none");
    number("qwen3.vocab_size", kVocabulary);
    number("qwen3.block_count", kLayers);
    number("qwen3.embedding_length", kEmbedding);
    number("qwen3.feed_forward_length", kFeedForward);
    number("qwen3.context_length", 4096);
    number("qwen3.attention.head_count", kHeads);
    number("qwen3.attention.head_count_kv", kKvHeads);
    number("qwen3.attention.key_length", kHeadDim);
    number("qwen3.attention.value_length", kHeadDim);
    gguf_set_val_f32(gguf_, "qwen3.attention.layer_norm_rms_epsilon", 1e-6F);
    gguf_set_val_f32(gguf_, "qwen3.rope.freq_base", 1e6F);
  }

  void AddLayer(const std::string& prefix) {
    const auto matrix = [&](const char* name, int columns, int rows) {
      AddMatrix(prefix + name + ".weight", columns, rows,
                1.0F / std::sqrt(static_cast<float>(columns)));
    };
    AddNorm(prefix + "attn_norm.weight", kEmbedding);
    matrix("attn_q", kEmbedding, kHeads * kHeadDim);
    matrix("attn_k", kEmbedding, kKvHeads * kHeadDim);
    matrix("attn_v", kEmbedding, kKvHeads * kHeadDim);
    matrix("attn_output", kHeads * kHeadDim, kEmbedding);
    AddNorm(prefix + "attn_q_norm.weight", kHeadDim);
    AddNorm(prefix + "attn_k_norm.weight", kHeadDim);
    AddNorm(prefix + "ffn_norm.weight", kEmbedding);
    matrix("ffn_gate", kEmbedding, kFeedForward);
    matrix("ffn_up", kEmbedding, kFeedForward);
    matrix("ffn_down", kFeedForward, kEmbedding);
  }

  void AddMatrix(const std::string& name, int columns, int rows, float scale) {
    Fill(name, ggml_new_tensor_2d(context_, GGML_TYPE_F32, columns, rows), 0.0F, scale);
  }

  // Around one, so that a norm left out or swapped changes the result.
  void AddNorm(const std::string& name, int values) {
    Fill(name, ggml_new_tensor_1d(context_, GGML_TYPE_F32, values), 1.0F, 0.5F);
  }

  void Fill(const std::string& name, ggml_tensor* tensor, float mean, float deviation) {
    std::normal_distribution<float> normal(mean, deviation);
    float* data = ggml_get_data_f32(tensor);
    for (int64_t i = 0; i < ggml_nelements(tensor); ++i) {
      data[i] = normal(random_);
    }
    ggml_set_name(tensor, name.c_str());
    gguf_add_tensor(gguf_, tensor);
  }

  gguf_context* gguf_;
  ggml_context* context_;
  std::mt19937 random_{42};  // NOLINT(cert-msc51-cpp): the same model in every run
};

}  // namespace

std::string TinyQwen3ModelPath() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    const std::string file = folder.path() + "/tiny-qwen3.gguf";
    return TinyModel().Write(file) ? file : std::string();
  }();
  return path;
}

}  // namespace leoam::testing
