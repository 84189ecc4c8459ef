// Which memory layout suits a weight best on this processor.
#pragma once

#include <vector>

#include "ggml-backend.h"
#include "ggml.h"

namespace leoam {

// ggml's CPU module offers repacked layouts ("extra" buffer types) for some weight types;
// its kernels for them are faster. Such a tensor can only be multiplied with: it cannot
// be read back, nor looked up by row.
class BufferTypes {
 public:
  explicit BufferTypes(ggml_backend_dev_t device);

  // Row-major as in the file.
  ggml_backend_buffer_type_t plain() const { return plain_; }

  // The first repacked layout that takes a [columns, rows] weight of `type` in a matrix
  // product, or plain().
  ggml_backend_buffer_type_t ForMatrix(ggml_type type, int64_t columns, int64_t rows) const;

 private:
  ggml_backend_dev_t device_;
  ggml_backend_buffer_type_t plain_;
  std::vector<ggml_backend_buffer_type_t> repacked_;
};

}  // namespace leoam
