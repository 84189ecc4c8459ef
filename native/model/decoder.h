// The decoder graph: one table-driven transformer for the llama, qwen2 and qwen3
// families. Not thread-safe: it belongs to the engine thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kv/codec.h"
#include "kv/kv_buffer.h"
#include "leoam/status.h"
#include "leoam/types.h"
#include "model/model.h"
#include "model/tiered_kv.h"

namespace leoam {

enum class Attention {
  kAuto,  // ggml's for ubatches, ours for at most kOwnKernelRows rows
  kGgml,  // ggml_flash_attn_ext always: bit-identical with libllama in the same mode
  kOwn,   // our chunk-pointer kernel always
};

// ggml tiles its attention from as many queries on; below, it reads K and V anew for each.
inline constexpr int kOwnKernelRows = 64;
// Tokens of one chunk pointer that the decode kernel gets (contiguous rows).
inline constexpr int kKernelChunkTokens = 64;

// Rows of a pass that follow each other and belong to one buffer.
struct SequenceRows {
  KvBuffer* kv = nullptr;
  int rows = 0;
};

// One forward pass over up to kUbatchTokens rows.
struct DecodeRequest {
  std::span<const Token> tokens;
  // Ascending in a sequence. Row r writes the KV row of positions[r] and attends to all up to it.
  // They need not be consecutive: repair recomputes scattered rows in place.
  std::span<const int32_t> positions;
  KvBuffer* kv = nullptr;
  // Several sequences in one pass, which read weights and tiers once for all: whose the rows are,
  // in turn, each another buffer's. Implies kOwn. Empty: all rows are of `kv`.
  std::span<const SequenceRows> sequences;

  // What lies in the gap of each buffer; null where they have none. Implies kOwn.
  TieredKv* tiered = nullptr;
  bool all_tiered = true;  // it takes part as a whole, else what is chosen of it

  // Rows (indices into tokens, ascending) whose logits are wanted; may be empty: then the
  // last layer's feed-forward and the output are skipped.
  std::span<const int32_t> logit_rows;
  std::vector<float>* logits = nullptr;  // resized to logit_rows.size() * vocabulary

  // Appends K (before RoPE, without bias) and V of these rows. May be null.
  SegmentKv* capture = nullptr;

  // Queries of the named layers after bias and norm, before RoPE:
  // queries[i] becomes [row][heads * head_dim] of query_layers[i]. May be empty.
  std::span<const int> query_layers;
  std::vector<std::vector<float>>* queries = nullptr;

  // Layers to run, from the front; 0 means all. Fewer: no logits.
  int layers = 0;

  Attention attention = Attention::kAuto;

  // With our kernel: attention mass of each kKernelChunkTokens-chunk of each sequence in turn, up
  // to its last row's, summed over layers, heads and rows; the tiers are told of theirs. May be
  // null.
  std::vector<float>* chunk_mass = nullptr;

  // Polled inside the graph; true ends the pass with kCancelled. Rows already written may
  // hold anything then: run them again or truncate. May be empty.
  std::function<bool()> should_abort;
};

class Decoder {
 public:
  // `threads`: for this decoder's own ggml threadpool.
  static Result<std::unique_ptr<Decoder>> Create(const Model& model, const CpuBackend& backend,
                                                 int threads);
  virtual ~Decoder() = default;

  virtual Status Run(const DecodeRequest& request) = 0;

  // A KvBuffer in the memory this decoder computes from. A pass works with either format.
  virtual Result<std::unique_ptr<KvBuffer>> NewKvBuffer(size_t capacity_tokens,
                                                        KvFormat format) = 0;
};

}  // namespace leoam
