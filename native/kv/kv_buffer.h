// KV of one sequence in RAM, ready for attention.
//
//   per layer:  K [capacity][kv_heads * head_dim] F16, after bias and RoPE
//               V [capacity][kv_heads * head_dim] F16
//
// Row i is the token at position i: slot and position are the same number, so the
// causal mask of a row at position p is "slots 0..p". One ggml buffer holds all layers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ggml-backend.h"
#include "ggml.h"
#include "leoam/status.h"
#include "leoam/types.h"

namespace leoam {

class KvBuffer {
 public:
  // Capacity is rounded up to a multiple of 256 (ggml's graphs are reused per 256 rows).
  // The memory is zeroed: rows beyond `size` are masked but multiplied.
  static Result<std::unique_ptr<KvBuffer>> Create(const KvShape& shape, size_t capacity_tokens,
                                                  ggml_backend_buffer_type_t type);

  const KvShape& shape() const { return shape_; }
  size_t capacity() const { return capacity_; }

  // Tokens that are valid from the front. Decoder::Run does not change it; callers do.
  size_t size() const { return size_; }
  void set_size(size_t tokens) { size_ = tokens; }

  // [RowValues(), capacity] F16 tensors, owned by the buffer.
  ggml_tensor* k(int layer) const { return k_[layer]; }
  ggml_tensor* v(int layer) const { return v_[layer]; }

  // First value of row `token`; rows of one layer are contiguous. CPU buffers only.
  ggml_fp16_t* k_row(int layer, size_t token) const;
  ggml_fp16_t* v_row(int layer, size_t token) const;

  size_t bytes() const;

  // Never used twice in a process; the decoder keeps graphs by it.
  uint64_t id() const { return id_; }

 private:
  struct ContextDeleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };
  struct BufferDeleter {
    void operator()(ggml_backend_buffer* buffer) const { ggml_backend_buffer_free(buffer); }
  };

  KvBuffer() = default;

  uint64_t id_ = 0;
  KvShape shape_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  std::unique_ptr<ggml_context, ContextDeleter> context_;
  std::unique_ptr<ggml_backend_buffer, BufferDeleter> buffer_;
  std::vector<ggml_tensor*> k_;
  std::vector<ggml_tensor*> v_;
};

}  // namespace leoam
