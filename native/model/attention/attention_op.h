// Our attention as nodes of a ggml graph: each thread takes a part of the chunks and
// leaves a partial softmax, a second node joins the parts.
//
// Each chunk of K and V is read once for all query heads that share its KV head, wherever
// it lies; nothing is gathered or copied.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "ggml.h"
#include "leoam/status.h"
#include "model/attention/kernel.h"
#include "model/tiered_kv.h"

namespace leoam {

struct AttentionShape {
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int rows = 0;
  bool tiered = false;  // a part of what is attended to is chosen by the queries
};

class AttentionOp {
 public:
  AttentionOp(const AttentionShape& shape, int threads, int layer,
              const AttentionKernel& kernel = BestAttentionKernel());

  // Can our kernel compute this shape? The head's size must be a multiple of 16.
  static bool Supports(int head_dim);

  // Adds the nodes that attend with q [head_dim, heads, rows] (after RoPE); the result is
  // [head_dim * heads, rows]. `k_written` and `v_written` only order the graph. This
  // object must outlive the graph.
  ggml_tensor* AddTo(ggml_context* context, ggml_tensor* q, ggml_tensor* k_written,
                     ggml_tensor* v_written);

  int layer() const { return layer_; }

  // What the next run attends to. Row r sees the first visible[r] tokens, at least one, counted
  // over the chunks in their order from first_chunks[r] on, or from the first one where that is
  // empty. Of rows that see the same chunk a later one sees no less of it. Both spans must stay
  // alive until the run is over.
  void SetChunks(std::vector<KvChunk> chunks, std::span<const int32_t> visible,
                 std::span<const size_t> first_chunks = {});
  // What is attended to besides these chunks in the next run. `status` is shared by the layers of
  // a pass: what fails is told there, and nothing is chosen any more. Both must outlive the run.
  void SetTiered(TieredKv* tiered, Status* status);
  // Adds each chunk's share of the attention, summed over heads and rows, to mass[chunk]
  // in the next run; null: not wanted. Call it last. Of what tiers chose tiered_mass tells.
  void SetMass(float* mass);
  std::span<const float> tiered_mass() const { return tiered_mass_; }

  // With tiers, before the two steps: what was set is attended to, all threads judge what else
  // matters beside that, then one chooses. `partials` as below, of a tensor of its own.
  void ComputeSetPart(const float* q, float* partials, int thread, int threads);
  void Judge(const float* q, const float* partials, int thread, int threads);
  void Choose();
  // The other threads meanwhile: they leave their cores to those that read blocks.
  void AwaitChoice() const;
  // The two steps, for tests and for ggml's threads. `partials` holds
  // [threads][rows][heads] of head_dim sums, then the maximum and the sum of weights. With tiers
  // `set_partials` are those that ComputeSetPart has left.
  void ComputePart(const float* q, const float* set_partials, float* partials, int thread,
                   int threads);
  void Join(const float* partials, float* out, int thread, int threads);

  size_t PartialValues() const { return static_cast<size_t>(shape_.head_dim) + 2; }

 private:
  void CountTokens();
  // Tokens of a chunk that was set and those behind it that the row sees; may be negative.
  int64_t SeenFrom(size_t chunk, int row) const;
  void ClearWeights(size_t first_chunk);
  // Adds chunks [first, end) to a thread's part.
  void AttendChunks(const float* q, float* part, size_t first, size_t end, int thread, int threads);
  void AttendItem(const float* q, float* part, size_t chunk, int kv_head, float* scratch);

  AttentionShape shape_;
  int threads_;
  int layer_;
  const AttentionKernel& kernel_;
  std::vector<KvChunk> chunks_;      // those that were set, then of the tiers
  size_t set_count_ = 0;             // how many were set
  std::vector<size_t> first_token_;  // of each that was set
  std::span<const int32_t> visible_;
  std::span<const size_t> first_chunks_;
  TieredKv* tiered_ = nullptr;
  Status* status_ = nullptr;
  std::atomic<bool> chosen_ = false;  // in this pass
  std::vector<float> tiered_mass_;
  float* mass_ = nullptr;
  std::vector<float> weights_;  // [chunk][row][head] of (maximum, sum), for the mass
  std::vector<float> scratch_;  // kernel_scratch values per thread
};

}  // namespace leoam
