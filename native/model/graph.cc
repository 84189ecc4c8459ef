#include "model/graph.h"

#include <algorithm>
#include <cmath>

namespace leoam {
namespace {

// Nodes of a layer, generously, those of them that write a sequence's rows, and those outside the
// layers.
constexpr size_t kNodesPerLayer = 48;
constexpr size_t kNodesPerSequence = 6;
constexpr size_t kOtherNodes = 64;

}  // namespace

Graph::Graph(const Model& model, const GraphSpec& spec, std::vector<KvBuffer*> kvs, int threads)
    : model_(model), spec_(spec), kvs_(std::move(kvs)), threads_(threads) {
  const size_t nodes =
      (kNodesPerLayer + kNodesPerSequence * kvs_.size()) * spec_.layers + kOtherNodes;
  const size_t bytes = nodes * ggml_tensor_overhead() + ggml_graph_overhead_custom(nodes, false);
  context_.reset(ggml_init({bytes, nullptr, /*no_alloc=*/true}));
  graph_ = ggml_new_graph_custom(context_.get(), nodes, /*grads=*/false);

  AddInputs();
  ggml_tensor* x = ggml_get_rows(context_.get(), model_.token_embedding(), tokens);
  for (int layer = 0; layer < spec_.layers; ++layer) {
    x = AddLayer(x, layer);
  }
  if (spec_.logit_rows > 0) {
    x = AddNorm(x, model_.output_norm());
    logits = ggml_mul_mat(context_.get(), model_.output(), x);
    KeepOutput(logits);
  }
}

void Graph::AddInputs() {
  const auto input = [&](ggml_type type, int64_t columns, int64_t rows) {
    ggml_tensor* tensor = ggml_new_tensor_2d(context_.get(), type, columns, rows);
    ggml_set_input(tensor);
    return tensor;
  };
  tokens = input(GGML_TYPE_I32, spec_.rows, 1);
  positions = input(GGML_TYPE_I32, spec_.rows, 1);
  slots = input(GGML_TYPE_I64, spec_.rows, 1);
  if (!spec_.own_attention()) {
    mask = input(GGML_TYPE_F16, spec_.kv_rows, spec_.rows);
  }
  if (spec_.logit_rows > 0) {
    output_rows = input(GGML_TYPE_I32, spec_.logit_rows, 1);
  }
}

ggml_tensor* Graph::AddNorm(ggml_tensor* x, ggml_tensor* weight) {
  x = ggml_rms_norm(context_.get(), x, model_.config().norm_epsilon);
  return ggml_mul(context_.get(), x, weight);
}

// Projects x to heads, with bias and norm where the family has them. `before_bias`
// receives what is stored of a key: without bias, after the norm (no family has both).
ggml_tensor* Graph::AddHeads(ggml_tensor* x, ggml_tensor* weight, ggml_tensor* bias,
                             ggml_tensor* norm, int heads, ggml_tensor** before_bias) {
  ggml_tensor* y = ggml_mul_mat(context_.get(), weight, x);
  *before_bias = y;
  if (bias != nullptr) {
    y = ggml_add(context_.get(), y, bias);
  }
  y = ggml_reshape_3d(context_.get(), y, model_.config().head_dim, heads, spec_.rows);
  if (norm != nullptr) {
    y = AddNorm(y, norm);
    *before_bias = y;
  }
  return y;
}

ggml_tensor* Graph::AddRope(ggml_tensor* x) {
  const RopeParams& rope = model_.config().rope;
  const int mode = rope.kind == RopeKind::kNeox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
  return ggml_rope_ext(context_.get(), x, positions, model_.rope_factors(), rope.dims, mode,
                       model_.config().context, rope.base, rope.frequency_scale,
                       /*ext_factor=*/0.0F, /*attn_factor=*/1.0F, /*beta_fast=*/32.0F,
                       /*beta_slow=*/1.0F);
}

ggml_tensor* Graph::AddGgmlAttention(ggml_tensor* q, int layer) {
  ggml_context* context = context_.get();
  const ModelConfig& config = model_.config();
  const auto cached = [&](ggml_tensor* plane) {
    const size_t head_bytes = ggml_row_size(plane->type, config.head_dim);
    ggml_tensor* view = ggml_view_3d(context, plane, config.head_dim, config.kv_heads,
                                     spec_.kv_rows, head_bytes, plane->nb[1], 0);
    if (ggml_is_quantized(plane->type)) {
      // ggml's tiled attention takes floats alone; without tiles it would widen V anew for
      // every query and round the queries to 8 bits.
      view = ggml_cast(context, view, GGML_TYPE_F32);
    }
    return ggml_permute(context, view, 0, 2, 1, 3);
  };
  ggml_tensor* attended =
      ggml_flash_attn_ext(context, ggml_permute(context, q, 0, 2, 1, 3),
                          cached(kvs_.front()->k(layer)), cached(kvs_.front()->v(layer)), mask,
                          1.0F / std::sqrt(static_cast<float>(config.head_dim)), 0.0F, 0.0F);
  ggml_flash_attn_ext_set_prec(attended, GGML_PREC_F32);
  return ggml_reshape_2d(context, attended, attended->ne[0] * attended->ne[1], attended->ne[2]);
}

ggml_tensor* Graph::AddOwnAttention(ggml_tensor* q, ggml_tensor* k_written, ggml_tensor* v_written,
                                    int layer) {
  const ModelConfig& config = model_.config();
  AttentionShape shape;
  shape.heads = config.heads;
  shape.kv_heads = config.kv_heads;
  shape.head_dim = config.head_dim;
  shape.rows = spec_.rows;
  shape.tiered = spec_.tiered;
  attention_.push_back(std::make_unique<AttentionOp>(shape, threads_, layer));
  return attention_.back()->AddTo(context_.get(), q, k_written, v_written);
}

ggml_tensor* Graph::AddFeedForward(ggml_tensor* x, const LayerWeights& weights) {
  ggml_tensor* up = ggml_mul_mat(context_.get(), weights.up, x);
  ggml_tensor* gate = ggml_mul_mat(context_.get(), weights.gate, x);
  return ggml_mul_mat(context_.get(), weights.down, ggml_swiglu_split(context_.get(), gate, up));
}

ggml_tensor* Graph::AddWrites(ggml_tensor* (KvBuffer::*plane)(int) const, ggml_tensor* values,
                              int layer) {
  ggml_context* context = context_.get();
  const auto row_values = static_cast<int64_t>(model_.config().kv_shape().RowValues());
  ggml_tensor* flat = ggml_reshape_2d(context, values, row_values, spec_.rows);
  ggml_tensor* written = nullptr;
  size_t first = 0;
  for (size_t i = 0; i < kvs_.size(); ++i) {
    const auto rows = static_cast<size_t>(spec_.sequences[i].second);
    ggml_tensor* of_sequence = flat;
    ggml_tensor* places = slots;
    if (kvs_.size() > 1) {
      of_sequence = ggml_view_2d(context, flat, row_values, static_cast<int64_t>(rows), flat->nb[1],
                                 first * flat->nb[1]);
      places = ggml_view_1d(context, slots, static_cast<int64_t>(rows),
                            first * ggml_element_size(slots));
    }
    written = ggml_set_rows(context, (kvs_[i]->*plane)(layer), of_sequence, places);
    ggml_build_forward_expand(graph_, written);
    first += rows;
  }
  return written;
}

ggml_tensor* Graph::AddLayer(ggml_tensor* x, int layer) {
  ggml_context* context = context_.get();
  const LayerWeights& weights = model_.layers()[layer];
  const ModelConfig& config = model_.config();
  const bool last = layer == spec_.layers - 1;
  const bool ends_in_kv = last && spec_.logit_rows == 0;
  const auto wanted = std::find(spec_.query_layers.begin(), spec_.query_layers.end(), layer);

  ggml_tensor* normed = AddNorm(x, weights.attn_norm);
  ggml_tensor* q = nullptr;
  if (!ends_in_kv || wanted != spec_.query_layers.end()) {
    ggml_tensor* ignored = nullptr;
    q = AddHeads(normed, weights.wq, weights.bq, weights.q_norm, config.heads, &ignored);
    if (wanted != spec_.query_layers.end()) {
      KeepOutput(q);
      queries.push_back(q);
    }
  }
  ggml_tensor* stored_k = nullptr;
  ggml_tensor* stored_v = nullptr;
  ggml_tensor* k =
      AddHeads(normed, weights.wk, weights.bk, weights.k_norm, config.kv_heads, &stored_k);
  ggml_tensor* v = AddHeads(normed, weights.wv, weights.bv, nullptr, config.kv_heads, &stored_v);
  if (spec_.capture) {
    KeepOutput(stored_k);
    KeepOutput(v);
    captured_k.push_back(stored_k);
    captured_v.push_back(v);
  }

  // The writes come before the views of the cache that the attention reads.
  if (!ends_in_kv) {
    q = AddRope(q);
    ggml_build_forward_expand(graph_, q);
  }
  ggml_tensor* k_written = AddWrites(&KvBuffer::k, AddRope(k), layer);
  ggml_tensor* v_written = AddWrites(&KvBuffer::v, v, layer);
  if (ends_in_kv) {
    return nullptr;
  }

  ggml_tensor* attended = spec_.own_attention() ? AddOwnAttention(q, k_written, v_written, layer)
                                                : AddGgmlAttention(q, layer);
  attended = ggml_mul_mat(context, weights.wo, attended);
  if (last) {
    attended = ggml_get_rows(context, attended, output_rows);
    x = ggml_get_rows(context, x, output_rows);
  }
  ggml_tensor* sum = ggml_add(context, attended, x);
  return ggml_add(context, AddFeedForward(AddNorm(sum, weights.ffn_norm), weights), sum);
}

void Graph::KeepOutput(ggml_tensor* tensor) {
  ggml_set_output(tensor);
  ggml_build_forward_expand(graph_, tensor);
}

}  // namespace leoam
