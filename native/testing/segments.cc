#include "testing/segments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

namespace leoam::testing {

namespace {

constexpr KvShape kShape{2, 2, 32};
constexpr size_t kChunkTokens = 16;

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::random_device random;
  do {
    const std::string name = "leoam-test-" + std::to_string(random());
    path_ = (std::filesystem::temp_directory_path() / name).generic_string();
  } while (!std::filesystem::create_directory(path_));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string KeyOf(int number) {
  char digits[9];
  std::snprintf(digits, sizeof(digits), "%08x", static_cast<unsigned>(number) * 2654435761U);
  std::string key;
  for (int i = 0; i < 8; ++i) {
    key += digits;
  }
  return key;
}

MadeSegment::MadeSegment(int number, size_t tokens) {
  std::mt19937 random(static_cast<uint32_t>(number));
  std::normal_distribution<float> value;
  kv.Reset(kShape);
  kv.tokens = tokens;
  for (std::vector<std::vector<float>>* rows : {&kv.k, &kv.v}) {
    for (std::vector<float>& layer : *rows) {
      layer.resize(tokens * kShape.RowValues());
      std::generate(layer.begin(), layer.end(), [&] { return value(random); });
    }
  }
  write.key = KeyOf(number);
  for (size_t i = 0; i < tokens; ++i) {
    write.tokens.push_back(static_cast<Token>(random() % 150'000));
  }
  for (size_t end = kChunkTokens; end < tokens; end += kChunkTokens) {
    write.chunk_ends.push_back(static_cast<uint32_t>(end));
  }
  write.chunk_ends.push_back(static_cast<uint32_t>(tokens));
  write.chunk_stale.assign(write.chunk_ends.size(), 0);
  write.key_planes = {{0, 1}, {1, 0}};
  write.kv = &kv;
}

std::string SegmentPath(const std::string& folder, const std::string& key) {
  return folder + "/" + key.substr(0, 2) + "/" + key + ".seg";
}

std::unique_ptr<SegmentStore> OpenStore(const std::string& folder, uint64_t budget,
                                        Precision precision) {
  StoreOptions options;
  options.directory = folder + "/store";
  options.budget_bytes = budget;
  options.precision = precision;
  auto store = SegmentStore::Open(options, FileSystem::Default());
  EXPECT_TRUE(store.ok()) << store.status().message();
  return std::move(store).value();
}

void PutMade(SegmentStore* store, int number, size_t tokens) {
  const MadeSegment segment(number, tokens);
  std::string warning;
  const auto put = store->Put(segment.write, &warning);
  ASSERT_TRUE(put.ok()) << put.status().message();
  EXPECT_EQ(warning, "");
}

ModelConfig MadeConfig() {
  const KvShape shape = MadeSegment(0).kv.shape;
  ModelConfig config;
  config.layers = shape.layers;
  config.heads = 2 * shape.kv_heads;
  config.kv_heads = shape.kv_heads;
  config.head_dim = shape.head_dim;
  config.rope.dims = shape.head_dim;
  return config;
}

std::vector<std::vector<uint8_t>> Encoded(const MadeSegment& segment, Precision precision) {
  std::vector<std::vector<uint8_t>> chunks;
  size_t begin = 0;
  for (const uint32_t end : segment.write.chunk_ends) {
    EncodeChunk(segment.kv, begin, end - begin, precision, &chunks.emplace_back());
    begin = end;
  }
  return chunks;
}

void ExpectWhole(SegmentStore* store, int number, size_t tokens, Precision precision) {
  const MadeSegment expected(number, tokens);
  const auto info = store->Info(KeyOf(number));
  ASSERT_TRUE(info.ok()) << info.status().message();
  EXPECT_EQ((*info)->tokens, expected.write.tokens);
  EXPECT_EQ((*info)->chunk_ends, expected.write.chunk_ends);
  EXPECT_EQ((*info)->key_planes, expected.write.key_planes);
  EXPECT_EQ((*info)->precision, precision);
  EXPECT_TRUE((*info)->shape == expected.kv.shape);
  std::vector<std::vector<uint8_t>> chunks;
  const Status read =
      store->ReadChunks(KeyOf(number), 0, expected.write.chunk_ends.size(), precision, &chunks);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(chunks, Encoded(expected, precision));
}

size_t FilesWithSuffix(const std::string& folder, const std::string& suffix) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    count += entry.is_regular_file() && entry.path().extension() == suffix ? 1 : 0;
  }
  return count;
}

}  // namespace leoam::testing
