#include "model/gguf_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "model/llama_log.h"

namespace leoam {
namespace {

int Seek(std::FILE* file, uint64_t offset) {
#if defined(_WIN32)
  return _fseeki64(file, static_cast<int64_t>(offset), SEEK_SET);
#else
  return fseeko(file, static_cast<off_t>(offset), SEEK_SET);
#endif
}

Status Invalid(const std::string& path, const std::string& what) {
  return Status(StatusCode::kInvalidArgument, path + " " + what);
}

}  // namespace

Result<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  SilenceLlamaLog();
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) {
    return Status(StatusCode::kNotFound, "there is no model file " + path);
  }
  std::unique_ptr<GgufFile> file(new GgufFile);
  file->path_ = path;
  file->file_.reset(error ? nullptr : std::fopen(path.c_str(), "rb"));
  if (file->file_ == nullptr) {
    return Status(StatusCode::kIo, "the model file " + path + " cannot be read: " +
                                       (error ? error.message() : std::strerror(errno)));
  }
  char magic[4] = {};
  if (std::fread(magic, 1, sizeof(magic), file->file_.get()) != sizeof(magic) ||
      std::memcmp(magic, GGUF_MAGIC, sizeof(magic)) != 0) {
    return Invalid(path, "is not a GGUF file: it does not start with \"GGUF\"");
  }
  ggml_context* tensors = nullptr;
  file->gguf_.reset(gguf_init_from_file(path.c_str(), {/*no_alloc=*/true, /*ctx=*/&tensors}));
  file->tensors_.reset(tensors);
  if (file->gguf_ == nullptr) {
    return Invalid(path, "is a truncated or damaged GGUF file: its header cannot be read (" +
                             TakeLlamaError() + "); fetch it again");
  }
  LEOAM_RETURN_IF_ERROR(file->CheckTensorsArePresent(bytes));
  return file;
}

Status GgufFile::CheckTensorsArePresent(uint64_t file_bytes) const {
  const uint64_t data = gguf_get_data_offset(gguf_.get());
  for (int64_t i = 0; i < tensor_count(); ++i) {
    const uint64_t end =
        data + gguf_get_tensor_offset(gguf_.get(), i) + gguf_get_tensor_size(gguf_.get(), i);
    if (end > file_bytes) {
      return Invalid(path_, "is truncated: tensor " + TensorName(i) + " ends at byte " +
                                std::to_string(end) + ", the file at byte " +
                                std::to_string(file_bytes) + "; fetch it again");
    }
  }
  return Status::Ok();
}

bool GgufFile::Has(const std::string& key) const {
  return gguf_find_key(gguf_.get(), key.c_str()) >= 0;
}

std::optional<std::string> GgufFile::String(const std::string& key) const {
  const int64_t id = gguf_find_key(gguf_.get(), key.c_str());
  if (id < 0 || gguf_get_kv_type(gguf_.get(), id) != GGUF_TYPE_STRING) {
    return std::nullopt;
  }
  return gguf_get_val_str(gguf_.get(), id);
}

std::optional<int64_t> GgufFile::Integer(const std::string& key) const {
  const int64_t id = gguf_find_key(gguf_.get(), key.c_str());
  if (id < 0) {
    return std::nullopt;
  }
  switch (gguf_get_kv_type(gguf_.get(), id)) {
    case GGUF_TYPE_UINT8:
      return gguf_get_val_u8(gguf_.get(), id);
    case GGUF_TYPE_INT8:
      return gguf_get_val_i8(gguf_.get(), id);
    case GGUF_TYPE_UINT16:
      return gguf_get_val_u16(gguf_.get(), id);
    case GGUF_TYPE_INT16:
      return gguf_get_val_i16(gguf_.get(), id);
    case GGUF_TYPE_UINT32:
      return gguf_get_val_u32(gguf_.get(), id);
    case GGUF_TYPE_INT32:
      return gguf_get_val_i32(gguf_.get(), id);
    case GGUF_TYPE_UINT64:
      return static_cast<int64_t>(gguf_get_val_u64(gguf_.get(), id));
    case GGUF_TYPE_INT64:
      return gguf_get_val_i64(gguf_.get(), id);
    default:
      return std::nullopt;
  }
}

std::optional<float> GgufFile::Float(const std::string& key) const {
  const int64_t id = gguf_find_key(gguf_.get(), key.c_str());
  if (id < 0) {
    return std::nullopt;
  }
  switch (gguf_get_kv_type(gguf_.get(), id)) {
    case GGUF_TYPE_FLOAT32:
      return gguf_get_val_f32(gguf_.get(), id);
    case GGUF_TYPE_FLOAT64:
      return static_cast<float>(gguf_get_val_f64(gguf_.get(), id));
    default:
      return std::nullopt;
  }
}

ggml_tensor* GgufFile::Tensor(const std::string& name) const {
  return ggml_get_tensor(tensors_.get(), name.c_str());
}

Status GgufFile::Read(const std::string& name, void* out) const {
  const int64_t id = gguf_find_tensor(gguf_.get(), name.c_str());
  const uint64_t offset =
      gguf_get_data_offset(gguf_.get()) + gguf_get_tensor_offset(gguf_.get(), id);
  const size_t bytes = gguf_get_tensor_size(gguf_.get(), id);
  if (Seek(file_.get(), offset) != 0 || std::fread(out, 1, bytes, file_.get()) != bytes) {
    return Status(StatusCode::kIo, "reading tensor " + name + " of " + path_ + " failed");
  }
  return Status::Ok();
}

}  // namespace leoam
