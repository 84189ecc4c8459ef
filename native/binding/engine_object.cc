#include "binding/engine_object.h"

#include <algorithm>
#include <utility>

#include "binding/addon_data.h"
#include "binding/convert_tiers.h"
#include "binding/session_object.h"
#include "runtime/head_scores.h"

namespace leoam::binding {
namespace {

struct Fraction {
  float value;
  std::vector<napi_value> ToJs(Napi::Env env) const { return {Napi::Number::New(env, value)}; }
};

}  // namespace

Napi::Function EngineObject::Define(Napi::Env env) {
  return DefineClass(env, "NativeEngine",
                     {InstanceMethod<&EngineObject::Info>("info"),
                      InstanceMethod<&EngineObject::Tokenize>("tokenize"),
                      InstanceMethod<&EngineObject::Detokenize>("detokenize"),
                      InstanceMethod<&EngineObject::ApplyChatTemplate>("applyChatTemplate"),
                      InstanceMethod<&EngineObject::SpecialToken>("specialToken"),
                      InstanceMethod<&EngineObject::OpenStore>("openStore"),
                      InstanceMethod<&EngineObject::SetPreamble>("setPreamble"),
                      InstanceMethod<&EngineObject::SetRetrievalHeads>("setRetrievalHeads"),
                      InstanceMethod<&EngineObject::HasSegments>("hasSegments"),
                      InstanceMethod<&EngineObject::ReadSegment>("readSegment"),
                      InstanceMethod<&EngineObject::MoveSegments>("moveSegments"),
                      InstanceMethod<&EngineObject::RemoveSegments>("removeSegments"),
                      InstanceMethod<&EngineObject::StoreStatistics>("storeStats"),
                      InstanceMethod<&EngineObject::SetStoreBudget>("setStoreBudget"),
                      InstanceMethod<&EngineObject::SegmentStates>("segmentStates"),
                      InstanceMethod<&EngineObject::PinSegments>("pinSegments"),
                      InstanceMethod<&EngineObject::ClearStore>("clearStore"),
                      InstanceMethod<&EngineObject::ScoreChunks>("scoreChunks"),
                      InstanceMethod<&EngineObject::ScoreAllHeads>("scoreAllHeads"),
                      InstanceMethod<&EngineObject::NewSession>("newSession"),
                      InstanceMethod<&EngineObject::GenerateTogether>("generateTogether"),
                      InstanceMethod<&EngineObject::Dispose>("dispose")});
}

Napi::Value EngineObject::Load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw Napi::TypeError::New(env, "loadEngine needs its options.");
  }
  const auto object = info[0].As<Napi::Object>();
  CoreOptions options;
  options.model_path = ReadString(object, "modelPath");
  options.module_dir = ReadString(object, "moduleDir", "");
  options.threads = static_cast<int>(ReadNumber(object, "threads", 0));
  options.session_kv = ReadKvFormat(object);
  const Notifier notifier(env, object.Get("onProgress"));
  auto state = std::make_shared<EngineState>();
  return StartJob<Nothing>(
      env, state, Priority::kChat, notifier,
      [state, options, notifier](JobContext& job) mutable -> Result<Nothing> {
        std::function<bool(float)> report = [&](float fraction) {
          if (notifier) {
            notifier.Call(Fraction{fraction});
          }
          return !job.cancelled();
        };
        options.progress = [](float fraction, void* user) {
          return (*static_cast<std::function<bool(float)>*>(user))(fraction);
        };
        options.progress_user = &report;
        auto core = Core::Load(options);
        if (!core.ok()) {
          return core.status();
        }
        state->core = std::move(core).value();
        return Nothing{};
      },
      [state](Napi::Env result_env, Nothing&) -> Napi::Value {
        auto held = state;
        return result_env.GetInstanceData<AddonData>()->engine.New(
            {Napi::External<std::shared_ptr<EngineState>>::New(result_env, &held)});
      });
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  if (info.Length() < 1 || !info[0].IsExternal()) {
    throw Napi::TypeError::New(info.Env(), "Use loadEngine().");
  }
  state_ = *info[0].As<Napi::External<std::shared_ptr<EngineState>>>().Data();
}

Core& EngineObject::RequireCore(Napi::Env env) const {
  if (state_->disposed) {
    throw ToError(env, {StatusCode::kDisposed, "The engine was disposed."});
  }
  return *state_->core;
}

