// KV of one sequence in RAM, ready for attention.
//
//   per layer:  K [capacity][kv_heads * head_dim], after bias and RoPE
//               V [capacity][kv_heads * head_dim]
//
// Rows are F16, or blocks of 8-bit values with a scale each (KvFormat), 53 % of the bytes.
//
// Row i is the token at position i: slot and position are the same number, so the
// causal mask of a row at position p is "slots 0..p". One ggml buffer holds all layers.
// A gap leaves out positions whose KV lies in tiers: rows behind it stand for later ones.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "ggml-backend.h"
#include "ggml.h"
#include "leoam/kv_format.h"
#include "leoam/status.h"
#include "leoam/types.h"

namespace leoam {

// Encodes `count` finite values of a row; with kQ8 a multiple of a block.
void EncodeKvRow(KvFormat format, const float* values, size_t count, uint8_t* row);

// And back.
void DecodeKvRow(KvFormat format, const uint8_t* row, size_t count, float* values);

class KvBuffer {
 public:
  // Capacity is rounded up to a multiple of 256 (ggml's graphs are reused per 256 rows).
  // The memory is zeroed: rows beyond `size` are masked but multiplied. On the CPU it is taken as
  // rows are written.
  static Result<std::unique_ptr<KvBuffer>> Create(const KvShape& shape, size_t capacity_tokens,
                                                  KvFormat format, ggml_backend_buffer_type_t type);

  // kUnsupported when heads of this shape cannot be held in `format`.
  static Status CheckFormat(const KvShape& shape, KvFormat format);

  const KvShape& shape() const { return shape_; }
  KvFormat format() const { return format_; }
  size_t capacity() const { return capacity_; }

  // Tokens that are valid from the front. Decoder::Run does not change it; callers do.
  size_t size() const { return size_; }
  void set_size(size_t tokens) { size_ = tokens; }

  // Positions [begin, begin + tokens) are not here. Only while no row from `begin` on is used.
  void set_gap(size_t begin, size_t tokens) {
    gap_begin_ = begin;
    gap_tokens_ = tokens;
  }
  size_t gap_begin() const { return gap_begin_; }
  size_t gap_tokens() const { return gap_tokens_; }
  // Between rows and the positions that they stand for; a position in the gap has no row.
  size_t Row(size_t position) const {
    return position < gap_begin_ ? position : position - gap_tokens_;
  }
  size_t Position(size_t row) const { return row < gap_begin_ ? row : row + gap_tokens_; }
  bool InGap(size_t position) const {
    return position >= gap_begin_ && position - gap_begin_ < gap_tokens_;
  }

  // [RowValues(), capacity] tensors, owned by the buffer.
  ggml_tensor* k(int layer) const { return k_[layer]; }
  ggml_tensor* v(int layer) const { return v_[layer]; }

  // Row `token` as it lies there; rows of one layer are contiguous. CPU buffers only.
  uint8_t* k_row(int layer, size_t token) const { return RowData(k_[layer], token); }
  uint8_t* v_row(int layer, size_t token) const { return RowData(v_[layer], token); }
  size_t row_bytes() const { return KvBytes(format_, shape_.RowValues()); }

  // Values of row `token` for one KV head, [head_dim]. CPU buffers only.
  void ReadKey(int layer, size_t token, int kv_head, float* out) const;
  void ReadValue(int layer, size_t token, int kv_head, float* out) const;

  // Encodes [RowValues()] finite values into row `token`. CPU buffers only.
  void WriteKeys(int layer, size_t token, const float* row);
  void WriteValues(int layer, size_t token, const float* row);

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

  struct MemoryDeleter {
    void operator()(void* memory) const {
      std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): of calloc
    }
  };

  KvBuffer() = default;

  // Zeroed memory for all tensors; false where there is none. Lazily: the system provides a page
  // once it is written, so that a long conversation's room costs nothing before it is used.
  bool Allocate(ggml_backend_buffer_type_t type);
  bool AllocateLazily(ggml_backend_buffer_type_t type);

  uint8_t* RowData(const ggml_tensor* plane, size_t token) const {
    return static_cast<uint8_t*>(plane->data) + token * row_bytes();
  }
  void ReadHead(const uint8_t* row, int kv_head, float* out) const;

  uint64_t id_ = 0;
  KvShape shape_;
  KvFormat format_ = KvFormat::kF16;
  size_t capacity_ = 0;
  size_t size_ = 0;
  size_t gap_begin_ = 0;
  size_t gap_tokens_ = 0;
  std::unique_ptr<void, MemoryDeleter> memory_;  // of buffer_, on the CPU
  std::unique_ptr<ggml_context, ContextDeleter> context_;
  std::unique_ptr<ggml_backend_buffer, BufferDeleter> buffer_;
  std::vector<ggml_tensor*> k_;
  std::vector<ggml_tensor*> v_;
};

}  // namespace leoam
