#include "testing/segments.h"

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

}  // namespace leoam::testing
