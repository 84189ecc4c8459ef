// libllama with the whole model: the reference that our decoder is held against.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leoam/types.h"

struct llama_context;
struct llama_model;

namespace leoam::testing {

struct OracleOptions {
  int context_tokens = 2304;
  int threads = 2;
  bool flash_attention = true;
};

// F16 KV, ubatches of kUbatchTokens, nothing offloaded.
class LlamaOracle {
 public:
  // Null when libllama cannot load the model. Call LoadCpuBackend first.
  static std::unique_ptr<LlamaOracle> Create(const std::string& model_path,
                                             const OracleOptions& options);
  ~LlamaOracle();

  // Computes `tokens` after those already there, as one batch; at most kUbatchTokens.
  // Returns the logits of all of them, or of none.
  std::vector<float> Decode(std::span<const Token> tokens, bool want_logits);

  // Forgets what lies at `position` and behind.
  void Truncate(int position);

 private:
  LlamaOracle() = default;
  llama_model* model_ = nullptr;
  llama_context* context_ = nullptr;
  int position_ = 0;
};

// How far two distributions over the vocabulary lie apart, summed over positions.
struct Distance {
  int positions = 0;
  float max_difference = 0.0F;  // of a logit
  int same_top = 0;             // positions with the same most likely token
  double kl = 0.0;              // nats, reference against the other, summed

  double MeanKl() const { return kl / positions; }
  void Add(std::span<const float> reference, std::span<const float> other, int vocabulary);
  std::string ToString() const;
};

}  // namespace leoam::testing
