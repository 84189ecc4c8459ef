#include "model/decoder.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "model/cpu_functions.h"
#include "model/decode_checks.h"
#include "model/graph.h"

namespace leoam {
namespace {

// ggml's attention looks at a multiple of this many KV rows, as libllama does, so that a
// graph serves many steps and results agree to the bit.
constexpr size_t kKvStep = 256;

struct BackendDeleter {
  void operator()(ggml_backend_t backend) const { ggml_backend_free(backend); }
};
struct AllocatorDeleter {
  void operator()(ggml_gallocr_t allocator) const { ggml_gallocr_free(allocator); }
};

// A graph kept for the next pass of the same shape, and the memory it computes in.
struct GraphSlot {
  std::unique_ptr<Graph> graph;
  std::unique_ptr<ggml_gallocr, AllocatorDeleter> allocator;
};

class CpuDecoder final : public Decoder {
 public:
  static Result<std::unique_ptr<Decoder>> Create(const Model& model, const CpuBackend& backend,
                                                 int threads);
  ~CpuDecoder() override;

  Status Run(const DecodeRequest& request) override;
  Result<std::unique_ptr<KvBuffer>> NewKvBuffer(size_t capacity_tokens, KvFormat format) override;

 private:
  explicit CpuDecoder(const Model& model) : model_(model) {}

  GraphSpec SpecFor(const DecodeRequest& request) const;
  Status GraphFor(const GraphSpec& spec, Graph** graph);
  void SetInputs(const DecodeRequest& request, Graph* graph);
  void SetMask(std::span<const int32_t> positions, ggml_tensor* mask);
  void SetChunks(const DecodeRequest& request, Graph* graph);
  void CopyOutputs(const DecodeRequest& request, const Graph& graph) const;

