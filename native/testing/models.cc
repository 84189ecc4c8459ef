#include "testing/models.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace leoam::testing {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string DataFolder() {
  if (std::string home = Environment("LEOAM_HOME"); !home.empty()) {
    return home;
  }
#if defined(_WIN32)
  return Environment("LOCALAPPDATA") + "/leoam";
#elif defined(__APPLE__)
  return Environment("HOME") + "/Library/Application Support/leoam";
#else
  if (std::string data = Environment("XDG_DATA_HOME"); !data.empty()) {
    return data + "/leoam";
  }
  return Environment("HOME") + "/.local/share/leoam";
#endif
}

std::string ModelPath(const char* variable, const char* file) {
  std::string path = Environment(variable);
  return path.empty() ? DataFolder() + "/models/" + file : path;
}

}  // namespace

std::string Qwen2ModelPath() {
  return ModelPath("LEOAM_TEST_MODEL_QWEN2", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
}

std::string LlamaModelPath() {
  return ModelPath("LEOAM_TEST_MODEL_LLAMA", "smollm2-135m-instruct-q4_1.gguf");
}

std::string ModuleDir() {
  std::string path = Environment("LEOAM_MODULE_DIR");
  return path.empty() ? LEOAM_MODULE_DIR : path;
}

std::string DeviceName() {
  std::string name = Environment("LEOAM_TEST_DEVICE");
  return name.empty() ? "CPU" : name;
}

const CpuBackend& TestBackend() {
  Result<const CpuBackend*> backend = LoadCpuBackend(ModuleDir());
  if (!backend.ok()) {
    std::fprintf(stderr, "%s\n", backend.status().message().c_str());
    std::abort();
  }
  return **backend;
}

std::string RealCode() {
  std::string source = Environment("LEOAM_LLAMA_SOURCE");
  if (source.empty()) {
    source = LEOAM_LLAMA_SOURCE;
  }
  std::ostringstream text;
  for (const char* name :
       {"/ggml/src/gguf.cpp", "/ggml/src/ggml-alloc.c", "/src/llama-batch.cpp"}) {
    std::ifstream file(source + name, std::ios::binary);
    text << file.rdbuf();
    text.clear();  // a missing file sets failbit
  }
  return text.str();
}

}  // namespace leoam::testing
