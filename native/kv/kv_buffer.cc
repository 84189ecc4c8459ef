#include "kv/kv_buffer.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "ggml-alloc.h"
#include "kv/row_kernels.h"

namespace leoam {
namespace {

constexpr size_t kRowsPerStep = 256;

uint64_t NextId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

ggml_type TensorType(KvFormat format) {
  return format == KvFormat::kF16 ? GGML_TYPE_F16 : GGML_TYPE_Q8_0;
}

}  // namespace

Result<std::unique_ptr<KvBuffer>> KvBuffer::Create(const KvShape& shape, size_t capacity_tokens,
                                                   KvFormat format,
                                                   ggml_backend_buffer_type_t type) {
  if (capacity_tokens == 0 || shape.layers <= 0 || shape.RowValues() == 0) {
    return Status(StatusCode::kInvalidArgument, "a KV buffer needs room for at least one token");
  }
  LEOAM_RETURN_IF_ERROR(CheckFormat(shape, format));
  std::unique_ptr<KvBuffer> kv(new KvBuffer);
  kv->id_ = NextId();
  kv->shape_ = shape;
  kv->format_ = format;
  kv->capacity_ = (capacity_tokens + kRowsPerStep - 1) / kRowsPerStep * kRowsPerStep;
  kv->context_.reset(
      ggml_init({2 * shape.layers * ggml_tensor_overhead(), nullptr, /*no_alloc=*/true}));
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (std::vector<ggml_tensor*>* plane : {&kv->k_, &kv->v_}) {
      plane->push_back(ggml_new_tensor_2d(kv->context_.get(), TensorType(format),
                                          static_cast<int64_t>(shape.RowValues()),
                                          static_cast<int64_t>(kv->capacity_)));
    }
  }
  if (!(ggml_backend_buft_is_host(type) ? kv->AllocateLazily(type) : kv->Allocate(type))) {
    return Status(StatusCode::kNoSpace,
                  "not enough memory for the KV of " + std::to_string(capacity_tokens) + " tokens");
  }
  return kv;
}

bool KvBuffer::Allocate(ggml_backend_buffer_type_t type) {
  buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(context_.get(), type));
  if (buffer_ != nullptr) {
    ggml_backend_buffer_clear(buffer_.get(), 0);
  }
  return buffer_ != nullptr;
}

bool KvBuffer::AllocateLazily(ggml_backend_buffer_type_t type) {
  const size_t alignment = ggml_backend_buft_get_alignment(type);
  size_t bytes = 0;
  for (const std::vector<ggml_tensor*>* plane : {&k_, &v_}) {
    for (const ggml_tensor* tensor : *plane) {
      bytes += GGML_PAD(ggml_nbytes(tensor), alignment);
    }
  }
  // Nothing else gives zeroes that are provided when they are written.
  memory_.reset(std::calloc(bytes + alignment, 1));  // NOLINT(cppcoreguidelines-no-malloc)
  if (memory_ == nullptr) {
    return false;
  }
  void* aligned = memory_.get();
  size_t room = bytes + alignment;
  if (std::align(alignment, bytes, aligned, room) == nullptr) {
    return false;
  }
  buffer_.reset(ggml_backend_cpu_buffer_from_ptr(aligned, bytes));
  ggml_tallocr allocator = ggml_tallocr_new(buffer_.get());
  for (const std::vector<ggml_tensor*>* plane : {&k_, &v_}) {
    for (ggml_tensor* tensor : *plane) {
      if (ggml_tallocr_alloc(&allocator, tensor) != GGML_STATUS_SUCCESS) {
        return false;
      }
    }
  }
  return true;
}

Status KvBuffer::CheckFormat(const KvShape& shape, KvFormat format) {
  if (format == KvFormat::kQ8 && shape.head_dim % kQ8BlockValues != 0) {
    return Status(StatusCode::kUnsupported,
                  "This model's heads of " + std::to_string(shape.head_dim) +
                      " values do not fill 8-bit blocks of " + std::to_string(kQ8BlockValues) +
                      "; keep its KV in F16.");
  }
  return Status::Ok();
}

void KvBuffer::ReadKey(int layer, size_t token, int kv_head, float* out) const {
  ReadHead(k_row(layer, token), kv_head, out);
}

void KvBuffer::ReadValue(int layer, size_t token, int kv_head, float* out) const {
  ReadHead(v_row(layer, token), kv_head, out);
}

void KvBuffer::WriteKeys(int layer, size_t token, const float* row) {
  EncodeKvRow(format_, row, shape_.RowValues(), k_row(layer, token));
}

void KvBuffer::WriteValues(int layer, size_t token, const float* row) {
  EncodeKvRow(format_, row, shape_.RowValues(), v_row(layer, token));
}

void KvBuffer::ReadHead(const uint8_t* row, int kv_head, float* out) const {
  const auto head_dim = static_cast<size_t>(shape_.head_dim);
  const uint8_t* head = row + KvBytes(format_, static_cast<size_t>(kv_head) * head_dim);
  DecodeKvRow(format_, head, head_dim, out);
}

void DecodeKvRow(KvFormat format, const uint8_t* row, size_t count, float* values) {
  if (format == KvFormat::kF16) {
    BestRowKernels().to_float(reinterpret_cast<const uint16_t*>(row), count, values);
  } else {
    ggml_get_type_traits(GGML_TYPE_Q8_0)->to_float(row, values, static_cast<int64_t>(count));
  }
}

void EncodeKvRow(KvFormat format, const float* values, size_t count, uint8_t* row) {
  if (format == KvFormat::kF16) {
    BestRowKernels().to_half(values, count, reinterpret_cast<uint16_t*>(row));
  } else {
    BestRowKernels().to_q8(values, count, row);
  }
}

size_t KvBuffer::bytes() const { return ggml_backend_buffer_get_size(buffer_.get()); }

}  // namespace leoam
