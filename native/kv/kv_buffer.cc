#include "kv/kv_buffer.h"

#include <atomic>
#include <string>

#include "ggml-alloc.h"

namespace leoam {
namespace {

constexpr size_t kRowsPerStep = 256;

uint64_t NextId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1);
}

}  // namespace

Result<std::unique_ptr<KvBuffer>> KvBuffer::Create(const KvShape& shape, size_t capacity_tokens,
                                                   ggml_backend_buffer_type_t type) {
  if (capacity_tokens == 0 || shape.layers <= 0 || shape.RowValues() == 0) {
    return Status(StatusCode::kInvalidArgument, "a KV buffer needs room for at least one token");
  }
  std::unique_ptr<KvBuffer> kv(new KvBuffer);
  kv->id_ = NextId();
  kv->shape_ = shape;
  kv->capacity_ = (capacity_tokens + kRowsPerStep - 1) / kRowsPerStep * kRowsPerStep;
  kv->context_.reset(
      ggml_init({2 * shape.layers * ggml_tensor_overhead(), nullptr, /*no_alloc=*/true}));
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (std::vector<ggml_tensor*>* plane : {&kv->k_, &kv->v_}) {
      plane->push_back(ggml_new_tensor_2d(kv->context_.get(), GGML_TYPE_F16,
                                          static_cast<int64_t>(shape.RowValues()),
                                          static_cast<int64_t>(kv->capacity_)));
    }
  }
  kv->buffer_.reset(ggml_backend_alloc_ctx_tensors_from_buft(kv->context_.get(), type));
  if (kv->buffer_ == nullptr) {
    return Status(StatusCode::kNoSpace,
                  "not enough memory for the KV of " + std::to_string(capacity_tokens) + " tokens");
  }
  ggml_backend_buffer_clear(kv->buffer_.get(), 0);
  return kv;
}

ggml_fp16_t* KvBuffer::k_row(int layer, size_t token) const {
  return static_cast<ggml_fp16_t*>(k_[layer]->data) + token * shape_.RowValues();
}

ggml_fp16_t* KvBuffer::v_row(int layer, size_t token) const {
  return static_cast<ggml_fp16_t*>(v_[layer]->data) + token * shape_.RowValues();
}

size_t KvBuffer::bytes() const { return ggml_backend_buffer_get_size(buffer_.get()); }

}  // namespace leoam