  const Model& model_;
  CpuFunctions functions_;
  int threads_ = 1;
  std::unique_ptr<ggml_backend, BackendDeleter> backend_;
  ggml_threadpool* threadpool_ = nullptr;
  GraphSlot few_rows_;                   // decode steps
  GraphSlot many_rows_;                  // prefill
  std::vector<SequenceRows> sequences_;  // of the pass
  std::vector<int64_t> slots_;
  std::vector<int32_t> visible_;
  std::vector<size_t> first_chunks_;
  std::vector<ggml_fp16_t> mask_;
  Status tiered_status_;
};

Result<std::unique_ptr<Decoder>> CpuDecoder::Create(const Model& model, const CpuBackend& backend,
                                                    int threads) {
  std::unique_ptr<CpuDecoder> decoder(new CpuDecoder(model));
  decoder->functions_ = FindCpuFunctions(backend.device);
  decoder->threads_ = std::max(1, threads);
  decoder->backend_.reset(ggml_backend_dev_init(backend.device, /*params=*/nullptr));
  ggml_threadpool_params params = ggml_threadpool_params_default(decoder->threads_);
  decoder->threadpool_ = decoder->functions_.threadpool_new(&params);
  if (decoder->backend_ == nullptr || decoder->threadpool_ == nullptr) {
    return Status(StatusCode::kInternal, "ggml's CPU backend did not start");
  }
  decoder->functions_.set_threadpool(decoder->backend_.get(), decoder->threadpool_);
  decoder->functions_.set_n_threads(decoder->backend_.get(), decoder->threads_);
  for (GraphSlot* slot : {&decoder->few_rows_, &decoder->many_rows_}) {
    slot->allocator.reset(
        ggml_gallocr_new(ggml_backend_get_default_buffer_type(decoder->backend_.get())));
  }
  return std::unique_ptr<Decoder>(std::move(decoder));
}

CpuDecoder::~CpuDecoder() {
  backend_.reset();
  if (threadpool_ != nullptr) {
    functions_.threadpool_free(threadpool_);
  }
}

Status CpuDecoder::Run(const DecodeRequest& request) {
  sequences_.assign(request.sequences.begin(), request.sequences.end());
  if (sequences_.empty()) {
    sequences_.push_back({request.kv, static_cast<int>(request.tokens.size())});
  }
  LEOAM_RETURN_IF_ERROR(CheckRequest(request, sequences_, model_.config()));
  if (request.tiered != nullptr) {
    request.tiered->Begin(request.all_tiered, request.should_abort);
  }
  Graph* graph = nullptr;
  LEOAM_RETURN_IF_ERROR(GraphFor(SpecFor(request), &graph));
  SetInputs(request, graph);

  const auto should_abort = [](void* user) {
    return (*static_cast<const std::function<bool()>*>(user))();
  };
  const bool abortable = static_cast<bool>(request.should_abort);
  functions_.set_abort_callback(
      backend_.get(), abortable ? static_cast<ggml_abort_callback>(should_abort) : nullptr,
      const_cast<std::function<bool()>*>(&request.should_abort));
  const ggml_status status = ggml_backend_graph_compute(backend_.get(), graph->graph());
  functions_.set_abort_callback(backend_.get(), nullptr, nullptr);
  if (status == GGML_STATUS_ABORTED) {
    return Status(StatusCode::kCancelled, "the pass was cancelled");
  }
  if (status != GGML_STATUS_SUCCESS) {
    return Status(StatusCode::kInternal,
                  std::string("ggml could not compute: ") + ggml_status_to_string(status));
  }
  LEOAM_RETURN_IF_ERROR(tiered_status_);
  if (request.tiered != nullptr) {
    request.tiered->End();
  }
  if (request.tiered != nullptr && request.chunk_mass != nullptr) {
    for (const std::unique_ptr<AttentionOp>& op : graph->attention()) {
      request.tiered->Took(op->layer(), op->tiered_mass());
    }
  }
  CopyOutputs(request, *graph);
  return Status::Ok();
}

GraphSpec CpuDecoder::SpecFor(const DecodeRequest& request) const {
  GraphSpec spec;
  for (const auto& [kv, rows] : sequences_) {
    spec.sequences.emplace_back(kv->id(), rows);
  }
  spec.rows = static_cast<int>(request.tokens.size());
  spec.logit_rows = static_cast<int>(request.logit_rows.size());
  spec.layers = request.layers == 0 ? model_.config().layers : request.layers;
  spec.capture = request.capture != nullptr;
  spec.query_layers.assign(request.query_layers.begin(), request.query_layers.end());
  spec.tiered = request.tiered != nullptr;
  const bool own = request.attention == Attention::kOwn || spec.tiered || sequences_.size() > 1 ||
                   (request.attention == Attention::kAuto && spec.rows <= kOwnKernelRows &&
                    AttentionOp::Supports(model_.config().head_dim));
  if (!own) {
    const size_t used = static_cast<size_t>(request.positions.back()) + 1;
    spec.kv_rows = static_cast<int>(
        std::min((used + kKvStep - 1) / kKvStep * kKvStep, sequences_.front().kv->capacity()));
  }
  return spec;
}

Status CpuDecoder::GraphFor(const GraphSpec& spec, Graph** graph) {
  GraphSlot& slot = spec.rows <= kOwnKernelRows ? few_rows_ : many_rows_;
  if (slot.graph == nullptr || slot.graph->spec() != spec) {
    std::vector<KvBuffer*> kvs;
    std::transform(sequences_.begin(), sequences_.end(), std::back_inserter(kvs),
                   [](const SequenceRows& sequence) { return sequence.kv; });
    slot.graph = std::make_unique<Graph>(model_, spec, std::move(kvs), threads_);
    if (!ggml_gallocr_alloc_graph(slot.allocator.get(), slot.graph->graph())) {
      slot.graph.reset();
      return Status(StatusCode::kNoSpace, "not enough memory to compute " +
                                              std::to_string(spec.rows) + " tokens at once");
    }
  }
  *graph = slot.graph.get();
  return Status::Ok();
}

void CpuDecoder::SetInputs(const DecodeRequest& request, Graph* graph) {
  tiered_status_ = Status::Ok();
  ggml_backend_tensor_set(graph->tokens, request.tokens.data(), 0, request.tokens.size_bytes());
  if (graph->positions->buffer != nullptr) {
    ggml_backend_tensor_set(graph->positions, request.positions.data(), 0,
                            request.positions.size_bytes());
  }
  slots_.clear();
  for (const auto& [kv, rows] : sequences_) {
    for (const int32_t position :
         request.positions.subspan(slots_.size(), static_cast<size_t>(rows))) {
      slots_.push_back(static_cast<int64_t>(kv->Row(static_cast<size_t>(position))));
    }
  }
  ggml_backend_tensor_set(graph->slots, slots_.data(), 0, slots_.size() * sizeof(int64_t));
  if (graph->output_rows != nullptr) {
    ggml_backend_tensor_set(graph->output_rows, request.logit_rows.data(), 0,
                            request.logit_rows.size_bytes());
  }
  if (graph->mask != nullptr && graph->mask->buffer != nullptr) {
    SetMask(request.positions, graph->mask);
  }
  if (graph->spec().own_attention()) {
    SetChunks(request, graph);
  }
}

void CpuDecoder::SetMask(std::span<const int32_t> positions, ggml_tensor* mask) {
  const auto columns = static_cast<size_t>(mask->ne[0]);
  constexpr ggml_fp16_t kSeen = 0;
  const ggml_fp16_t hidden = ggml_fp32_to_fp16(-std::numeric_limits<float>::infinity());
  mask_.resize(columns * positions.size());
  for (size_t row = 0; row < positions.size(); ++row) {
    ggml_fp16_t* begin = mask_.data() + row * columns;
    ggml_fp16_t* end_of_seen = begin + positions[row] + 1;
    std::fill(begin, end_of_seen, kSeen);
    std::fill(end_of_seen, begin + columns, hidden);
  }
  ggml_backend_tensor_set(mask, mask_.data(), 0, mask_.size() * sizeof(ggml_fp16_t));
}

void CpuDecoder::SetChunks(const DecodeRequest& request, Graph* graph) {
  visible_.clear();
  first_chunks_.clear();
  size_t chunks = 0;
  for (const auto& [kv, rows] : sequences_) {
    for (int row = 0; row < rows; ++row) {
      visible_.push_back(static_cast<int32_t>(slots_[visible_.size()]) + 1);
      first_chunks_.push_back(chunks);
    }
    chunks += (static_cast<size_t>(visible_.back()) + kKernelChunkTokens - 1) / kKernelChunkTokens;
  }
  if (request.chunk_mass != nullptr) {
    request.chunk_mass->assign(chunks, 0.0F);
  }
  for (std::unique_ptr<AttentionOp>& op : graph->attention()) {
    std::vector<KvChunk> list;
    size_t rows_before = 0;
    for (const auto& [kv, rows] : sequences_) {
      rows_before += static_cast<size_t>(rows);
      const auto tokens = static_cast<size_t>(visible_[rows_before - 1]);
      for (size_t first = 0; first < tokens; first += kKernelChunkTokens) {
        KvChunk& chunk = list.emplace_back();
        chunk.k = kv->k_row(op->layer(), first);
        chunk.v = kv->v_row(op->layer(), first);
        chunk.stride = kv->row_bytes();
        chunk.format = kv->format();
        chunk.tokens =
            static_cast<int>(std::min(tokens - first, static_cast<size_t>(kKernelChunkTokens)));
      }
    }
    op->SetChunks(std::move(list), visible_, first_chunks_);
    if (request.tiered != nullptr) {
      op->SetTiered(request.tiered, &tiered_status_);
    }
    op->SetMass(request.chunk_mass == nullptr ? nullptr : request.chunk_mass->data());
  }
}

void CpuDecoder::CopyOutputs(const DecodeRequest& request, const Graph& graph) const {
  const auto copy = [](const ggml_tensor* tensor, float* out) {
    ggml_backend_tensor_get(tensor, out, 0, ggml_nbytes(tensor));
  };
  if (graph.logits != nullptr) {
    request.logits->resize(ggml_nelements(graph.logits));
    copy(graph.logits, request.logits->data());
  }
  if (request.queries != nullptr) {
    request.queries->resize(graph.queries.size());
    for (size_t i = 0; i < graph.queries.size(); ++i) {
      (*request.queries)[i].resize(ggml_nelements(graph.queries[i]));
      copy(graph.queries[i], (*request.queries)[i].data());
    }
  }
  if (request.capture == nullptr) {
    return;
  }
  SegmentKv& kv = *request.capture;
  if (kv.shape != model_.config().kv_shape()) {
    kv.shape = model_.config().kv_shape();
    kv.tokens = 0;
    kv.k.assign(kv.shape.layers, {});
    kv.v.assign(kv.shape.layers, {});
  }
  const size_t old = kv.tokens * kv.shape.RowValues();
  const size_t added = request.tokens.size() * kv.shape.RowValues();
  for (size_t layer = 0; layer < graph.captured_k.size(); ++layer) {
    kv.k[layer].resize(old + added);
    kv.v[layer].resize(old + added);
    copy(graph.captured_k[layer], kv.k[layer].data() + old);
    copy(graph.captured_v[layer], kv.v[layer].data() + old);
  }
  kv.tokens += request.tokens.size();
}

Result<std::unique_ptr<KvBuffer>> CpuDecoder::NewKvBuffer(size_t capacity_tokens, KvFormat format) {
  return KvBuffer::Create(model_.config().kv_shape(), capacity_tokens, format,
                          ggml_backend_get_default_buffer_type(backend_.get()));
}

}  // namespace

Result<std::unique_ptr<Decoder>> Decoder::Create(const Model& model, const CpuBackend& backend,
                                                 int threads) {
  return CpuDecoder::Create(model, backend, threads);
}

}  // namespace leoam
