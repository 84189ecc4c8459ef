// Of NativeEngine: the store and the segments in it.
#include <optional>
#include <utility>
#include <vector>

#include "binding/engine_object.h"
#include "runtime/segment_reader.h"

namespace leoam::binding {
std::shared_ptr<SegmentStore> EngineObject::RequireStore(Napi::Env env) const {
  auto store = RequireCore(env).store();
  if (store == nullptr) {
    throw ToError(env, {StatusCode::kInvalidArgument, "The store is not open."});
  }
  return store;
}

Napi::Value EngineObject::OpenStore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RequireCore(env);
  if (!info[0].IsObject()) {
    throw Napi::TypeError::New(env, "openStore needs its options.");
  }
  const auto object = info[0].As<Napi::Object>();
  StoreOptions options;
  options.directory = ReadString(object, "directory");
  options.budget_bytes = static_cast<uint64_t>(ReadNumber(object, "budgetBytes", 0));
  options.ram_budget_bytes = static_cast<uint64_t>(
      ReadNumber(object, "ramBudgetBytes", static_cast<double>(options.ram_budget_bytes)));
  options.precision = ReadPrecision(object);
  return StartTask<Nothing>(
      env, [core = state_->core, options] { return AsResult(core->OpenStore(options)); },
      Undefined);
}

Napi::Value EngineObject::HasSegments(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  const auto keys = ReadStrings(info[0], "keys");
  Napi::Uint8Array out = Napi::Uint8Array::New(info.Env(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    out[i] = store->Contains(keys[i]) ? 1 : 0;
  }
  return out;
}

Napi::Value EngineObject::ReadSegment(const Napi::CallbackInfo& info) {
  auto store = RequireStore(info.Env());
  auto request = ReadSegmentRequest(info[0]);
  return StartJob<SegmentReading>(
      info.Env(), state_, ReadPriority(info[1]), Notifier(),
      [state = state_, request = std::move(request)](JobContext& job) {
        return ComputeSegment(*state->core, job, request);
      },
      // The engine goes on while this is written: the promise follows that of the task.
      [store = std::move(store)](Napi::Env env, SegmentReading& read) -> Napi::Value {
        return StartTask<SegmentResult>(
            env,
            [store, held = std::make_shared<SegmentReading>(std::move(read))] {
              return WriteSegment(*store, std::move(*held));
            },
            [](Napi::Env result_env, SegmentResult& result) -> Napi::Value {
              return FromSegmentResult(result_env, result);
            });
      });
}

Napi::Value EngineObject::MoveSegments(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  const auto keys = ReadStrings(info[0], "keys");
  const std::string tier = info[1].ToString().Utf8Value();
  if (tier != "ram" && tier != "disk") {
    throw Napi::TypeError::New(info.Env(), "Segments move to \"ram\" or to \"disk\".");
  }
  return StartTask<Nothing>(
      info.Env(),
      [store, keys, to_ram = tier == "ram"] {
        return AsResult(to_ram ? store->MoveToRam(keys) : store->MoveToDisk(keys));
      },
      Undefined);
}

Napi::Value EngineObject::RemoveSegments(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  const auto keys = ReadStrings(info[0], "keys");
  return StartTask<Nothing>(
      info.Env(),
      [store, keys]() -> Result<Nothing> {
        for (const std::string& key : keys) {
          const Status status = store->Remove(key);
          if (!status.ok() && status.code() != StatusCode::kNotFound) {
            return status;
          }
        }
        return Nothing{};
      },
      Undefined);
}

Napi::Value EngineObject::StoreStatistics(const Napi::CallbackInfo& info) {
  // Looks at every file of the store where the last look is old.
  return StartTask<StoreStats>(
      info.Env(),
      [store = RequireStore(info.Env())]() -> Result<StoreStats> { return store->Stats(); },
      [](Napi::Env env, StoreStats& stats) -> Napi::Value { return FromStoreStats(env, stats); });
}

Napi::Value EngineObject::SetStoreBudget(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  if (!info[0].IsNumber() || info[0].As<Napi::Number>().DoubleValue() < 0) {
    throw Napi::TypeError::New(info.Env(), "The budget must be a number of bytes.");
  }
  const auto bytes = static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue());
  return StartTask<Nothing>(
      info.Env(), [store, bytes] { return AsResult(store->SetBudget(bytes)); }, Undefined);
}

Napi::Value EngineObject::SegmentStates(const Napi::CallbackInfo& info) {
  using States = std::vector<std::optional<SegmentState>>;
  const auto store = RequireStore(info.Env());
  const auto keys = ReadStrings(info[0], "keys");
  return StartTask<States>(
      info.Env(),
      [store, keys]() -> Result<States> {
        States states;
        for (const std::string& key : keys) {
          const auto state = store->State(key);
          states.push_back(state.ok() ? std::optional(state.value()) : std::nullopt);
        }
        return states;
      },
      [](Napi::Env env, States& states) -> Napi::Value {
        Napi::Array out = Napi::Array::New(env, states.size());
        for (size_t i = 0; i < states.size(); ++i) {
          out.Set(static_cast<uint32_t>(i), states[i].has_value()
                                                ? Napi::Value(FromSegmentState(env, *states[i]))
                                                : env.Null());
        }
        return out;
      });
}

Napi::Value EngineObject::PinSegments(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  const auto keys = ReadStrings(info[0], "keys");
  const bool pinned = info[1].ToBoolean().Value();
  return StartTask<Nothing>(
      info.Env(),
      [store, keys, pinned]() -> Result<Nothing> {
        for (const std::string& key : keys) {
          LEOAM_RETURN_IF_ERROR(store->SetPinned(key, pinned));
        }
        return Nothing{};
      },
      Undefined);
}

Napi::Value EngineObject::ClearStore(const Napi::CallbackInfo& info) {
  const auto store = RequireStore(info.Env());
  return StartTask<Nothing>(info.Env(), [store] { return AsResult(store->Clear()); }, Undefined);
}

}  // namespace leoam::binding
