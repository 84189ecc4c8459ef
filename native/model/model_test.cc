// Loading: what the table needs is read from real files, and every kind of bad file is
// refused in one sentence that names it.
#include "model/model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "gguf.h"
#include "testing/models.h"

namespace leoam {
namespace {

namespace fs = std::filesystem;

class ModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("leoam-model-" + std::to_string(std::random_device{}()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }

  static Result<std::unique_ptr<Model>> Load(const std::string& path) {
    return Model::Load(path, testing::TestBackend(), nullptr, nullptr);
  }

  static void ExpectRefused(const std::string& path, StatusCode code,
                            const std::vector<std::string>& said) {
    const Result<std::unique_ptr<Model>> model = Load(path);
    ASSERT_FALSE(model.ok());
    EXPECT_EQ(model.status().code(), code) << model.status().message();
    for (const std::string& part : said) {
      EXPECT_NE(model.status().message().find(part), std::string::npos)
          << "\"" << part << "\" is not said in: " << model.status().message();
    }
    EXPECT_EQ(model.status().message().find('\n'), std::string::npos);
  }

  // The first `bytes` of the small real model.
  std::string Truncated(const char* name, uint64_t bytes) const {
    std::ifstream from(testing::LlamaModelPath(), std::ios::binary);
    std::string content(bytes, '\0');
    from.read(content.data(), static_cast<std::streamsize>(bytes));
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  fs::path folder_;
};

struct Gguf {
  Gguf() : context(gguf_init_empty()) {}
  ~Gguf() { gguf_free(context); }
  Gguf(const Gguf&) = delete;
  Gguf& operator=(const Gguf&) = delete;

  void Write(const std::string& path) const { gguf_write_to_file(context, path.c_str(), false); }

  gguf_context* context;
};

// Keys of a tiny llama; tensors are left out.
void SetLlamaKeys(const Gguf& file) {
  gguf_set_val_str(file.context, "general.architecture", "llama");
  gguf_set_val_u32(file.context, "llama.block_count", 1);
  gguf_set_val_u32(file.context, "llama.embedding_length", 64);
  gguf_set_val_u32(file.context, "llama.attention.head_count", 2);
  gguf_set_val_u32(file.context, "llama.feed_forward_length", 128);
  gguf_set_val_u32(file.context, "llama.context_length", 256);
}

TEST_F(ModelTest, ReadsTheShapeOfAQwen2Model) {
  const Result<std::unique_ptr<Model>> model = Load(testing::Qwen2ModelPath());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const ModelConfig& config = (*model)->config();
  EXPECT_EQ(config.architecture, "qwen2");
  EXPECT_EQ(config.quantization, "Q4_K_M");
  EXPECT_EQ(config.kv_shape(), (KvShape{24, 2, 64}));
  EXPECT_EQ(config.heads, 14);
  EXPECT_EQ(config.rope.kind, RopeKind::kNeox);
  EXPECT_EQ(config.rope.base, 1e6F);
  EXPECT_EQ((*model)->key_bias().layers.size(), 24U);
  EXPECT_EQ((*model)->key_bias().layers[0].size(), 128U);
}

TEST_F(ModelTest, ReadsTheShapeOfALlamaModel) {
  const Result<std::unique_ptr<Model>> model = Load(testing::LlamaModelPath());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const ModelConfig& config = (*model)->config();
  EXPECT_EQ(config.architecture, "llama");
  EXPECT_EQ(config.kv_shape(), (KvShape{30, 3, 64}));
  EXPECT_EQ(config.rope.kind, RopeKind::kNormal);
  EXPECT_TRUE(config.tied_output);
  EXPECT_TRUE((*model)->key_bias().layers.empty());
}

TEST_F(ModelTest, ProgressCanCancelLoading) {
  const Result<std::unique_ptr<Model>> model = Model::Load(
      testing::LlamaModelPath(), testing::TestBackend(),
      [](float done, void*) { return done < 0.5F; }, nullptr);
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.status().code(), StatusCode::kCancelled);
}

TEST_F(ModelTest, MissingFileIsNotFound) {
  ExpectRefused(Path("absent.gguf"), StatusCode::kNotFound, {"absent.gguf"});
}

TEST_F(ModelTest, TextIsNotAGguf) {
  std::ofstream(Path("notes.txt")) << "These are notes.";
  ExpectRefused(Path("notes.txt"), StatusCode::kInvalidArgument,
                {"notes.txt", "is not a GGUF file"});
}

TEST_F(ModelTest, EmptyFileIsNotAGguf) {
  std::ofstream(Path("empty.gguf")).flush();
  ExpectRefused(Path("empty.gguf"), StatusCode::kInvalidArgument, {"is not a GGUF file"});
}

TEST_F(ModelTest, FolderIsNotReadAsAModel) {
  ExpectRefused(folder_.string(), StatusCode::kIo, {folder_.string()});
}

TEST_F(ModelTest, TruncatedWeightsNameTheFirstMissingTensor) {
  const uint64_t whole = fs::file_size(testing::LlamaModelPath());
  ExpectRefused(Truncated("half.gguf", whole / 2), StatusCode::kInvalidArgument,
                {"half.gguf", "is truncated: tensor ", std::to_string(whole / 2)});
}

TEST_F(ModelTest, LastByteMissingIsTruncated) {
  const uint64_t whole = fs::file_size(testing::LlamaModelPath());
  ExpectRefused(Truncated("short.gguf", whole - 64), StatusCode::kInvalidArgument,
                {"is truncated"});
}

TEST_F(ModelTest, TruncatedHeaderIsSaid) {
  ExpectRefused(Truncated("head.gguf", 5000), StatusCode::kInvalidArgument,
                {"head.gguf", "truncated or damaged"});
}

TEST_F(ModelTest, UnknownArchitectureIsNamed) {
  Gguf file;
  gguf_set_val_str(file.context, "general.architecture", "mamba2");
  file.Write(Path("mamba.gguf"));
  ExpectRefused(Path("mamba.gguf"), StatusCode::kUnsupported, {"mamba.gguf", "\"mamba2\""});
}

TEST_F(ModelTest, MixtureOfExpertsIsRefused) {
  Gguf file;
  SetLlamaKeys(file);
  gguf_set_val_u32(file.context, "llama.expert_count", 8);
  file.Write(Path("experts.gguf"));
  ExpectRefused(Path("experts.gguf"), StatusCode::kUnsupported, {"mixture of experts"});
}

TEST_F(ModelTest, UnknownPositionScalingIsRefused) {
  Gguf file;
  SetLlamaKeys(file);
  gguf_set_val_str(file.context, "llama.rope.scaling.type", "yarn");
  file.Write(Path("yarn.gguf"));
  ExpectRefused(Path("yarn.gguf"), StatusCode::kUnsupported, {"\"yarn\""});
}

TEST_F(ModelTest, MissingKeyIsNamed) {
  Gguf file;
  gguf_set_val_str(file.context, "general.architecture", "qwen2");
  file.Write(Path("keys.gguf"));
  ExpectRefused(Path("keys.gguf"), StatusCode::kInvalidArgument, {"qwen2.block_count"});
}

TEST_F(ModelTest, MissingTensorIsNamed) {
  Gguf file;
  SetLlamaKeys(file);
  file.Write(Path("hollow.gguf"));
  ExpectRefused(Path("hollow.gguf"), StatusCode::kInvalidArgument, {"token_embd.weight"});
}

}  // namespace
}  // namespace leoam
