// A loaded model: what its GGUF says of its shape, and its weights in the layout that
// the CPU kernels are fastest with. Immutable after Load; any thread may read it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "ggml.h"
#include "kv/codec.h"
#include "leoam/status.h"
#include "leoam/types.h"

namespace leoam {

// The table that describes a family; one row per architecture in model/families.cc.
struct Family {
  const char* architecture;  // general.architecture of the GGUF
  RopeKind rope;
  bool qkv_bias;  // bias on q, k and v, added before RoPE
  bool qk_norm;   // RMS norm of each head's q and k before RoPE (qwen3)
};

// The row for an architecture, or null: the model is then refused by name.
const Family* FindFamily(const std::string& architecture);

struct ModelConfig {
  std::string architecture;
  std::string name;          // general.name
  std::string quantization;  // e.g. "Q4_K_M", from general.file_type
  int layers = 0;
  int embedding = 0;
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int feed_forward = 0;
  int vocabulary = 0;
  int context = 0;  // trained window, tokens
  float norm_epsilon = 1e-6F;
  bool tied_output = false;
  RopeParams rope;
  uint64_t parameters = 0;
  uint64_t weight_bytes = 0;

  KvShape kv_shape() const { return {layers, kv_heads, head_dim}; }
};

struct LayerWeights {
  ggml_tensor* attn_norm = nullptr;
  ggml_tensor *wq = nullptr, *wk = nullptr, *wv = nullptr, *wo = nullptr;
  ggml_tensor *bq = nullptr, *bk = nullptr, *bv = nullptr;  // null without bias
  ggml_tensor *q_norm = nullptr, *k_norm = nullptr;         // null without QK norm
  ggml_tensor* ffn_norm = nullptr;
  ggml_tensor *gate = nullptr, *up = nullptr, *down = nullptr;
};

// The CPU backend that was chosen for this processor (a module loaded at run time) and
// the functions that only it exports. One per process, created on first use.
struct CpuBackend {
  ggml_backend_dev_t device = nullptr;
  std::string variant;                // file name of the module, e.g. "ggml-cpu-haswell"
  std::vector<std::string> features;  // "AVX2=1", as ggml reports them
};
// `module_dir`: folder of the ggml modules (the addon's own). kNotFound without any.
Result<const CpuBackend*> LoadCpuBackend(const std::string& module_dir);

class Model {
 public:
  // kInvalidArgument: not a GGUF or truncated (says which byte is missing);
  // kUnsupported: names the architecture or tensor type; kNotFound: no such file.
  // `progress` (0..1) may be null; cancellation through it: return false.
  static Result<std::unique_ptr<Model>> Load(const std::string& path, const CpuBackend& backend,
                                             bool (*progress)(float, void*), void* user);
  ~Model();

  const ModelConfig& config() const { return config_; }
  const std::vector<LayerWeights>& layers() const { return layers_; }
  ggml_tensor* token_embedding() const { return token_embedding_; }
  ggml_tensor* output_norm() const { return output_norm_; }
  ggml_tensor* output() const { return output_; }
  ggml_tensor* rope_factors() const { return rope_factors_; }  // null without
  const KeyBias& key_bias() const { return key_bias_; }

 private:
  Model() = default;
  friend class ModelLoader;

  ModelConfig config_;
  std::vector<LayerWeights> layers_;
  ggml_tensor* token_embedding_ = nullptr;
  ggml_tensor* output_norm_ = nullptr;
  ggml_tensor* output_ = nullptr;
  ggml_tensor* rope_factors_ = nullptr;
  KeyBias key_bias_;
  std::vector<ggml_context*> contexts_;  // freed by the destructor
  std::vector<ggml_backend_buffer_t> buffers_;
};

}  // namespace leoam
