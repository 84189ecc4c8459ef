#include "testing/llama_oracle.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "llama.h"
#include "model/llama_log.h"

namespace leoam::testing {
namespace {

// Log of the sum of exponentials, and the index of the largest logit.
std::pair<double, size_t> Normalizer(std::span<const float> logits) {
  const size_t top = std::max_element(logits.begin(), logits.end()) - logits.begin();
  double sum = 0.0;
  for (float logit : logits) {
    sum += std::exp(static_cast<double>(logit) - logits[top]);
  }
  return {logits[top] + std::log(sum), top};
}

}  // namespace

std::unique_ptr<LlamaOracle> LlamaOracle::Create(const std::string& model_path,
                                                 const OracleOptions& options) {
  SilenceLlamaLog();
  llama_model_params model_params = llama_model_default_params();
  model_params.n_gpu_layers = 0;
  std::unique_ptr<LlamaOracle> oracle(new LlamaOracle);
  oracle->model_ = llama_model_load_from_file(model_path.c_str(), model_params);
  if (oracle->model_ == nullptr) {
    return nullptr;
  }
  llama_context_params params = llama_context_default_params();
  params.n_ctx = options.context_tokens;
  params.n_batch = kUbatchTokens;
  params.n_ubatch = kUbatchTokens;
  params.n_threads = options.threads;
  params.n_threads_batch = options.threads;
  params.flash_attn_type =
      options.flash_attention ? LLAMA_FLASH_ATTN_TYPE_ENABLED : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.type_k = GGML_TYPE_F16;
  params.type_v = GGML_TYPE_F16;
  params.offload_kqv = false;
  params.op_offload = false;
  oracle->context_ = llama_init_from_model(oracle->model_, params);
  return oracle->context_ == nullptr ? nullptr : std::move(oracle);
}

LlamaOracle::~LlamaOracle() {
  llama_free(context_);
  llama_model_free(model_);
}

std::vector<float> LlamaOracle::Decode(std::span<const Token> tokens, bool want_logits) {
  const int32_t count = static_cast<int32_t>(tokens.size());
  llama_batch batch = llama_batch_init(count, /*embd=*/0, /*n_seq_max=*/1);
  batch.n_tokens = count;
  for (int32_t i = 0; i < count; ++i) {
    batch.token[i] = tokens[i];
    batch.pos[i] = position_ + i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = want_logits ? 1 : 0;
  }
  const int32_t status = llama_decode(context_, batch);
  llama_batch_free(batch);
  position_ += count;
  if (status != 0 || !want_logits) {
    return {};
  }
  const size_t values =
      static_cast<size_t>(count) * llama_vocab_n_tokens(llama_model_get_vocab(model_));
  const float* logits = llama_get_logits(context_);
  return std::vector<float>(logits, logits + values);
}

void LlamaOracle::Truncate(int position) {
  llama_memory_seq_rm(llama_get_memory(context_), 0, position, -1);
  position_ = position;
}

void Distance::Add(std::span<const float> reference, std::span<const float> other, int vocabulary) {
  for (size_t at = 0; at + vocabulary <= reference.size(); at += vocabulary) {
    const std::span<const float> a = reference.subspan(at, vocabulary);
    const std::span<const float> b = other.subspan(at, vocabulary);
    ++positions;
    const auto [a_norm, a_top] = Normalizer(a);
    const auto [b_norm, b_top] = Normalizer(b);
    same_top += a_top == b_top ? 1 : 0;
    for (int i = 0; i < vocabulary; ++i) {
      max_difference = std::max(max_difference, std::fabs(a[i] - b[i]));
      const double log_p = a[i] - a_norm;
      kl += std::exp(log_p) * (log_p - (b[i] - b_norm));
    }
  }
}

std::string Distance::ToString() const {
  char text[160];
  std::snprintf(text, sizeof(text), "positions %d, max |d| %.5f, KL %.2e, same top %d", positions,
                max_difference, MeanKl(), same_top);
  return text;
}

}  // namespace leoam::testing
