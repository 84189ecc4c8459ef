// NativeSession of server/engine/addon.ts.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <optional>

#include "binding/job.h"
#include "leoam/tier_counters.h"
#include "runtime/session.h"

namespace leoam::binding {

// The conversation's KV is made by the first job that needs it, on the engine thread.
struct SessionState {
  std::shared_ptr<EngineState> engine;
  size_t context_tokens = 0;
  TierOptions tiers;
  std::unique_ptr<Session> session;  // engine thread
  std::atomic<size_t> size{0};
  bool disposed = false;  // event loop only

  // Engine thread. kDisposed once the session is let go of.
  Result<Session*> Ensure();
  // Frees the session; at the end of the jobs that use it where some run. Engine thread, or any
  // once that has ended.
  void LetGo();
  // Lets the event loop know what the session holds now. Engine thread.
  void Tell();
  // As of the last Tell; nothing where all is in memory. Any thread.
  std::optional<TierCounters> Tiers() const;

 private:
  friend class SessionUse;

  int jobs_ = 0;              // that run, one on top of the other; engine thread
  bool let_go_ = false;       // engine thread
  mutable std::mutex mutex_;  // guards counters_
  std::optional<TierCounters> counters_;
};

// Keeps the session of `state` for the length of a job. Engine thread.
class SessionUse {
 public:
  explicit SessionUse(SessionState& state) : state_(state) { ++state_.jobs_; }
  ~SessionUse();
  SessionUse(const SessionUse&) = delete;
  SessionUse& operator=(const SessionUse&) = delete;

 private:
  SessionState& state_;
};

class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Value Make(Napi::Env env, const std::shared_ptr<EngineState>& engine,
                          size_t context_tokens, const TierOptions& tiers);

  // Of NativeEngine.generateTogether.
  static Napi::Value GenerateTogether(Napi::Env env, const std::shared_ptr<EngineState>& engine,
                                      const Napi::Value& sessions, const Napi::Value& requests,
                                      Priority priority, const Napi::Value& on_text);

  explicit SessionObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Generate(const Napi::CallbackInfo& info);
  Napi::Value Score(const Napi::CallbackInfo& info);
  Napi::Value Size(const Napi::CallbackInfo& info);
  Napi::Value Tiers(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);
  void RequireAlive(Napi::Env env) const;

  std::shared_ptr<SessionState> state_;
};

}  // namespace leoam::binding
