// Of NativeEngine: text to tokens and back, chat templates.
#include <utility>

#include "binding/engine_object.h"

namespace leoam::binding {

Napi::Value EngineObject::Tokenize(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireCore(env);
  auto texts = ReadStrings(info[0], "texts");
  const bool special = info.Length() > 1 && info[1].ToBoolean().Value();
  using Lists = std::vector<std::vector<Token>>;
  return StartTask<Lists>(
      env,
      [core = state_->core, texts = std::move(texts), special]() -> Result<Lists> {
        Lists lists;
        lists.reserve(texts.size());
        for (const std::string& text : texts) {
          lists.push_back(core->vocabulary().Tokenize(text, special));
        }
        return lists;
      },
      [](Napi::Env result_env, Lists& lists) -> Napi::Value {
        Napi::Array out = Napi::Array::New(result_env, lists.size());
        for (size_t i = 0; i < lists.size(); ++i) {
          out.Set(static_cast<uint32_t>(i), FromTokens(result_env, lists[i]));
        }
        return out;
      });
}

Napi::Value EngineObject::Detokenize(const Napi::CallbackInfo& info) {
  const Core& core = RequireCore(info.Env());
  const auto tokens = ReadTokens(info[0], "tokens");
  for (const Token token : tokens) {
    if (token < 0 || token >= core.vocabulary().size()) {
      throw ToError(info.Env(), {StatusCode::kInvalidArgument,
                                 "Token " + std::to_string(token) + " is not in the vocabulary."});
    }
  }
  return Napi::String::New(info.Env(), core.vocabulary().Text(tokens, true));
}

Napi::Value EngineObject::ApplyChatTemplate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Core& core = RequireCore(env);
  if (!info[0].IsArray()) {
    throw Napi::TypeError::New(env, "messages must be an array.");
  }
  const auto array = info[0].As<Napi::Array>();
  std::vector<ChatMessage> messages;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto message = array.Get(i).As<Napi::Object>();
    messages.push_back({ReadString(message, "role"), ReadString(message, "content")});
  }
  const auto text = core.vocabulary().ApplyChatTemplate(messages, info[1].ToBoolean().Value());
  if (!text.ok()) {
    throw ToError(env, text.status());
  }
  return Napi::String::New(env, *text);
}

Napi::Value EngineObject::SpecialToken(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Core& core = RequireCore(env);
  const auto token = core.vocabulary().FindSpecial(info[0].ToString().Utf8Value());
  return token ? Napi::Number::New(env, *token) : env.Undefined();
}

}  // namespace leoam::binding
