// 8-bit rows in RAM: their size, what they hold, and that all who write them agree.
#include "kv/kv_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>

#include "kv/codec.h"
#include "kv/cpu_features.h"
#include "kv/row_kernels.h"

#if defined(__linux__)
#include <unistd.h>
#endif

namespace leoam {
namespace {

constexpr KvShape kShape{2, 2, 64};

std::vector<float> RandomValues(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) {
    value = 5.0F * normal(random);
  }
  return values;
}

std::unique_ptr<KvBuffer> NewBuffer(KvFormat format, size_t tokens = 256) {
  auto buffer = KvBuffer::Create(kShape, tokens, format, ggml_backend_cpu_buffer_type());
  EXPECT_TRUE(buffer.ok());
  return std::move(buffer).value();
}

// Half a step of each value's block, which rounding may lose, and F16's share of the scale.
std::vector<float> Tolerance(const std::vector<float>& values) {
  std::vector<float> tolerance(values.size());
  for (size_t begin = 0; begin < values.size(); begin += kQ8BlockValues) {
    float largest = 0.0F;
    for (size_t i = begin; i < begin + kQ8BlockValues; ++i) {
      largest = std::max(largest, std::fabs(values[i]));
    }
    std::fill_n(tolerance.begin() + static_cast<std::ptrdiff_t>(begin), kQ8BlockValues,
                largest * (0.5F / 127.0F + 1e-3F));
  }
  return tolerance;
}

TEST(KvBuffer, EightBitRowsTake53PercentOfTheBytes) {
  const auto f16 = NewBuffer(KvFormat::kF16, 4096);
  const auto q8 = NewBuffer(KvFormat::kQ8, 4096);
  const double share = static_cast<double>(q8->bytes()) / static_cast<double>(f16->bytes());
  std::printf("figure: 8-bit KV takes %.4f of F16's bytes\n", share);
  EXPECT_NEAR(share, 34.0 / 64.0, 1e-3);
  EXPECT_EQ(q8->row_bytes(), ggml_row_size(GGML_TYPE_Q8_0, 128));
}

#if defined(__linux__)
uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

TEST(KvBuffer, RoomThatIsNotUsedTakesNoMemory) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "under sanitizers all zeroes are written at once";
#endif
  constexpr size_t kTokens = size_t{1} << 18;
  const uint64_t before = ResidentBytes();
  const auto buffer = NewBuffer(KvFormat::kF16, kTokens);
  ASSERT_GE(buffer->bytes(), uint64_t{256} << 20);
  EXPECT_LT(ResidentBytes() - before, uint64_t{32} << 20);
  std::vector<float> row(128, 3.0F);
  buffer->WriteKeys(1, kTokens - 1, row.data());
  std::vector<float> key(64, 1.0F);
  buffer->ReadKey(1, kTokens - 2, 0, key.data());
  EXPECT_EQ(key, std::vector<float>(64, 0.0F));
  buffer->ReadKey(1, kTokens - 1, 1, key.data());
  EXPECT_EQ(key, std::vector<float>(64, 3.0F));
}
#endif

