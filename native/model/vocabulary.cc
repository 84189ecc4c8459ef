#include "model/vocabulary.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "llama.h"
#include "model/backend_modules.h"
#include "model/llama_log.h"

namespace leoam {

Result<std::unique_ptr<Vocabulary>> Vocabulary::Load(const std::string& model_path) {
  SilenceLlamaLog();
  if (std::error_code error; !std::filesystem::exists(model_path, error)) {
    return Status(StatusCode::kNotFound, "there is no model file " + model_path);
  }
  llama_model_params params = llama_model_default_params();
  params.vocab_only = true;
  ggml_backend_dev_t no_devices[] = {nullptr};
  params.devices = no_devices;
  TakeLlamaError();
  llama_model* model = nullptr;
  {
    const std::lock_guard lock(BackendListMutex());
    model = llama_model_load_from_file(model_path.c_str(), params);
  }
  if (model == nullptr) {
    return Status(StatusCode::kInvalidArgument,
                  "the vocabulary of " + model_path + " cannot be read: " + TakeLlamaError());
  }
  std::unique_ptr<Vocabulary> vocabulary(new Vocabulary);
  vocabulary->model_ = model;
  return vocabulary;
}

Vocabulary::~Vocabulary() { llama_model_free(model_); }

const llama_vocab* Vocabulary::raw() const { return llama_model_get_vocab(model_); }

std::vector<Token> Vocabulary::Tokenize(const std::string& text, bool parse_special) const {
  // At most a token a byte, and the one for a leading space that some tokenisers add.
  std::vector<Token> tokens(text.size() + 2);
  const int32_t length = static_cast<int32_t>(text.size());
  int32_t count =
      llama_tokenize(raw(), text.data(), length, tokens.data(), static_cast<int32_t>(tokens.size()),
                     /*add_special=*/false, parse_special);
  if (count < 0 && count != INT32_MIN) {
    tokens.resize(-count);
    count = llama_tokenize(raw(), text.data(), length, tokens.data(), -count, false, parse_special);
  }
  tokens.resize(std::max(count, 0));
  return tokens;
}

std::string Vocabulary::Piece(Token token, bool special) const {
  std::string piece(32, '\0');
  int32_t length = llama_token_to_piece(raw(), token, piece.data(),
                                        static_cast<int32_t>(piece.size()), /*lstrip=*/0, special);
  if (length < 0) {
    piece.resize(-length);
    length = llama_token_to_piece(raw(), token, piece.data(), -length, 0, special);
  }
  piece.resize(std::max(length, 0));
  return piece;
}

std::string Vocabulary::Text(std::span<const Token> tokens, bool special) const {
  std::string text;
  for (Token token : tokens) {
    text += Piece(token, special);
  }
  return text;
}

Result<std::string> Vocabulary::ApplyChatTemplate(const std::vector<ChatMessage>& messages,
                                                  bool add_assistant) const {
  const char* chat_template = llama_model_chat_template(model_, /*name=*/nullptr);
  if (chat_template == nullptr) {
    return Status(StatusCode::kUnsupported, "this model has no chat template");
  }
  std::vector<llama_chat_message> chat;
  size_t bytes = 256;
  for (const ChatMessage& message : messages) {
    chat.push_back({message.role.c_str(), message.content.c_str()});
    bytes += message.role.size() + message.content.size() + 64;
  }
  std::string text(bytes, '\0');
  int32_t length = llama_chat_apply_template(chat_template, chat.data(), chat.size(), add_assistant,
                                             text.data(), static_cast<int32_t>(text.size()));
  if (length > static_cast<int32_t>(text.size())) {
    text.resize(length);
    length = llama_chat_apply_template(chat_template, chat.data(), chat.size(), add_assistant,
                                       text.data(), length);
  }
  if (length < 0) {
    return Status(StatusCode::kUnsupported, "this model's chat template is none that is known");
  }
  text.resize(length);
  return text;
}

bool Vocabulary::IsEndOfGeneration(Token token) const { return llama_vocab_is_eog(raw(), token); }

bool Vocabulary::IsControl(Token token) const { return llama_vocab_is_control(raw(), token); }

std::optional<Token> Vocabulary::FindSpecial(const std::string& text) const {
  const std::vector<Token> tokens = Tokenize(text, /*parse_special=*/true);
  if (tokens.size() != 1 || llama_vocab_get_text(raw(), tokens[0]) != text) {
    return std::nullopt;
  }
  constexpr int kSpecial = LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_USER_DEFINED;
  if ((llama_vocab_get_attr(raw(), tokens[0]) & kSpecial) == 0) {
    return std::nullopt;
  }
  return tokens[0];
}

std::optional<Token> Vocabulary::bos() const {
  if (!llama_vocab_get_add_bos(raw())) {
    return std::nullopt;
  }
  return llama_vocab_bos(raw());
}

int Vocabulary::size() const { return llama_vocab_n_tokens(raw()); }

}  // namespace leoam
