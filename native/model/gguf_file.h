// A GGUF file: its keys, typed and optional, and the bytes of its tensors. Everything
// that ggml would abort on (wrong type, data past the end) is checked here first.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "ggml.h"
#include "gguf.h"
#include "leoam/status.h"

namespace leoam {

class GgufFile {
 public:
  // kNotFound, kIo, or kInvalidArgument for what is not a whole GGUF file; the message
  // names the file and the first tensor whose bytes are missing.
  static Result<std::unique_ptr<GgufFile>> Open(const std::string& path);

  const std::string& path() const { return path_; }

  // Empty when the key is absent or of another type. Integers of any width are accepted.
  std::optional<std::string> String(const std::string& key) const;
  std::optional<int64_t> Integer(const std::string& key) const;
  std::optional<float> Float(const std::string& key) const;
  bool Has(const std::string& key) const;

  // The tensor's type and shape (no data), owned by this file; null when absent.
  ggml_tensor* Tensor(const std::string& name) const;
  int64_t tensor_count() const { return gguf_get_n_tensors(gguf_.get()); }
  std::string TensorName(int64_t index) const { return gguf_get_tensor_name(gguf_.get(), index); }

  // Reads ggml_nbytes(Tensor(name)) bytes. `name` must exist.
  Status Read(const std::string& name, void* out) const;

 private:
  struct GgufDeleter {
    void operator()(gguf_context* context) const { gguf_free(context); }
  };
  struct ContextDeleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  struct FileCloser {
    void operator()(std::FILE* file) const {
      std::fclose(file);
    }  // NOLINT(cppcoreguidelines-owning-memory)
  };

  GgufFile() = default;
  Status CheckTensorsArePresent(uint64_t file_bytes) const;

  std::string path_;
  std::unique_ptr<gguf_context, GgufDeleter> gguf_;
  std::unique_ptr<ggml_context, ContextDeleter> tensors_;
  std::unique_ptr<std::FILE, FileCloser> file_;
};

}  // namespace leoam
