// Reads a model's weights into memory. First every tensor that the family needs is
// planned (present? of the right shape? in which layout?), then the buffers are
// allocated, then the file is read once from front to back of the plan.
#include <map>
#include <set>

#include "ggml-alloc.h"
#include "model/buffer_types.h"
#include "model/gguf_file.h"
#include "model/llama_log.h"
#include "model/model.h"
#include "model/model_config.h"
#include "model/widened.h"

namespace leoam {

class ModelLoader {
 public:
  ModelLoader(const GgufFile& file, const CpuBackend& backend)
      : file_(file), types_(backend.device), model_(new Model) {}

  Result<std::unique_ptr<Model>> Load(bool (*progress)(float, void*), void* user) {
    Result<ModelConfig> config = ReadModelConfig(file_);
    if (!config.ok()) {
      return config.status();
    }
    model_->config_ = std::move(*config);
    PlanGlobals();
    model_->layers_.resize(model_->config_.layers);
    for (int i = 0; i < model_->config_.layers; ++i) {
      PlanLayer("blk." + std::to_string(i) + ".", &model_->layers_[i]);
    }
    LEOAM_RETURN_IF_ERROR(CheckNothingIsLeftOver());
    LEOAM_RETURN_IF_ERROR(plan_status_);
    LEOAM_RETURN_IF_ERROR(Allocate());
    LEOAM_RETURN_IF_ERROR(ReadAll(progress, user));
    LEOAM_RETURN_IF_ERROR(KeepSmallCopies());
    return std::move(model_);
  }

 private:
  enum class Use { kRows, kMatrix };  // looked up or added; multiplied with
  enum class Need { kRequired, kOptional };

  struct Planned {
    std::string name;
    ggml_tensor* tensor;
  };

  void PlanGlobals() {
    ModelConfig& config = model_->config_;
    if (const ggml_tensor* embedding = file_.Tensor("token_embd.weight")) {
      config.vocabulary = static_cast<int>(embedding->ne[1]);
    }
    const int64_t columns = config.embedding;
    const int64_t rows = config.vocabulary;
    model_->token_embedding_ = Plan("token_embd.weight", columns, rows, Use::kRows);
    model_->output_norm_ = Plan("output_norm.weight", columns, 1, Use::kRows);
    config.tied_output = file_.Tensor("output.weight") == nullptr;
    if (!config.tied_output) {
      model_->output_ = Plan("output.weight", columns, rows, Use::kMatrix);
    } else if (model_->token_embedding_ != nullptr &&
               types_.ForMatrix(model_->token_embedding_->type, columns, rows) != types_.plain()) {
      // Multiplied with in a repacked layout, which rows cannot be looked up in: two copies.
      model_->output_ = Plan("token_embd.weight", columns, rows, Use::kMatrix);
    } else {
      model_->output_ = model_->token_embedding_;
    }
    model_->rope_factors_ =
        Plan("rope_freqs.weight", config.rope.dims / 2, 1, Use::kRows, Need::kOptional);
  }

  void PlanLayer(const std::string& prefix, LayerWeights* layer) {
    const ModelConfig& config = model_->config_;
    const Family& family = *FindFamily(config.architecture);
    const int64_t width = config.embedding;
    const int64_t q = static_cast<int64_t>(config.heads) * config.head_dim;
    const int64_t kv = static_cast<int64_t>(config.kv_heads) * config.head_dim;
    const auto matrix = [&](const char* name, int64_t columns, int64_t rows) {
      return Plan(prefix + name + ".weight", columns, rows, Use::kMatrix);
    };
    const auto vector = [&](const std::string& name, int64_t values) {
      return Plan(prefix + name, values, 1, Use::kRows);
    };
    layer->attn_norm = vector("attn_norm.weight", width);
    layer->wq = matrix("attn_q", width, q);
    layer->wk = matrix("attn_k", width, kv);
    layer->wv = matrix("attn_v", width, kv);
    layer->wo = matrix("attn_output", q, width);
    if (family.qkv_bias) {
      layer->bq = vector("attn_q.bias", q);
      layer->bk = vector("attn_k.bias", kv);
      layer->bv = vector("attn_v.bias", kv);
    }
    if (family.qk_norm) {
      layer->q_norm = vector("attn_q_norm.weight", config.head_dim);
      layer->k_norm = vector("attn_k_norm.weight", config.head_dim);
    }
    layer->ffn_norm = vector("ffn_norm.weight", width);
    layer->gate = matrix("ffn_gate", width, config.feed_forward);
    layer->up = matrix("ffn_up", width, config.feed_forward);
    layer->down = matrix("ffn_down", config.feed_forward, width);
  }

  // Returns null and keeps the first problem in plan_status_.
  ggml_tensor* Plan(const std::string& name, int64_t columns, int64_t rows, Use use,
                    Need need = Need::kRequired) {
    const ggml_tensor* source = file_.Tensor(name);
    if (source == nullptr) {
      if (need == Need::kRequired) {
        Fail(StatusCode::kInvalidArgument, "lacks the tensor " + name);
      }
      return nullptr;
    }
    if (source->ne[0] != columns || source->ne[1] != rows || source->ne[2] != 1) {
      Fail(StatusCode::kInvalidArgument,
           "holds the tensor " + name + " with " + std::to_string(source->ne[0]) + " x " +
               std::to_string(source->ne[1]) + " values instead of " + std::to_string(columns) +
               " x " + std::to_string(rows));
      return nullptr;
    }
    if (rows == 1 && source->type != GGML_TYPE_F32) {
      Fail(StatusCode::kUnsupported, "holds the tensor " + name + " as " +
                                         ggml_type_name(source->type) +
                                         " where this engine needs f32");
      return nullptr;
    }
    const ggml_type kept = use == Use::kMatrix ? KeptType(source->type) : source->type;
    ggml_backend_buffer_type_t type =
        use == Use::kMatrix ? types_.ForMatrix(kept, columns, rows) : types_.plain();
    ggml_tensor* tensor = ggml_new_tensor_2d(ContextOf(type), kept, columns, rows);
    ggml_set_name(tensor, name.c_str());
    planned_.push_back({name, tensor});
    return tensor;
  }

