#include "model/attention/attention_op.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <thread>

namespace leoam {
namespace {

constexpr size_t kAlignment = 64 / sizeof(float);
constexpr float kLog2E = 1.44269504088896F;
// Waiting so often takes about as long as a choice does whose blocks are all in RAM.
constexpr int kYields = 200;

void RunJudge(ggml_tensor* out, int thread, int threads, void* user) {
  static_cast<AttentionOp*>(user)->Judge(static_cast<const float*>(out->src[0]->data), thread,
                                         threads);
}

void RunChoose(ggml_tensor* /*out*/, int thread, int /*threads*/, void* user) {
  auto* op = static_cast<AttentionOp*>(user);
  if (thread == 0) {
    op->Choose();
  } else {
    op->AwaitChoice();
  }
}

void RunParts(ggml_tensor* out, int thread, int threads, void* user) {
  static_cast<AttentionOp*>(user)->ComputePart(static_cast<const float*>(out->src[0]->data),
                                               static_cast<float*>(out->data), thread, threads);
}

void RunJoin(ggml_tensor* out, int thread, int threads, void* user) {
  static_cast<AttentionOp*>(user)->Join(static_cast<const float*>(out->src[0]->data),
                                        static_cast<float*>(out->data), thread, threads);
}

}  // namespace

AttentionOp::AttentionOp(const AttentionShape& shape, int threads, int layer,
                         const AttentionKernel& kernel)
    : shape_(shape), threads_(threads), layer_(layer), kernel_(kernel) {
  scratch_.resize(AttentionScratchValues(shape.head_dim) * threads + kAlignment);
}

void AttentionOp::SetMass(float* mass) {
  mass_ = mass;
  ClearWeights();
}

void AttentionOp::ClearWeights() {
  if (mass_ != nullptr) {
    // Zeros stand for chunks that a row does not see.
    weights_.assign(2 * chunks_.size() * shape_.rows * shape_.heads, 0.0F);
  }
}

bool AttentionOp::Supports(int head_dim) { return head_dim % 16 == 0; }

ggml_tensor* AttentionOp::AddTo(ggml_context* context, ggml_tensor* q, ggml_tensor* k_written,
                                ggml_tensor* v_written) {
  ggml_tensor* inputs[] = {q, k_written, v_written, nullptr, nullptr};
  int count = 3;
  if (shape_.tiered) {
    for (const auto run : {RunJudge, RunChoose}) {
      inputs[count] = ggml_custom_4d(context, GGML_TYPE_F32, 1, 1, 1, 1, inputs, count, run,
                                     GGML_N_TASKS_MAX, this);
      ++count;
    }
  }
  ggml_tensor* partials =
      ggml_custom_4d(context, GGML_TYPE_F32, static_cast<int64_t>(PartialValues()), shape_.heads,
                     shape_.rows, threads_, inputs, count, RunParts, GGML_N_TASKS_MAX, this);
  return ggml_custom_4d(context, GGML_TYPE_F32,
                        static_cast<int64_t>(shape_.head_dim) * shape_.heads, shape_.rows, 1, 1,
                        &partials, 1, RunJoin, GGML_N_TASKS_MAX, this);
}

void AttentionOp::SetChunks(std::vector<KvChunk> chunks, std::span<const int32_t> visible) {
  chunks_ = std::move(chunks);
  visible_ = visible;
  tiered_ = nullptr;
  tiered_tokens_ = 0;
  tiered_mass_.clear();
  CountTokens();
}

void AttentionOp::SetTiered(TieredKv* tiered, Status* status) {
  set_chunks_ = chunks_;
  tiered_ = tiered;
  chosen_ = false;
  status_ = status;
}

void AttentionOp::Judge(const float* q, int thread, int threads) {
  if (status_->ok()) {
    tiered_->Judge(layer_, q, shape_.rows, thread, threads);
  }
}

void AttentionOp::Choose() {
  chunks_.clear();
  if (status_->ok()) {
    *status_ = tiered_->Choose(layer_, &chunks_);
  }
  tiered_mass_.assign(chunks_.size(), 0.0F);
  tiered_tokens_ = 0;
  for (const KvChunk& chunk : chunks_) {
    tiered_tokens_ += static_cast<size_t>(chunk.tokens);
  }
  chunks_.insert(chunks_.end(), set_chunks_.begin(), set_chunks_.end());
  CountTokens();
  ClearWeights();
  chosen_ = true;
  chosen_.notify_all();
}

void AttentionOp::AwaitChoice() const {
  for (int i = 0; i < kYields && !chosen_; ++i) {
    std::this_thread::yield();
  }
  chosen_.wait(false);
}

void AttentionOp::CountTokens() {
  first_token_.resize(chunks_.size());
  size_t first = 0;
  for (size_t i = 0; i < chunks_.size(); ++i) {
    first_token_[i] = first;
    first += chunks_[i].tokens;
  }
}

void AttentionOp::ComputePart(const float* q, float* partials, int thread, int threads) {
  assert(threads <= threads_);
  const size_t row_heads = static_cast<size_t>(shape_.rows) * shape_.heads;
  float* part = partials + row_heads * PartialValues() * thread;
  std::fill(part, part + row_heads * PartialValues(), 0.0F);
  for (size_t i = 0; i < row_heads; ++i) {
    part[i * PartialValues() + shape_.head_dim] = kNoMaximum;
  }
  void* aligned = scratch_.data();
  size_t space = scratch_.size() * sizeof(float);
  std::align(64, sizeof(float), aligned, space);
  float* scratch = static_cast<float*>(aligned) + AttentionScratchValues(shape_.head_dim) * thread;

  // Heads of one chunk follow each other: their rows lie side by side in memory.
  const size_t items = chunks_.size() * shape_.kv_heads;
  const size_t end = items * (thread + 1) / threads;
  for (size_t item = items * thread / threads; item < end; ++item) {
    AttendItem(q, part, item / shape_.kv_heads, static_cast<int>(item % shape_.kv_heads), scratch);
  }
}

void AttentionOp::AttendItem(const float* q, float* part, size_t chunk, int kv_head,
                             float* scratch) {
  const int queries = shape_.heads / shape_.kv_heads;
  const KvChunk& source = chunks_[chunk];
  AttentionTask task;
  const size_t head_offset = KvBytes(source.format, static_cast<size_t>(kv_head) * shape_.head_dim);
  task.format = source.format;
  task.k = static_cast<const uint8_t*>(source.k) + head_offset;
  task.v = static_cast<const uint8_t*>(source.v) + head_offset;
  task.stride = source.stride;
  if (chunk + 1 < chunks_.size() && chunks_[chunk + 1].tokens >= source.tokens &&
      chunks_[chunk + 1].stride == source.stride) {
    const KvChunk& next = chunks_[chunk + 1];
    task.next_k = static_cast<const uint8_t*>(next.k) + head_offset;
    task.next_v = static_cast<const uint8_t*>(next.v) + head_offset;
  }
  task.head_dim = shape_.head_dim;
  task.scale = kLog2E / std::sqrt(static_cast<float>(shape_.head_dim));
  task.queries = queries;
  task.sums_stride = PartialValues();
  task.scratch = scratch;
  task.call = shape_.rows == 1 ? AttentionTask::Call::kOnly : AttentionTask::Call::kFirst;
  // From the last row to the first: the last one sees most, so that its converted keys
  // and values serve the others.
  for (int row = shape_.rows - 1; row >= 0; --row) {
    const int64_t seen = static_cast<int64_t>(tiered_tokens_) + visible_[row] -
                         static_cast<int64_t>(first_token_[chunk]);
    task.tokens = static_cast<int>(std::min<int64_t>(seen, source.tokens));
    if (task.tokens <= 0) {
      break;
    }
    const size_t head = static_cast<size_t>(row) * shape_.heads + kv_head * queries;
    task.q = q + head * shape_.head_dim;
    task.sums = part + head * PartialValues();
    if (mass_ != nullptr) {
      const size_t row_heads = static_cast<size_t>(shape_.rows) * shape_.heads;
      task.chunk_weights = weights_.data() + 2 * (chunk * row_heads + head);
    }
    kernel_.attend(task);
    task.call = AttentionTask::Call::kNext;
  }
}

void AttentionOp::Join(const float* partials, float* out, int thread, int threads) {
  const size_t row_heads = static_cast<size_t>(shape_.rows) * shape_.heads;
  const auto part = [&](int t, size_t row_head) {
    return partials + (row_heads * t + row_head) * PartialValues();
  };
  // Softmax over all parts: their maximum, and the sum of weights under it.
  const auto total = [&](size_t row_head) {
    float maximum = kNoMaximum;
    for (int t = 0; t < threads_; ++t) {
      maximum = std::max(maximum, part(t, row_head)[shape_.head_dim]);
    }
    float sum = 0.0F;
    for (int t = 0; t < threads_; ++t) {
      const float* p = part(t, row_head) + shape_.head_dim;
      sum += p[1] * std::exp2(p[0] - maximum);
    }
    return std::pair(maximum, sum);
  };

  for (size_t row_head = thread; row_head < row_heads; row_head += threads) {
    const auto [maximum, sum] = total(row_head);
    float* to = out + row_head * shape_.head_dim;
    std::fill(to, to + shape_.head_dim, 0.0F);
    for (int t = 0; t < threads_; ++t) {
      const float* from = part(t, row_head);
      const float factor = std::exp2(from[shape_.head_dim] - maximum) / sum;
      for (int i = 0; i < shape_.head_dim; ++i) {
        to[i] += factor * from[i];
      }
    }
  }

  if (mass_ == nullptr) {
    return;
  }
  for (size_t row_head = 0; row_head < row_heads; ++row_head) {
    const auto [maximum, sum] = total(row_head);
    for (size_t chunk = thread; chunk < chunks_.size(); chunk += threads) {
      const float* weight = weights_.data() + 2 * (chunk * row_heads + row_head);
      const size_t chosen = tiered_mass_.size();
      float* to = chunk < chosen ? &tiered_mass_[chunk] : mass_ + (chunk - chosen);
      *to += weight[1] * std::exp2(weight[0] - maximum) / sum;
    }
  }
}

}  // namespace leoam
