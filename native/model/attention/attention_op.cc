#include "model/attention/attention_op.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <thread>

#include "model/attention/sums.h"

namespace leoam {
namespace {

constexpr size_t kAlignment = 64 / sizeof(float);
constexpr float kLog2E = 1.44269504088896F;
// Waiting so often takes about as long as a choice does whose blocks are all in RAM.
constexpr int kYields = 200;

const float* DataOf(const ggml_tensor* tensor) { return static_cast<const float*>(tensor->data); }

// Sources of the nodes: q, then K and V as written, then with tiers the nodes before.
constexpr int kSetPartials = 3;

void RunSetParts(ggml_tensor* out, int thread, int threads, void* user) {
  static_cast<AttentionOp*>(user)->ComputeSetPart(DataOf(out->src[0]),
                                                  static_cast<float*>(out->data), thread, threads);
}

void RunJudge(ggml_tensor* out, int thread, int threads, void* user) {
  static_cast<AttentionOp*>(user)->Judge(DataOf(out->src[0]), DataOf(out->src[kSetPartials]),
                                         thread, threads);
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
  const ggml_tensor* set_partials = out->src[kSetPartials];
  static_cast<AttentionOp*>(user)->ComputePart(
      DataOf(out->src[0]), set_partials == nullptr ? nullptr : DataOf(set_partials),
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
  ClearWeights(0);
}

void AttentionOp::ClearWeights(size_t first_chunk) {
  if (mass_ != nullptr) {
    // Zeros stand for chunks that a row does not see.
    const size_t of_chunk = 2 * static_cast<size_t>(shape_.rows) * shape_.heads;
    weights_.resize(first_chunk * of_chunk);
    weights_.resize(chunks_.size() * of_chunk, 0.0F);
  }
}

bool AttentionOp::Supports(int head_dim) { return head_dim % 16 == 0; }

ggml_tensor* AttentionOp::AddTo(ggml_context* context, ggml_tensor* q, ggml_tensor* k_written,
                                ggml_tensor* v_written) {
  ggml_tensor* inputs[] = {q, k_written, v_written, nullptr, nullptr, nullptr};
  int count = kSetPartials;
  const auto values = static_cast<int64_t>(PartialValues());
  if (shape_.tiered) {
    inputs[count] = ggml_custom_4d(context, GGML_TYPE_F32, values, shape_.heads, shape_.rows,
                                   threads_, inputs, count, RunSetParts, GGML_N_TASKS_MAX, this);
    ++count;
    for (const auto run : {RunJudge, RunChoose}) {
      inputs[count] = ggml_custom_4d(context, GGML_TYPE_F32, 1, 1, 1, 1, inputs, count, run,
                                     GGML_N_TASKS_MAX, this);
      ++count;
    }
  }
  ggml_tensor* partials = ggml_custom_4d(context, GGML_TYPE_F32, values, shape_.heads, shape_.rows,
                                         threads_, inputs, count, RunParts, GGML_N_TASKS_MAX, this);
  return ggml_custom_4d(context, GGML_TYPE_F32,
                        static_cast<int64_t>(shape_.head_dim) * shape_.heads, shape_.rows, 1, 1,
                        &partials, 1, RunJoin, GGML_N_TASKS_MAX, this);
}

void AttentionOp::SetChunks(std::vector<KvChunk> chunks, std::span<const int32_t> visible,
                            std::span<const size_t> first_chunks) {
  chunks_ = std::move(chunks);
  set_count_ = chunks_.size();
  visible_ = visible;
  first_chunks_ = first_chunks;
  tiered_ = nullptr;
  tiered_mass_.clear();
  CountTokens();
}

void AttentionOp::SetTiered(TieredKv* tiered, Status* status) {
  tiered_ = tiered;
  chosen_ = false;
  status_ = status;
}

void AttentionOp::Judge(const float* q, const float* partials, int thread, int threads) {
  if (!status_->ok()) {
    return;
  }
  const size_t row_heads = static_cast<size_t>(shape_.rows) * shape_.heads;
  tiered_->Judge(layer_, q, shape_.rows, {partials, row_heads, threads_, shape_.head_dim}, thread,
                 threads);
}

void AttentionOp::Choose() {
  chunks_.resize(set_count_);
  if (status_->ok()) {
    *status_ = tiered_->Choose(layer_, &chunks_);
  }
  tiered_mass_.assign(chunks_.size() - set_count_, 0.0F);
  ClearWeights(set_count_);
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

int64_t AttentionOp::SeenFrom(size_t chunk, int row) const {
  const size_t first = first_chunks_.empty() ? 0 : first_chunks_[row];
  return chunk < first ? 0
                       : visible_[row] - static_cast<int64_t>(first_token_[chunk]) +
                             static_cast<int64_t>(first_token_[first]);
}

void AttentionOp::ComputeSetPart(const float* q, float* partials, int thread, int threads) {
  const size_t row_heads = static_cast<size_t>(shape_.rows) * shape_.heads;
  float* part = partials + row_heads * PartialValues() * thread;
  std::fill(part, part + row_heads * PartialValues(), 0.0F);
  for (size_t i = 0; i < row_heads; ++i) {
    part[i * PartialValues() + shape_.head_dim] = kNoMaximum;
  }
  AttendChunks(q, part, 0, set_count_, thread, threads);
}

void AttentionOp::ComputePart(const float* q, const float* set_partials, float* partials,
                              int thread, int threads) {
  if (set_partials == nullptr) {
    ComputeSetPart(q, partials, thread, threads);
    return;
  }
  const size_t values = static_cast<size_t>(shape_.rows) * shape_.heads * PartialValues();
  float* part = partials + values * thread;
  std::copy_n(set_partials + values * thread, values, part);
  AttendChunks(q, part, set_count_, chunks_.size(), thread, threads);
}

void AttentionOp::AttendChunks(const float* q, float* part, size_t first, size_t end, int thread,
                               int threads) {
  assert(threads <= threads_);
  void* aligned = scratch_.data();
  size_t space = scratch_.size() * sizeof(float);
  std::align(64, sizeof(float), aligned, space);
  float* scratch = static_cast<float*>(aligned) + AttentionScratchValues(shape_.head_dim) * thread;

  // Heads of one chunk follow each other: their rows lie side by side in memory.
  const size_t items = (end - first) * shape_.kv_heads;
  const size_t last = items * (thread + 1) / threads;
  for (size_t item = items * thread / threads; item < last; ++item) {
    AttendItem(q, part, first + item / shape_.kv_heads, static_cast<int>(item % shape_.kv_heads),
               scratch);
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
  // From the last row to the first: of those that see it the last one sees most, so that its
  // converted keys and values serve the others.
  for (int row = shape_.rows - 1; row >= 0; --row) {
    // Every row sees what tiers chose.
    const int64_t seen = chunk < set_count_ ? SeenFrom(chunk, row) : source.tokens;
    task.tokens = static_cast<int>(std::min<int64_t>(seen, source.tokens));
    if (task.tokens <= 0) {
      continue;
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
  const AttentionSums sums = {partials, row_heads, threads_, shape_.head_dim};

  for (size_t row_head = thread; row_head < row_heads; row_head += threads) {
    const auto [maximum, sum] = sums.Total(row_head);
    float* to = out + row_head * shape_.head_dim;
    std::fill(to, to + shape_.head_dim, 0.0F);
    for (int t = 0; t < threads_; ++t) {
      const float* from = sums.Part(t, row_head);
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
    const auto [maximum, sum] = sums.Total(row_head);
    for (size_t chunk = thread; chunk < chunks_.size(); chunk += threads) {
      const float* weight = weights_.data() + 2 * (chunk * row_heads + row_head);
      float* to = chunk < set_count_ ? mass_ + chunk : &tiered_mass_[chunk - set_count_];
      *to += weight[1] * std::exp2(weight[0] - maximum) / sum;
    }
  }
}

}  // namespace leoam