  ggml_context* ContextOf(ggml_backend_buffer_type_t type) {
    ggml_context*& context = contexts_[type];
    if (context == nullptr) {
      // Every tensor of the file and the second copy of a tied output.
      const size_t bytes = (file_.tensor_count() + 1) * ggml_tensor_overhead();
      context = ggml_init({bytes, nullptr, /*no_alloc=*/true});
      model_->contexts_.push_back(context);
    }
    return context;
  }

  // A tensor that we would ignore (another bias, an expert) means another computation.
  Status CheckNothingIsLeftOver() const {
    std::set<std::string> known;
    for (const Planned& planned : planned_) {
      known.insert(planned.name);
    }
    for (int64_t i = 0; i < file_.tensor_count(); ++i) {
      if (const std::string name = file_.TensorName(i);
          plan_status_.ok() && !known.contains(name)) {
        return Status(StatusCode::kUnsupported,
                      file_.path() + " holds the tensor " + name + ", which this engine's \"" +
                          model_->config_.architecture + "\" does not compute with");
      }
    }
    return Status::Ok();
  }

  Status Allocate() {
    for (const auto& [type, context] : contexts_) {
      ggml_backend_buffer_t buffer = ggml_backend_alloc_ctx_tensors_from_buft(context, type);
      if (buffer == nullptr) {
        return Status(StatusCode::kNoSpace, "not enough memory for the weights of " + file_.path());
      }
      ggml_backend_buffer_set_usage(buffer, GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
      model_->buffers_.push_back(buffer);
    }
    return Status::Ok();
  }

  Status ReadAll(bool (*progress)(float, void*), void* user) {
    uint64_t total = 0;
    for (const Planned& planned : planned_) {
      total += BytesInFile(planned);
    }
    uint64_t done = 0;
    for (const Planned& planned : planned_) {
      LEOAM_RETURN_IF_ERROR(ReadOne(planned));
      model_->config_.parameters += ggml_nelements(planned.tensor);
      done += BytesInFile(planned);
      if (progress != nullptr && !progress(static_cast<float>(done) / total, user)) {
        return Status(StatusCode::kCancelled, "loading of " + file_.path() + " was cancelled");
      }
    }
    model_->config_.weight_bytes = total;
    return Status::Ok();
  }

  uint64_t BytesInFile(const Planned& planned) const {
    return ggml_nbytes(file_.Tensor(planned.name));
  }

  Status ReadOne(const Planned& planned) {
    ggml_tensor* tensor = planned.tensor;
    const bool same = file_.Tensor(planned.name)->type == tensor->type;
    if (same && ggml_backend_buffer_is_host(tensor->buffer)) {
      return file_.Read(planned.name, tensor->data);
    }
    staging_.resize(BytesInFile(planned));
    LEOAM_RETURN_IF_ERROR(file_.Read(planned.name, staging_.data()));
    if (!same) {
      widened_.resize(ggml_nbytes(tensor));
      WidenQ5ToQ8(staging_.data(), ggml_nelements(tensor), widened_.data());
    }
    const std::vector<uint8_t>& bytes = same ? staging_ : widened_;
    ggml_backend_tensor_set(tensor, bytes.data(), 0, bytes.size());  // repacks
    return Status::Ok();
  }

  // Values that code outside the graph needs: key biases and RoPE factors.
  Status KeepSmallCopies() {
    if (model_->rope_factors_ != nullptr) {
      model_->config_.rope.factors.resize(model_->config_.rope.dims / 2);
      LEOAM_RETURN_IF_ERROR(file_.Read("rope_freqs.weight", model_->config_.rope.factors.data()));
    }
    for (const LayerWeights& layer : model_->layers_) {
      if (layer.bk != nullptr) {
        std::vector<float>& bias = model_->key_bias_.layers.emplace_back(layer.bk->ne[0]);
        ggml_backend_tensor_get(layer.bk, bias.data(), 0, ggml_nbytes(layer.bk));
      }
    }
    return Status::Ok();
  }

  void Fail(StatusCode code, const std::string& what) {
    if (plan_status_.ok()) {
      plan_status_ = Status(code, file_.path() + " " + what);
    }
  }

  const GgufFile& file_;
  BufferTypes types_;
  std::unique_ptr<Model> model_;
  std::map<ggml_backend_buffer_type_t, ggml_context*> contexts_;  // owned by model_
  std::vector<Planned> planned_;
  std::vector<uint8_t> staging_, widened_;  // one tensor, as in the file and as it is kept
  Status plan_status_;
};

Result<std::unique_ptr<Model>> Model::Load(const std::string& path, const CpuBackend& backend,
                                           bool (*progress)(float, void*), void* user) {
  Result<std::unique_ptr<GgufFile>> file = GgufFile::Open(path);
  if (!file.ok()) {
    return file.status();
  }
  return ModelLoader(**file, backend).Load(progress, user);
}

Model::~Model() {
  for (ggml_backend_buffer_t buffer : buffers_) {
    ggml_backend_buffer_free(buffer);
  }
  for (ggml_context* context : contexts_) {
    ggml_free(context);
  }
}

}  // namespace leoam
