// How long stored KV takes to become attention-ready rows on one core: decoding, bias,
// RoPE and F16 of 1,500 tokens in chunks of 32, in the sizes of the default model.
// Prints one JSON object; milliseconds are the best of several runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "kv/codec.h"
#include "kv/row_kernels.h"
#include "store/crc32c.h"

namespace leoam {
namespace {

constexpr KvShape kShape{24, 2, 64};
constexpr size_t kChunkTokens = 32;
constexpr size_t kChunks = 47;
constexpr int kRuns = 9;

struct Case {
  const char* name;
  Precision stored;
  Precision read_as;
};
constexpr Case kCases[] = {{"f16", Precision::kF16, Precision::kF16},
                           {"q8", Precision::kQ8, Precision::kQ8},
                           {"q8ReadAsQ4", Precision::kQ8, Precision::kQ4}};

template <typename Function>
double BestMilliseconds(const Function& function) {
  double best = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    function();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

SegmentKv RandomKv() {
  std::mt19937 random(1);
  std::normal_distribution<float> value;
  SegmentKv kv;
  kv.Reset(kShape);
  kv.tokens = kChunkTokens * kChunks;
  for (std::vector<std::vector<float>>* rows : {&kv.k, &kv.v}) {
    for (std::vector<float>& layer : *rows) {
      layer.resize(kv.tokens * kShape.RowValues());
      std::generate(layer.begin(), layer.end(), [&] { return value(random); });
    }
  }
  return kv;
}

int Run() {
  const SegmentKv kv = RandomKv();
  KeyBias bias;
  bias.layers.assign(static_cast<size_t>(kShape.layers),
                     std::vector<float>(kShape.RowValues(), 0.5F));
  RopeParams params;
  params.dims = kShape.head_dim;
  params.base = 1'000'000.0F;
  auto buffer = KvBuffer::Create(kShape, kv.tokens, KvFormat::kF16, ggml_backend_cpu_buffer_type());
  if (!buffer.ok()) {
    return 1;
  }
  std::printf("{\"tokens\":%zu", kv.tokens);
  for (const Case& measured : kCases) {
    const Precision stored = measured.stored;
    const Precision read_as = measured.read_as;
    const size_t read_bytes = EncodedChunkBytes(kShape, std::min(stored, read_as), kChunkTokens);
    std::vector<std::vector<uint8_t>> chunks(kChunks);
    const double encode = BestMilliseconds([&] {
      for (size_t i = 0; i < kChunks; ++i) {
        EncodeChunk(kv, i * kChunkTokens, kChunkTokens, stored, &chunks[i]);
      }
    });
    bool failed = false;
    const double decode = BestMilliseconds([&] {
      for (size_t i = 0; i < kChunks; ++i) {
        failed |= !DecodeChunk(chunks[i], kShape, stored, read_as, kChunkTokens, 0, kChunkTokens,
                               bias, params, i * kChunkTokens, buffer->get())
                       .ok();
      }
    });
    uint32_t sum = 0;
    const double checksum = BestMilliseconds([&] {
      for (const std::vector<uint8_t>& chunk : chunks) {
        sum ^= Crc32c(std::span(chunk).first(read_bytes));
      }
    });
    if (failed || sum == 1) {
      return 1;
    }
    std::printf(
        ",\"%s\":{\"bytesPerToken\":%zu,\"encodeMs\":%.2f,\"checksumMs\":%.2f,"
        "\"decodeMs\":%.2f}",
        measured.name, EncodedChunkBytes(kShape, stored, 1), encode, checksum, decode);
  }
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace leoam

int main() { return leoam::Run(); }
