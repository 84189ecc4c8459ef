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

// Of ggml's modules in the folder that is the first argument.
const CpuBackend& BackendOf(const Napi::CallbackInfo& info) {
  const bool is_named = info.Length() > 0 && info[0].IsString();
  const auto backend = LoadCpuBackend(is_named ? info[0].As<Napi::String>().Utf8Value() : "");
  if (!backend.ok()) {
    throw ToError(info.Env(), backend.status());
  }
  return *backend.value();
}

Napi::Value SystemInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const CpuBackend& backend = BackendOf(info);
  Napi::Object out = Napi::Object::New(env);
  out.Set("cpuVariant", backend.variant);
  Napi::Array features = Napi::Array::New(env);
  for (const std::string& feature : backend.features) {
    features.Set(features.Length(), feature);
  }
  out.Set("cpuFeatures", features);
  out.Set("attentionKernel", BestAttentionKernel().name);
  out.Set("kvVersion", kKvVersion);
  out.Set("logicalCores", std::thread::hardware_concurrency());
  return out;
}

Napi::Value Devices(const Napi::CallbackInfo& info) {
  BackendOf(info);
  Napi::Array devices = Napi::Array::New(info.Env());
  for (const DeviceInfo& device : ListDevices()) {
    devices.Set(devices.Length(), FromDeviceInfo(info.Env(), device));
  }
  return devices;
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData();  // NOLINT: the environment deletes it
  data->engine = Napi::Persistent(EngineObject::Define(env));
  data->session = Napi::Persistent(SessionObject::Define(env));
  env.SetInstanceData(data);
  exports.Set("systemInfo", Napi::Function::New(env, SystemInfo));
  exports.Set("devices", Napi::Function::New(env, Devices));
  exports.Set("loadEngine", Napi::Function::New(env, EngineObject::Load));
  exports.Set("storeStats", Napi::Function::New(env, StoreStatistics));
  exports.Set("verifyStore", Napi::Function::New(env, VerifyStore));
  return exports;
}

}  // namespace

NODE_API_MODULE(leoam, Initialise)

}  // namespace leoam::binding
