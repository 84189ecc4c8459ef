#include "binding/store_functions.h"

#include <memory>
#include <string>
#include <utility>

#include "binding/job.h"
#include "store/segment_store.h"

namespace leoam::binding {
namespace {

struct DoneOfTotal {
  uint64_t done;
  uint64_t total;
  std::vector<napi_value> ToJs(Napi::Env env) const {
    return {Napi::Number::New(env, static_cast<double>(done)),
            Napi::Number::New(env, static_cast<double>(total))};
  }
};

Napi::Value FromOutcome(Napi::Env env, SegmentStore::VerifyOutcome& outcome) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("ok", static_cast<double>(outcome.ok));
  Napi::Array damaged = Napi::Array::New(env, outcome.damaged.size());
  for (size_t i = 0; i < outcome.damaged.size(); ++i) {
    damaged.Set(static_cast<uint32_t>(i), outcome.damaged[i]);
  }
  out.Set("damaged", damaged);
  return out;
}

std::string ReadDirectory(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) {
    throw Napi::TypeError::New(info.Env(), "A store is opened by its directory.");
  }
  return info[0].As<Napi::String>().Utf8Value();
}

// Precision matters for writing alone.
Result<std::unique_ptr<SegmentStore>> OpenAt(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  return SegmentStore::Open(options, FileSystem::Default());
}

}  // namespace

Napi::Value StoreStatistics(const Napi::CallbackInfo& info) {
  return StartTask<StoreStats>(
      info.Env(),
      [directory = ReadDirectory(info)]() -> Result<StoreStats> {
        const auto store = OpenAt(directory);
        if (!store.ok()) {
          return store.status();
        }
        return (*store)->Stats();
      },
      [](Napi::Env env, StoreStats& stats) -> Napi::Value { return FromStoreStats(env, stats); });
}

Napi::Value VerifyStore(const Napi::CallbackInfo& info) {
  using Outcome = SegmentStore::VerifyOutcome;
  const std::string directory = ReadDirectory(info);  // throws: before the notifier, to be released
  const Notifier notifier(info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined());
  return StartTask<Outcome>(
      info.Env(),
      [directory, notifier]() -> Result<Outcome> {
        auto store = OpenAt(directory);
        Result<Outcome> outcome =
            store.ok() ? (*store)->Verify([&notifier](uint64_t done, uint64_t total) {
              if (notifier) {
                notifier.Call(DoneOfTotal{done, total});
              }
            })
                       : Result<Outcome>(store.status());
        notifier.Release();
        return outcome;
      },
      FromOutcome);
}

}  // namespace leoam::binding
