#include "model/llama_log.h"

#include <mutex>

#include "llama.h"

namespace leoam {
namespace {

thread_local std::string last_error;

void Record(ggml_log_level level, const char* text, void* /*user*/) {
  if (level == GGML_LOG_LEVEL_ERROR) {
    last_error = text;
  }
}

}  // namespace

void SilenceLlamaLog() {
  static std::once_flag once;
  std::call_once(once, [] { llama_log_set(Record, nullptr); });
}

std::string TakeLlamaError() {
  std::string text = std::move(last_error);
  last_error.clear();
  for (char& c : text) {
    c = c == '\n' || c == '\r' ? ' ' : c;
  }
  while (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return text;
}

}  // namespace leoam
