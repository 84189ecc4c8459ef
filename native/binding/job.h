// Work off the event loop, as promises: on the engine thread (cancellable jobs) or on a
// worker of node's pool (short tasks that need no decoder).
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "leoam/status.h"
#include "runtime/core.h"
#include "runtime/guarded.h"
#include "runtime/scheduler.h"

namespace leoam::binding {

struct SessionState;

// A loaded engine, shared by its JavaScript object, its sessions and the jobs in flight.
// The scheduler is declared last: it stops before what its jobs use is freed.
struct EngineState {
  std::shared_ptr<Core> core;  // null until loaded, and again after dispose
  bool disposed = false;       // event loop only
  // Conversations that may use the core, which ends after them. Event loop only.
  std::vector<std::weak_ptr<SessionState>> sessions;
  std::unique_ptr<Scheduler> scheduler = std::make_unique<Scheduler>();
};

// Calls a JavaScript function from another thread, in order, before the job's promise settles.
class Notifier {
 public:
  Notifier() = default;
  Notifier(Napi::Env env, const Napi::Value& function) {
    if (function.IsFunction()) {
      is_set_ = true;
      channel_ = Napi::ThreadSafeFunction::New(env, function.As<Napi::Function>(),
                                               "leoam notification", 0, 1);
    }
  }

  explicit operator bool() const { return is_set_; }

  // Any thread.
  template <typename Arguments>
  void Call(Arguments arguments) const {
    auto* held = new Arguments(std::move(arguments));  // NOLINT: freed by the callback below
    const napi_status status = channel_.BlockingCall(
        held, [](Napi::Env env, Napi::Function function, Arguments* received) {
          const std::unique_ptr<Arguments> owned(received);
          function.Call(owned->ToJs(env));
        });
    if (status != napi_ok) {
      delete held;  // NOLINT: the environment is closing, the callback will not run
    }
  }

  void Release() const {
    if (is_set_) {
      channel_.Release();
    }
  }

 private:
  bool is_set_ = false;
  // Holds the function. Copies of this die on any thread, where a reference of their own could not.
  Napi::ThreadSafeFunction channel_;
};

// Runs `work` on the engine thread; `convert` makes the value that the promise resolves to.
// Returns {promise, cancel}.
template <typename R>
Napi::Value StartJob(Napi::Env env, const std::shared_ptr<EngineState>& state, Priority priority,
                     const Notifier& notifier, std::function<Result<R>(JobContext&)> work,
                     std::function<Napi::Value(Napi::Env, R&)> convert,
                     WhenPreempted when_preempted = WhenPreempted::kResume) {
  struct Pending {
    explicit Pending(Napi::Env pending_env) : deferred(Napi::Promise::Deferred::New(pending_env)) {}
    Napi::Promise::Deferred deferred;
    Napi::ThreadSafeFunction done;
    std::function<Napi::Value(Napi::Env, R&)> convert;
    std::optional<Result<R>> result;
    std::shared_ptr<EngineState> state;  // until the promise has settled, on the event loop
  };
  auto* pending = new Pending(env);  // NOLINT: owned by the completion below
  pending->convert = std::move(convert);
  pending->state = state;
  pending->done = Napi::ThreadSafeFunction::New(
      env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "leoam job", 0, 1);
  const Napi::Promise promise = pending->deferred.Promise();
  auto cancel = std::make_shared<CancelFlag>();

  const auto settle = [](Napi::Env settle_env, Napi::Function, Pending* settled) {
    const std::unique_ptr<Pending> owned(settled);
    if (!owned->result->ok()) {
      owned->deferred.Reject(ToError(settle_env, owned->result->status()).Value());
      return;
    }
    try {
      owned->deferred.Resolve(owned->convert(settle_env, owned->result->value()));
    } catch (const Napi::Error& error) {
      owned->deferred.Reject(error.Value());
    }
  };
  const auto finish = [settle](Pending* finished, const Notifier& notify, Result<R> result) {
    notify.Release();
    finished->result = std::move(result);
    Napi::ThreadSafeFunction done = finished->done;
    // Where the environment is closing, settle does not run, and `finished` stays: it may be the
    // last to hold the engine, whose thread this is.
    static_cast<void>(done.BlockingCall(finished, settle));
    done.Release();
  };
  const bool submitted = state->scheduler->Submit(
      priority, cancel,
      [pending, notifier, finish, run = std::move(work)](JobContext& job) mutable {
        Result<R> result =
            job.cancelled()
                ? Result<R>(Status(StatusCode::kCancelled, "The request was cancelled."))
                : Guarded<R>([&] { return run(job); });
        // What it holds goes before the promise settles: the engine, held last here, would end on
        // its own thread and wait for it.
        run = nullptr;
        finish(pending, notifier, std::move(result));
      },
      when_preempted);
  if (!submitted) {
    finish(pending, notifier, Status(StatusCode::kDisposed, "The engine was disposed."));
  }

  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", promise);
  handle.Set("cancel", Napi::Function::New(env, [cancel, engine = std::weak_ptr<EngineState>(
                                                             state)](const Napi::CallbackInfo&) {
               if (const auto alive = engine.lock(); alive != nullptr) {
                 alive->scheduler->Cancel(*cancel);
               }
             }));
  return handle;
}

// Runs `work` on a worker of node's pool.
template <typename R>
Napi::Value StartTask(Napi::Env env, std::function<Result<R>()> work,
                      std::function<Napi::Value(Napi::Env, R&)> convert) {
  class Task : public Napi::AsyncWorker {
   public:
    Task(Napi::Env task_env, std::function<Result<R>()> task_work,
         std::function<Napi::Value(Napi::Env, R&)> task_convert)
        : Napi::AsyncWorker(task_env),
          deferred(Napi::Promise::Deferred::New(task_env)),
          work_(std::move(task_work)),
          convert_(std::move(task_convert)) {}
    void Execute() override { result_ = Guarded<R>(work_); }
    void OnOK() override {
      if (result_->ok()) {
        deferred.Resolve(convert_(Env(), result_->value()));
      } else {
        deferred.Reject(ToError(Env(), result_->status()).Value());
      }
    }
    void OnError(const Napi::Error& error) override { deferred.Reject(error.Value()); }
    Napi::Promise::Deferred deferred;

   private:
    std::function<Result<R>()> work_;
    std::function<Napi::Value(Napi::Env, R&)> convert_;
    std::optional<Result<R>> result_;
  };
  auto* task = new Task(env, std::move(work), std::move(convert));  // NOLINT: deletes itself
  const Napi::Promise promise = task->deferred.Promise();
  task->Queue();
  return promise;
}

// For work without a value.
struct Nothing {};
inline Result<Nothing> AsResult(Status status) {
  if (!status.ok()) {
    return status;
  }
  return Nothing{};
}
inline Napi::Value Undefined(Napi::Env env, Nothing& /*nothing*/) { return env.Undefined(); }

}  // namespace leoam::binding
