// NativeEngine of server/engine/addon.ts. Its methods lie in engine_object.cc (loading, jobs,
// sessions), engine_text.cc and engine_store.cc.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/job.h"

namespace leoam::binding {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Addon.loadEngine(options): a job that resolves to an EngineObject.
  static Napi::Value Load(const Napi::CallbackInfo& info);

  explicit EngineObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Tokenize(const Napi::CallbackInfo& info);
  Napi::Value Detokenize(const Napi::CallbackInfo& info);
  Napi::Value ApplyChatTemplate(const Napi::CallbackInfo& info);
  Napi::Value SpecialToken(const Napi::CallbackInfo& info);
  Napi::Value OpenStore(const Napi::CallbackInfo& info);
  Napi::Value SetPreamble(const Napi::CallbackInfo& info);
  Napi::Value SetRetrievalHeads(const Napi::CallbackInfo& info);
  Napi::Value HasSegments(const Napi::CallbackInfo& info);
  Napi::Value ReadSegment(const Napi::CallbackInfo& info);
  Napi::Value MoveSegments(const Napi::CallbackInfo& info);
  Napi::Value RemoveSegments(const Napi::CallbackInfo& info);
  Napi::Value StoreStatistics(const Napi::CallbackInfo& info);
  Napi::Value SetStoreBudget(const Napi::CallbackInfo& info);
  Napi::Value SegmentStates(const Napi::CallbackInfo& info);
  Napi::Value PinSegments(const Napi::CallbackInfo& info);
  Napi::Value ClearStore(const Napi::CallbackInfo& info);
  Napi::Value ScoreChunks(const Napi::CallbackInfo& info);
  Napi::Value ScoreAllHeads(const Napi::CallbackInfo& info);
  Napi::Value NewSession(const Napi::CallbackInfo& info);
  Napi::Value GenerateTogether(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  Core& RequireCore(Napi::Env env) const;                           // throws code "disposed"
  std::shared_ptr<SegmentStore> RequireStore(Napi::Env env) const;  // throws when not open

  std::shared_ptr<EngineState> state_;
};

}  // namespace leoam::binding
