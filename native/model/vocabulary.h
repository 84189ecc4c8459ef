// Tokeniser, chat template, grammar and samplers: libllama's, opened with the
// vocabulary only. Vocabulary is immutable and may be read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leoam/status.h"
#include "leoam/types.h"

struct llama_model;
struct llama_sampler;
struct llama_vocab;

namespace leoam {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

class Vocabulary {
 public:
  static Result<std::unique_ptr<Vocabulary>> Load(const std::string& model_path);
  ~Vocabulary();

  // `parse_special`: "<|im_start|>" in the text becomes that token; off for file contents,
  // so that text from a repository can never form a control token. No BOS is added.
  std::vector<Token> Tokenize(const std::string& text, bool parse_special) const;
  std::string Piece(Token token, bool special = false) const;
  std::string Text(std::span<const Token> tokens, bool special = false) const;

  // The model's own template (libllama's built-in ones); kUnsupported when unknown.
  Result<std::string> ApplyChatTemplate(const std::vector<ChatMessage>& messages,
                                        bool add_assistant) const;

  bool IsEndOfGeneration(Token token) const;
  bool IsControl(Token token) const;  // a mark of the prompt's format, not text
  std::optional<Token> FindSpecial(const std::string& text) const;  // e.g. "<|file_sep|>"
  std::optional<Token> bos() const;                                 // only if the model wants one
  int size() const;
  const llama_vocab* raw() const;

 private:
  Vocabulary() = default;
  llama_model* model_ = nullptr;
};

struct SamplingParams {
  float temperature = 0.0F;  // 0: greedy
  int top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float repeat_penalty = 1.0F;  // over the last 64 tokens
  uint32_t seed = 0;
  std::string grammar;  // GBNF, root rule "root"; empty: none
};

// One answer's sampler chain. Belongs to one thread.
class Sampler {
 public:
  static Result<std::unique_ptr<Sampler>> Create(const Vocabulary& vocabulary,
                                                 const SamplingParams& params);
  ~Sampler();

  // Chooses from [vocabulary] logits and accepts the token.
  Token Sample(std::span<const float> logits);

 private:
  Sampler() = default;
  llama_sampler* chain_ = nullptr;
  std::vector<uint8_t> candidates_;  // llama_token_data scratch
};

// Natural log of softmax(logits)[token].
float LogProbability(std::span<const float> logits, Token token);

}  // namespace leoam
