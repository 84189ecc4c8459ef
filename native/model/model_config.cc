#include "model/model_config.h"

#include "llama.h"

namespace leoam {
namespace {

// Reads "<architecture>.<key>" and remembers the first key that is missing or senseless.
class Keys {
 public:
  Keys(const GgufFile& file, std::string architecture)
      : file_(file), prefix_(std::move(architecture) + ".") {}

  int Required(const char* key) {
    const std::optional<int64_t> value = file_.Integer(prefix_ + key);
    if (!value || *value <= 0 || *value > INT32_MAX) {
      problem_ = problem_.empty() ? prefix_ + key : problem_;
      return 0;
    }
    return static_cast<int>(*value);
  }
  int Integer(const char* key, int otherwise) const {
    return static_cast<int>(file_.Integer(prefix_ + key).value_or(otherwise));
  }
  float Float(const char* key, float otherwise) const {
    return file_.Float(prefix_ + key).value_or(otherwise);
  }
  std::string String(const char* key) const { return file_.String(prefix_ + key).value_or(""); }

  const std::string& problem() const { return problem_; }

 private:
  const GgufFile& file_;
  std::string prefix_;
  std::string problem_;
};

Status Unsupported(const GgufFile& file, const std::string& what) {
  return Status(StatusCode::kUnsupported, file.path() + " " + what);
}

std::string Quantization(const GgufFile& file) {
  const std::optional<int64_t> type = file.Integer("general.file_type");
  if (!type) {
    return "unknown";
  }
  // libllama says "Q4_K - Medium" where everybody else says "Q4_K_M".
  std::string name = llama_ftype_name(static_cast<llama_ftype>(*type));
  if (const size_t dash = name.find(" - "); dash != std::string::npos && dash + 3 < name.size()) {
    name = name.substr(0, dash) + "_" + name[dash + 3];
  }
  return name;
}

Status ReadRope(const GgufFile& file, const Keys& keys, RopeParams* rope) {
  rope->base = keys.Float("rope.freq_base", 10000.0F);
  const std::string scaling = keys.String("rope.scaling.type");
  if (scaling.empty() || scaling == "none") {
    return Status::Ok();
  }
  if (scaling != "linear") {
    return Unsupported(file, "scales its positions by \"" + scaling +
                                 "\", which this engine does not compute (linear only)");
  }
  const float factor = keys.Float("rope.scaling.factor", 0.0F);
  rope->frequency_scale = factor == 0.0F ? 1.0F : 1.0F / factor;
  return Status::Ok();
}

Status CheckShape(const GgufFile& file, const ModelConfig& config, const Keys& keys) {
  if (keys.Integer("attention.value_length", config.head_dim) != config.head_dim) {
    return Unsupported(file, "has keys and values of different length");
  }
  if (keys.Integer("expert_count", 0) > 0) {
    return Unsupported(file, "is a mixture of experts, which this engine does not compute yet");
  }
  if (config.heads % config.kv_heads != 0 || config.head_dim % 2 != 0 ||
      config.rope.dims > config.head_dim || config.rope.dims % 2 != 0) {
    return Status(StatusCode::kInvalidArgument,
                  file.path() + " states a shape that cannot be: " + std::to_string(config.heads) +
                      " heads, " + std::to_string(config.kv_heads) + " of keys, " +
                      std::to_string(config.head_dim) + " values each");
  }
  return Status::Ok();
}

}  // namespace

Result<ModelConfig> ReadModelConfig(const GgufFile& file) {
  ModelConfig config;
  config.architecture = file.String("general.architecture").value_or("");
  const Family* family = FindFamily(config.architecture);
  if (family == nullptr) {
    return Unsupported(file, "holds a model of architecture \"" + config.architecture +
                                 "\"; this engine runs llama, qwen2 and qwen3");
  }
  Keys keys(file, config.architecture);
  config.name = file.String("general.name").value_or("");
  config.quantization = Quantization(file);
  config.layers = keys.Required("block_count");
  config.embedding = keys.Required("embedding_length");
  config.heads = keys.Required("attention.head_count");
  config.feed_forward = keys.Required("feed_forward_length");
  config.context = keys.Required("context_length");
  if (!keys.problem().empty()) {
    return Status(StatusCode::kInvalidArgument,
                  file.path() + " lacks a usable value for " + keys.problem());
  }
  config.kv_heads = keys.Integer("attention.head_count_kv", config.heads);
  config.head_dim = keys.Integer("attention.key_length", config.embedding / config.heads);
  if (config.kv_heads <= 0 || config.head_dim <= 0) {
    return Status(StatusCode::kInvalidArgument,
                  file.path() + " states a shape that cannot be: no heads");
  }
  config.norm_epsilon = keys.Float("attention.layer_norm_rms_epsilon", 1e-6F);
  config.rope.kind = family->rope;
  config.rope.dims = keys.Integer("rope.dimension_count", config.head_dim);
  LEOAM_RETURN_IF_ERROR(ReadRope(file, keys, &config.rope));
  LEOAM_RETURN_IF_ERROR(CheckShape(file, config, keys));
  return config;
}

}  // namespace leoam