TEST(KvBuffer, RefusesHeadsThatDoNotFillBlocks) {
  const KvShape odd{2, 2, 80};
  const auto buffer = KvBuffer::Create(odd, 256, KvFormat::kQ8, ggml_backend_cpu_buffer_type());
  EXPECT_EQ(buffer.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(buffer.status().message().find("80"), std::string::npos);
  EXPECT_TRUE(KvBuffer::CheckFormat(odd, KvFormat::kF16).ok());
}

TEST(KvBuffer, EightBitRowsHoldWhatWasWrittenToHalfAStep) {
  const auto buffer = NewBuffer(KvFormat::kQ8);
  const std::vector<float> keys = RandomValues(kShape.RowValues(), 1);
  const std::vector<float> values = RandomValues(kShape.RowValues(), 2);
  buffer->WriteKeys(1, 7, keys.data());
  buffer->WriteValues(1, 7, values.data());
  const std::vector<float> key_tolerance = Tolerance(keys);
  const std::vector<float> value_tolerance = Tolerance(values);
  for (int head = 0; head < kShape.kv_heads; ++head) {
    std::vector<float> key(64);
    std::vector<float> value(64);
    buffer->ReadKey(1, 7, head, key.data());
    buffer->ReadValue(1, 7, head, value.data());
    for (size_t i = 0; i < key.size(); ++i) {
      const size_t at = static_cast<size_t>(head) * 64 + i;
      EXPECT_NEAR(key[i], keys[at], key_tolerance[at]);
      EXPECT_NEAR(value[i], values[at], value_tolerance[at]);
    }
  }
  const uint8_t* next = buffer->k_row(1, 8);
  EXPECT_EQ(std::count(next, next + buffer->row_bytes(), 0),
            static_cast<std::ptrdiff_t>(buffer->row_bytes()));
}

// The decoder's own rows are written by ggml, loaded ones by our kernels.
TEST(KvBuffer, EveryKernelWritesWhatGgmlWritesButForTies) {
  std::vector<float> values = RandomValues(64 * 100, 3);
  std::fill_n(values.begin(), kQ8BlockValues, 0.0F);
  std::fill_n(values.begin() + kQ8BlockValues, kQ8BlockValues, -1e-30F);
  std::vector<uint8_t> expected(KvBytes(KvFormat::kQ8, values.size()));
  ggml_get_type_traits(GGML_TYPE_Q8_0)
      ->from_float_ref(values.data(), expected.data(), static_cast<int64_t>(values.size()));
  std::vector<const RowKernels*> all = {&kPlainRowKernels};
#if defined(__x86_64__) || defined(_M_X64)
  if (CpuHasAvx2()) {
    all.push_back(&kAvx2RowKernels);
  }
#endif
  std::vector<uint8_t> first;
  for (const RowKernels* kernels : all) {
    std::vector<uint8_t> bytes(expected.size(), 0xee);
    kernels->to_q8(values.data(), values.size(), bytes.data());
    for (size_t i = 0; i < bytes.size(); ++i) {
      const bool scale = i % kQ8BlockBytes < 2;
      const int apart = static_cast<int8_t>(bytes[i]) - static_cast<int8_t>(expected[i]);
      ASSERT_LE(std::abs(apart), scale ? 0 : 1) << "byte " << i;
    }
    if (first.empty()) {
      first = bytes;
    }
    EXPECT_EQ(bytes, first);
  }
}

TEST(KvBuffer, StoredChunksAreDecodedIntoEightBitRowsAsIntoF16) {
  SegmentKv segment;
  segment.Reset(kShape);
  segment.tokens = 30;
  for (int layer = 0; layer < kShape.layers; ++layer) {
    segment.k[layer] = RandomValues(30 * kShape.RowValues(), 10 + layer);
    segment.v[layer] = RandomValues(30 * kShape.RowValues(), 20 + layer);
  }
  KeyBias bias;
  bias.layers.assign(2, std::vector<float>(kShape.RowValues(), 1.5F));
  RopeParams params;
  params.dims = 64;
  for (const Precision precision : {Precision::kF16, Precision::kQ8}) {
    std::vector<uint8_t> data;
    EncodeChunk(segment, 0, 30, precision, &data);
    const auto f16 = NewBuffer(KvFormat::kF16);
    const auto q8 = NewBuffer(KvFormat::kQ8);
    for (KvBuffer* buffer : {f16.get(), q8.get()}) {
      ASSERT_TRUE(
          DecodeChunk(data, kShape, precision, precision, 30, 0, 30, bias, params, 100, buffer)
              .ok());
    }
    for (int layer = 0; layer < kShape.layers; ++layer) {
      for (size_t token = 100; token < 130; ++token) {
        for (int head = 0; head < kShape.kv_heads; ++head) {
          for (const auto read : {&KvBuffer::ReadKey, &KvBuffer::ReadValue}) {
            std::vector<float> exact(64);
            std::vector<float> rounded(64);
            (*f16.*read)(layer, token, head, exact.data());
            (*q8.*read)(layer, token, head, rounded.data());
            const std::vector<float> tolerance = Tolerance(exact);
            for (size_t i = 0; i < exact.size(); ++i) {
              ASSERT_NEAR(rounded[i], exact[i], tolerance[i]);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace leoam
