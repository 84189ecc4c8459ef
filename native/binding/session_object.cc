#include "binding/session_object.h"

#include <deque>

#include "binding/addon_data.h"
#include "binding/convert_tiers.h"
#include "runtime/generate.h"

namespace leoam::binding {
namespace {

constexpr char kDisposedSentence[] = "This conversation was disposed.";

struct TextPiece {
  std::string text;
  std::vector<napi_value> ToJs(Napi::Env env) const { return {Napi::String::New(env, text)}; }
};

// Of one of the answers that are written together.
struct AnswerPiece {
  size_t answer;
  std::string text;
  std::vector<napi_value> ToJs(Napi::Env env) const {
    return {Napi::Number::New(env, static_cast<double>(answer)), Napi::String::New(env, text)};
  }
};

}  // namespace

Result<Session*> SessionState::Ensure() {
  if (let_go_) {
    return Status(StatusCode::kDisposed, kDisposedSentence);
  }
  if (session == nullptr) {
    auto made = Session::Create(*engine->core, context_tokens, engine->core->session_kv(), tiers);
    if (!made.ok()) {
      return made.status();
    }
    session = std::move(made).value();
  }
  return session.get();
}

void SessionState::LetGo() {
  let_go_ = true;
  if (jobs_ == 0) {
    session.reset();
  }
}

SessionUse::~SessionUse() {
  --state_.jobs_;
  if (state_.let_go_) {
    state_.LetGo();
  }
}

void SessionState::Tell() {
  size = session->size();
  const std::lock_guard lock(mutex_);
  counters_ =
      session->tiered() == nullptr ? std::nullopt : std::optional(session->tiered()->counters());
}

std::optional<TierCounters> SessionState::Tiers() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

Napi::Function SessionObject::Define(Napi::Env env) {
  return DefineClass(
      env, "NativeSession",
      {InstanceMethod<&SessionObject::Generate>("generate"),
       InstanceMethod<&SessionObject::Score>("score"), InstanceMethod<&SessionObject::Size>("size"),
       InstanceMethod<&SessionObject::Tiers>("tiers"),
       InstanceMethod<&SessionObject::Dispose>("dispose")});
}

Napi::Value SessionObject::Make(Napi::Env env, const std::shared_ptr<EngineState>& engine,
                                size_t context_tokens, const TierOptions& tiers) {
  auto state = std::make_shared<SessionState>();
  state->engine = engine;
  state->context_tokens = context_tokens;
  state->tiers = tiers;
  std::erase_if(engine->sessions, [](const auto& held) { return held.expired(); });
  engine->sessions.push_back(state);
  return env.GetInstanceData<AddonData>()->session.New(
      {Napi::External<std::shared_ptr<SessionState>>::New(env, &state)});
}

SessionObject::SessionObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionObject>(info) {
  if (info.Length() < 1 || !info[0].IsExternal()) {
    throw Napi::TypeError::New(info.Env(), "Use engine.newSession().");
  }
  state_ = *info[0].As<Napi::External<std::shared_ptr<SessionState>>>().Data();
}

void SessionObject::RequireAlive(Napi::Env env) const {
  if (state_->disposed || state_->engine->disposed) {
    throw ToError(env, {StatusCode::kDisposed, kDisposedSentence});
  }
}

Napi::Value SessionObject::Generate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireAlive(env);
  GenerateRequest request = ReadGenerateRequest(info[0]);
  const auto object = info[0].As<Napi::Object>();
  const Priority priority = ReadPriority(object.Get("priority"));
  const Notifier notifier(env, object.Get("onText"));
  if (notifier) {
    request.on_text = [notifier, state = state_.get()](const std::string& text) {
      state->Tell();
      notifier.Call(TextPiece{text});
    };
  }
  return StartJob<GenerateResult>(
      env, state_->engine, priority, notifier,
      [state = state_, request = std::move(request)](JobContext& job) -> Result<GenerateResult> {
        const SessionUse use(*state);
        const auto session = state->Ensure();
        if (!session.ok()) {
          return session.status();
        }
        auto result = leoam::Generate(*state->engine->core, job, **session, request);
        state->Tell();
        return result;
      },
      [](Napi::Env result_env, GenerateResult& result) -> Napi::Value {
        return FromGenerateResult(result_env, result);
      },
      // Whoever types waits for the end of what was prepared in the same session.
      priority == Priority::kPrepare ? WhenPreempted::kEnd : WhenPreempted::kResume);
}

