// Entry of leoam.node: the Addon of server/engine/addon.ts.
#include <napi.h>

#include <string>
#include <thread>

#include "binding/addon_data.h"
#include "binding/convert_tiers.h"
#include "binding/engine_object.h"
#include "binding/session_object.h"
#include "binding/store_functions.h"
#include "model/attention/kernel.h"

namespace leoam::binding {
namespace {

Napi::Value SystemInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string dir =
      info.Length() > 0 && info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  const auto backend = LoadCpuBackend(dir);
  if (!backend.ok()) {
    throw ToError(env, backend.status());
  }
  Napi::Object out = Napi::Object::New(env);
  out.Set("cpuVariant", backend.value()->variant);
  Napi::Array features = Napi::Array::New(env);
  for (const std::string& feature : backend.value()->features) {
    features.Set(features.Length(), feature);
  }
  out.Set("cpuFeatures", features);
  Napi::Array devices = Napi::Array::New(env);
  for (const DeviceInfo& device : ListDevices()) {
    devices.Set(devices.Length(), FromDeviceInfo(env, device));
  }
  out.Set("devices", devices);
  out.Set("attentionKernel", BestAttentionKernel().name);
  out.Set("kvVersion", kKvVersion);
  out.Set("physicalCores", std::thread::hardware_concurrency());
  return out;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData();  // NOLINT: the environment deletes it
  data->engine = Napi::Persistent(EngineObject::Define(env));
  data->session = Napi::Persistent(SessionObject::Define(env));
  env.SetInstanceData(data);
  exports.Set("systemInfo", Napi::Function::New(env, SystemInfo));
  exports.Set("loadEngine", Napi::Function::New(env, EngineObject::Load));
  exports.Set("storeStats", Napi::Function::New(env, StoreStatistics));
  exports.Set("verifyStore", Napi::Function::New(env, VerifyStore));
  return exports;
}

}  // namespace

NODE_API_MODULE(leoam, Initialise)

}  // namespace leoam::binding
