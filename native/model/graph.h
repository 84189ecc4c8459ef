// The ggml graph of one forward pass, built once per shape and run many times.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ggml-alloc.h"
#include "ggml.h"
#include "kv/kv_buffer.h"
#include "model/attention/attention_op.h"
#include "model/model.h"

namespace leoam {

// Everything that decides the graph's nodes. Equal specs: the same graph serves.
struct GraphSpec {
  // Whose the rows are, in turn: the buffer's id and how many of them.
  std::vector<std::pair<uint64_t, int>> sequences;
  int rows = 0;
  int kv_rows = 0;       // rows of KV that ggml's attention looks at; 0: our kernel
  int logit_rows = 0;    // 0: no output, no feed-forward in the last layer
  int layers = 0;        // from the front
  bool capture = false;  // keep K and V of the rows
  bool tiered = false;   // our kernel also attends to what tiers choose
  std::vector<int> query_layers;

  bool own_attention() const { return kv_rows == 0; }
  bool operator==(const GraphSpec&) const = default;
};

class Graph {
 public:
  // `kvs`: of the sequences; must outlive the graph. `threads`: how many the backend will compute
  // with.
  Graph(const Model& model, const GraphSpec& spec, std::vector<KvBuffer*> kvs, int threads);

  const GraphSpec& spec() const { return spec_; }
  ggml_cgraph* graph() const { return graph_; }

  // Inputs; to be filled before each run. mask is null with our kernel, output_rows
  // without logits.
  ggml_tensor* tokens = nullptr;       // [rows] i32
  ggml_tensor* positions = nullptr;    // [rows] i32
  ggml_tensor* slots = nullptr;        // [rows] i64, row of KV to write
  ggml_tensor* mask = nullptr;         // [kv_rows, rows] f16
  ggml_tensor* output_rows = nullptr;  // [logit_rows] i32

  // Outputs, f32.
  ggml_tensor* logits = nullptr;         // [vocabulary, logit_rows]
  std::vector<ggml_tensor*> captured_k;  // per layer [RowValues, rows]
  std::vector<ggml_tensor*> captured_v;
  std::vector<ggml_tensor*> queries;  // per query layer [head_dim, heads, rows]

  // Of the layers whose attention is computed; empty with ggml's attention.
  std::vector<std::unique_ptr<AttentionOp>>& attention() { return attention_; }

 private:
  struct ContextDeleter {
    void operator()(ggml_context* context) const { ggml_free(context); }
  };

  void AddInputs();
  ggml_tensor* AddNorm(ggml_tensor* x, ggml_tensor* weight);
  ggml_tensor* AddHeads(ggml_tensor* x, ggml_tensor* weight, ggml_tensor* bias, ggml_tensor* norm,
                        int heads, ggml_tensor** before_bias);
  ggml_tensor* AddRope(ggml_tensor* x);
  ggml_tensor* AddGgmlAttention(ggml_tensor* q, int layer);
  ggml_tensor* AddOwnAttention(ggml_tensor* q, ggml_tensor* k_written, ggml_tensor* v_written,
                               int layer);
  ggml_tensor* AddFeedForward(ggml_tensor* x, const LayerWeights& weights);
  // Puts each sequence's rows of `values` into its buffer; returns the last node of that.
  ggml_tensor* AddWrites(ggml_tensor* (KvBuffer::*plane)(int) const, ggml_tensor* values,
                         int layer);
  // Returns the layer's output, or null where nothing needs it.
  ggml_tensor* AddLayer(ggml_tensor* x, int layer);
  void KeepOutput(ggml_tensor* tensor);

  const Model& model_;
  GraphSpec spec_;
  std::vector<KvBuffer*> kvs_;
  int threads_;
  std::unique_ptr<ggml_context, ContextDeleter> context_;
  ggml_cgraph* graph_ = nullptr;
  std::vector<std::unique_ptr<AttentionOp>> attention_;
};

}  // namespace leoam