Napi::Value SessionObject::GenerateTogether(Napi::Env env,
                                            const std::shared_ptr<EngineState>& engine,
                                            const Napi::Value& sessions,
                                            const Napi::Value& requests, Priority priority,
                                            const Napi::Value& on_text) {
  if (!sessions.IsArray() || !requests.IsArray()) {
    throw Napi::TypeError::New(env, "generateTogether needs its sessions and their requests.");
  }
  const Napi::Function type = env.GetInstanceData<AddonData>()->session.Value();
  const auto given = sessions.As<Napi::Array>();
  std::vector<std::shared_ptr<SessionState>> states;
  for (uint32_t i = 0; i < given.Length(); ++i) {
    const Napi::Value value = given.Get(i);
    if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(type)) {
      throw Napi::TypeError::New(env, "generateTogether takes sessions of engine.newSession().");
    }
    const SessionObject* session = Unwrap(value.As<Napi::Object>());
    session->RequireAlive(env);
    if (session->state_->engine != engine) {
      throw Napi::TypeError::New(env, "generateTogether takes sessions of its own engine.");
    }
    states.push_back(session->state_);
  }
  const auto asked = requests.As<Napi::Array>();
  std::vector<GenerateRequest> read;
  for (uint32_t i = 0; i < asked.Length(); ++i) {
    read.push_back(ReadGenerateRequest(asked.Get(i)));
  }
  const Notifier notifier(env, on_text);
  for (size_t i = 0; notifier && i < read.size(); ++i) {
    read[i].on_text = [notifier, i](const std::string& text) {
      notifier.Call(AnswerPiece{i, text});
    };
  }
  return StartJob<std::vector<GenerateResult>>(
      env, engine, priority, notifier,
      [engine, states = std::move(states),
       read = std::move(read)](JobContext& job) -> Result<std::vector<GenerateResult>> {
        std::vector<Session*> held;
        std::deque<SessionUse> uses;
        for (const auto& state : states) {
          uses.emplace_back(*state);
          const auto session = state->Ensure();
          if (!session.ok()) {
            return session.status();
          }
          held.push_back(*session);
        }
        auto results = leoam::GenerateTogether(*engine->core, job, held, read);
        for (const auto& state : states) {
          state->Tell();
        }
        return results;
      },
      [](Napi::Env result_env, std::vector<GenerateResult>& results) -> Napi::Value {
        Napi::Array out = Napi::Array::New(result_env, results.size());
        for (size_t i = 0; i < results.size(); ++i) {
          out.Set(static_cast<uint32_t>(i), FromGenerateResult(result_env, results[i]));
        }
        return out;
      });
}

Napi::Value SessionObject::Score(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireAlive(env);
  ScoreRequest request = ReadScoreRequest(info[0]);
  const Priority priority = ReadPriority(info[0].As<Napi::Object>().Get("priority"));
  return StartJob<ScoreResult>(
      env, state_->engine, priority, Notifier(),
      [state = state_, request = std::move(request)](JobContext& job) -> Result<ScoreResult> {
        const SessionUse use(*state);
        const auto session = state->Ensure();
        if (!session.ok()) {
          return session.status();
        }
        auto result = leoam::Score(*state->engine->core, job, **session, request);
        state->Tell();
        return result;
      },
      [](Napi::Env result_env, ScoreResult& result) -> Napi::Value {
        return FromScoreResult(result_env, result);
      });
}

Napi::Value SessionObject::Size(const Napi::CallbackInfo& info) {
  RequireAlive(info.Env());
  return Napi::Number::New(info.Env(), static_cast<double>(state_->size.load()));
}

Napi::Value SessionObject::Tiers(const Napi::CallbackInfo& info) {
  RequireAlive(info.Env());
  const auto counters = state_->Tiers();
  return counters.has_value() ? FromTierCounters(info.Env(), *counters) : info.Env().Undefined();
}

Napi::Value SessionObject::Dispose(const Napi::CallbackInfo& info) {
  if (!state_->disposed) {
    state_->disposed = true;
    // The KV is freed on the engine thread: before what is asked next, which may need its memory.
    // What is cancelled runs at once, on top of what runs, and ends nobody.
    auto state = state_;
    const auto cancelled = std::make_shared<CancelFlag>();
    cancelled->Cancel();
    state_->engine->scheduler->Submit(Priority::kIndex, cancelled,
                                      [state](JobContext&) { state->LetGo(); });
  }
  return info.Env().Undefined();
}

}  // namespace leoam::binding