Napi::Value EngineObject::Info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Core& core = RequireCore(env);
  const ModelConfig& config = core.model().config();
  Napi::Object out = Napi::Object::New(env);
  out.Set("architecture", config.architecture);
  out.Set("name", config.name);
  out.Set("quantization", config.quantization);
  out.Set("layers", config.layers);
  out.Set("heads", config.heads);
  out.Set("kvHeads", config.kv_heads);
  out.Set("headDim", config.head_dim);
  out.Set("vocabulary", config.vocabulary);
  out.Set("context", config.context);
  out.Set("parameters", static_cast<double>(config.parameters));
  out.Set("weightBytes", static_cast<double>(config.weight_bytes));
  out.Set("kvBytesPerToken",
          static_cast<double>(config.kv_shape().RowValues()) * 4 * config.layers);
  out.Set("hasChatTemplate", core.vocabulary().ApplyChatTemplate({{"user", "x"}}, true).ok());
  return out;
}

Napi::Value EngineObject::SetPreamble(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireCore(env);
  const auto tokens = ReadTokens(info[0], "tokens");
  const auto job = StartJob<Nothing>(
      env, state_, Priority::kChat, Notifier(),
      [state = state_, tokens](JobContext& context) {
        return AsResult(state->core->SetPreamble(context, tokens));
      },
      Undefined);
  return job.As<Napi::Object>().Get("promise");
}

Napi::Value EngineObject::SetRetrievalHeads(const Napi::CallbackInfo& info) {
  Core& core = RequireCore(info.Env());
  auto heads = ReadHeads(info[0]);
  for (const RetrievalHead& head : heads) {
    if (head.layer >= core.model().config().layers || head.head >= core.model().config().heads) {
      throw ToError(info.Env(), {StatusCode::kInvalidArgument,
                                 "The model has no head " + std::to_string(head.layer) + "." +
                                     std::to_string(head.head) + "."});
    }
  }
  core.set_retrieval_heads(std::move(heads));
  return info.Env().Undefined();
}

Napi::Value EngineObject::ScoreChunks(const Napi::CallbackInfo& info) {
  RequireStore(info.Env());
  auto question = ReadTokens(info[0], "question");
  auto null_query = ReadTokens(info[1], "nullQuery");
  auto candidates = ReadCandidates(info[2]);
  return StartJob<std::vector<float>>(
      info.Env(), state_, Priority::kChat, Notifier(),
      [state = state_, question, null_query, candidates](JobContext& job) {
        return leoam::ScoreChunks(*state->core, job, state->core->retrieval_heads(), question,
                                  null_query, candidates);
      },
      [](Napi::Env env, std::vector<float>& scores) -> Napi::Value {
        return FromFloats(env, scores);
      });
}

Napi::Value EngineObject::ScoreAllHeads(const Napi::CallbackInfo& info) {
  RequireStore(info.Env());
  auto question = ReadTokens(info[0], "question");
  auto null_query = ReadTokens(info[1], "nullQuery");
  auto candidates = ReadCandidates(info[2]);
  return StartJob<std::vector<float>>(
      info.Env(), state_, Priority::kPrepare, Notifier(),
      [state = state_, question, null_query, candidates](JobContext& job) {
        return leoam::ScoreAllHeads(*state->core, job, question, null_query, candidates);
      },
      [](Napi::Env env, std::vector<float>& scores) -> Napi::Value {
        return FromFloats(env, scores);
      });
}

Napi::Value EngineObject::NewSession(const Napi::CallbackInfo& info) {
  RequireCore(info.Env());
  if (!info[0].IsNumber() || info[0].As<Napi::Number>().DoubleValue() < 1) {
    throw Napi::TypeError::New(info.Env(), "newSession needs its number of tokens.");
  }
  const TierOptions tiers = ReadTierOptions(info[1]);
  return SessionObject::Make(info.Env(), state_,
                             static_cast<size_t>(info[0].As<Napi::Number>().Int64Value()), tiers);
}

Napi::Value EngineObject::GenerateTogether(const Napi::CallbackInfo& info) {
  RequireCore(info.Env());
  return SessionObject::GenerateTogether(info.Env(), state_, info[0], info[1],
                                         ReadPriority(info[2]), info[3]);
}

Napi::Value EngineObject::Dispose(const Napi::CallbackInfo& info) {
  if (state_->disposed) {
    throw ToError(info.Env(), {StatusCode::kDisposed, "The engine was disposed."});
  }
  state_->disposed = true;
  std::vector<std::shared_ptr<SessionState>> sessions;
  for (const auto& held : state_->sessions) {
    if (auto session = held.lock(); session != nullptr) {
      sessions.push_back(std::move(session));
    }
  }
  return StartTask<Nothing>(
      info.Env(),
      [state = state_, sessions = std::move(sessions)]() -> Result<Nothing> {
        state->scheduler->Stop();
        for (const auto& session : sessions) {
          session->LetGo();  // what it reads ends before the core that it reads for
        }
        if (state->core != nullptr) {
          state->core->left().Finish();
        }
        return Nothing{};
      },
      [state = state_](Napi::Env env, Nothing&) -> Napi::Value {
        state->core.reset();
        return env.Undefined();
      });
}

}  // namespace leoam::binding
