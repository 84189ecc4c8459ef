#include "model/buffer_types.h"

#include <memory>

#include "model/cpu_functions.h"

namespace leoam {
namespace {

// Asks with a product that is never computed, over a weight in an empty buffer of the
// layout: that is how ggml lets itself be asked.
bool Accepts(ggml_backend_dev_t device, ggml_backend_buffer_type_t layout, ggml_type type,
             int64_t columns, int64_t rows) {
  constexpr int64_t kSomeTokens = 512;
  std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
      ggml_init({8 * ggml_tensor_overhead(), nullptr, /*no_alloc=*/true}), ggml_free);
  std::unique_ptr<ggml_backend_buffer, decltype(&ggml_backend_buffer_free)> buffer(
      ggml_backend_buft_alloc_buffer(layout, 0), ggml_backend_buffer_free);
  if (buffer == nullptr) {
    return false;
  }
  ggml_tensor* weight = ggml_new_tensor_2d(context.get(), type, columns, rows);
  ggml_tensor* input = ggml_new_tensor_2d(context.get(), GGML_TYPE_F32, columns, kSomeTokens);
  ggml_tensor* product = ggml_mul_mat(context.get(), weight, input);
  weight->buffer = buffer.get();
  return ggml_backend_dev_supports_op(device, product);
}

}  // namespace

BufferTypes::BufferTypes(ggml_backend_dev_t device)
    : device_(device), plain_(ggml_backend_dev_buffer_type(device)) {
  const CpuFunctions functions = FindCpuFunctions(device);
  if (functions.extra_buffer_types == nullptr) {
    return;
  }
  ggml_backend_buffer_type_t* type = functions.extra_buffer_types(device);
  for (; type != nullptr && *type != nullptr; ++type) {
    repacked_.push_back(*type);
  }
}

ggml_backend_buffer_type_t BufferTypes::ForMatrix(ggml_type type, int64_t columns,
                                                  int64_t rows) const {
  for (ggml_backend_buffer_type_t layout : repacked_) {
    if (Accepts(device_, layout, type, columns, rows)) {
      return layout;
    }
  }
  return plain_;
}

}  // namespace leoam
