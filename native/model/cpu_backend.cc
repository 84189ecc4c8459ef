// Loads ggml's modules: the CPU's that suits this processor best, whose functions it finds, and
// GPUs' on request.
#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include <filesystem>
#include <mutex>

#include "model/backend_modules.h"
#include "model/cpu_functions.h"
#include "model/llama_log.h"
#include "model/model.h"

namespace leoam {
namespace {

template <typename Function>
Function Lookup(ggml_backend_reg_t registry, const char* name) {
  return reinterpret_cast<Function>(ggml_backend_reg_get_proc_address(registry, name));
}

// What LoadCpuBackend has loaded, and from where; of BackendListMutex.
CpuBackend loaded_backend;
std::string loaded_from;

// "ggml-cpu-haswell" of ".../libggml-cpu-haswell.so"; ggml does not keep the name, the
// dynamic loader does.
std::string ModuleName(const void* function) {
#if defined(_WIN32)
  (void)function;
  return "ggml-cpu";
#else
  Dl_info info;
  if (dladdr(function, &info) == 0 || info.dli_fname == nullptr) {
    return "ggml-cpu";
  }
  std::string name = std::filesystem::path(info.dli_fname).stem().string();
  return name.starts_with("lib") ? name.substr(3) : name;
#endif
}

CpuBackend Describe(ggml_backend_dev_t device) {
  CpuBackend backend;
  backend.device = device;
  const CpuFunctions functions = FindCpuFunctions(device);
  backend.variant = ModuleName(reinterpret_cast<const void*>(functions.set_n_threads));
  if (functions.get_features != nullptr) {
    const ggml_backend_feature* feature =
        functions.get_features(ggml_backend_dev_backend_reg(device));
    for (; feature->name != nullptr; ++feature) {
      backend.features.push_back(std::string(feature->name) + "=" + feature->value);
    }
  }
  return backend;
}

}  // namespace

CpuFunctions FindCpuFunctions(ggml_backend_dev_t device) {
  ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(device);
  CpuFunctions f;
  f.threadpool_new = Lookup<decltype(f.threadpool_new)>(registry, "ggml_threadpool_new");
  f.threadpool_free = Lookup<decltype(f.threadpool_free)>(registry, "ggml_threadpool_free");
  f.set_threadpool =
      Lookup<decltype(f.set_threadpool)>(registry, "ggml_backend_cpu_set_threadpool");
  f.set_n_threads = Lookup<decltype(f.set_n_threads)>(registry, "ggml_backend_set_n_threads");
  f.set_abort_callback =
      Lookup<decltype(f.set_abort_callback)>(registry, "ggml_backend_set_abort_callback");
  f.get_features = Lookup<decltype(f.get_features)>(registry, "ggml_backend_get_features");
  f.extra_buffer_types =
      Lookup<decltype(f.extra_buffer_types)>(registry, "ggml_backend_dev_get_extra_bufts");
  return f;
}

std::mutex& BackendListMutex() {
  static std::mutex mutex;
  return mutex;
}

void LoadGpuModules() {
  static bool done = false;
  if (done || loaded_from.empty()) {
    return;
  }
  done = true;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(loaded_from) / "gpu", none)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".so" || extension == ".dll" || extension == ".dylib") {
      ggml_backend_load(entry.path().string().c_str());
    }
  }
}

Result<const CpuBackend*> LoadCpuBackend(const std::string& module_dir) {
  const std::lock_guard lock(BackendListMutex());
  if (loaded_backend.device != nullptr) {
    return &loaded_backend;
  }
  SilenceLlamaLog();
  ggml_backend_dev_t device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (device == nullptr) {
    ggml_backend_load_all_from_path(module_dir.c_str());
    device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  }
  if (device == nullptr) {
    return Status(StatusCode::kNotFound,
                  "no CPU module of ggml (ggml-cpu-*) that fits this "
                  "processor in " +
                      module_dir + ": build the native code again");
  }
  if (!FindCpuFunctions(device).complete()) {
    return Status(StatusCode::kUnsupported, "the CPU module of ggml in " + module_dir +
                                                " is of another version than this engine");
  }
  loaded_backend = Describe(device);
  loaded_from = module_dir;
  return &loaded_backend;
}

}  // namespace leoam
