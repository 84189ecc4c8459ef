// Samplers of libllama in the order that its own programs use: grammar, penalties,
// then the cuts, temperature and the draw.
#include <cmath>

#include "llama.h"
#include "model/llama_log.h"
#include "model/vocabulary.h"

namespace leoam {

Result<std::unique_ptr<Sampler>> Sampler::Create(const Vocabulary& vocabulary,
                                                 const SamplingParams& params) {
  constexpr int kPenaltyTokens = 64;
  std::unique_ptr<Sampler> sampler(new Sampler);
  sampler->chain_ = llama_sampler_chain_init(llama_sampler_chain_default_params());
  const auto add = [&](llama_sampler* next) { llama_sampler_chain_add(sampler->chain_, next); };
  if (!params.grammar.empty()) {
    TakeLlamaError();
    llama_sampler* grammar =
        llama_sampler_init_grammar(vocabulary.raw(), params.grammar.c_str(), "root");
    if (grammar == nullptr) {
      return Status(StatusCode::kInvalidArgument,
                    "the grammar cannot be parsed: " + TakeLlamaError());
    }
    add(grammar);
  }
  if (params.repeat_penalty != 1.0F) {
    add(llama_sampler_init_penalties(vocabulary.size(), kPenaltyTokens, params.repeat_penalty, 0.0F,
                                     0.0F));
  }
  if (params.temperature <= 0.0F) {
    add(llama_sampler_init_greedy());
    return sampler;
  }
  add(llama_sampler_init_top_k(params.top_k));
  add(llama_sampler_init_top_p(params.top_p, 1));
  add(llama_sampler_init_min_p(params.min_p, 1));
  add(llama_sampler_init_temp(params.temperature));
  add(llama_sampler_init_dist(params.seed));
  return sampler;
}

Sampler::~Sampler() { llama_sampler_free(chain_); }

Token Sampler::Sample(std::span<const float> logits) {
  candidates_.resize(logits.size() * sizeof(llama_token_data));
  auto* data = reinterpret_cast<llama_token_data*>(candidates_.data());
  for (size_t i = 0; i < logits.size(); ++i) {
    data[i] = {static_cast<llama_token>(i), logits[i], 0.0F};
  }
  llama_token_data_array array{data, logits.size(), /*selected=*/-1, /*sorted=*/false};
  llama_sampler_apply(chain_, &array);
  const Token token = array.data[array.selected].id;
  llama_sampler_accept(chain_, token);
  return token;
}

float LogProbability(std::span<const float> logits, Token token) {
  float max = logits[0];
  for (float value : logits) {
    max = value > max ? value : max;
  }
  double sum = 0.0;
  for (float value : logits) {
    sum += std::exp(value - max);
  }
  return static_cast<float>(logits[token] - max - std::log(sum));
}

}  // namespace leoam
