#include "kv/codec.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "gtest/gtest.h"
#include "kv/cpu_features.h"
#include "kv/half.h"
#include "kv/row_kernels.h"

namespace leoam {
namespace {

constexpr KvShape kShape{3, 2, 64};

// Values as models have them: channels with offsets of their own, a few far outliers.
SegmentKv RandomKv(const KvShape& shape, size_t tokens, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  SegmentKv kv;
  kv.Reset(shape);
  kv.tokens = tokens;
  std::vector<float> offset(shape.RowValues());
  for (float& x : offset) {
    x = 3.0F * value(random);
  }
  for (std::vector<std::vector<float>>* rows : {&kv.k, &kv.v}) {
    for (std::vector<float>& layer : *rows) {
      layer.resize(tokens * shape.RowValues());
      for (size_t i = 0; i < layer.size(); ++i) {
        layer[i] = offset[i % offset.size()] + value(random) * (random() % 500 == 0 ? 40.0F : 1.0F);
      }
    }
  }
  return kv;
}

// Largest difference of values first..first+count in units of the group's range.
double LargestError(const std::vector<float>& a, const std::vector<float>& b, size_t head_dim) {
  double worst = 0;
  for (size_t head = 0; head < a.size(); head += head_dim) {
    for (size_t begin = head; begin < head + head_dim; begin += kGroupValues) {
      const size_t end = std::min(begin + kGroupValues, head + head_dim);
      const auto first = a.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = a.begin() + static_cast<std::ptrdiff_t>(end);
      const auto [low, high] = std::minmax_element(first, last);
      for (size_t i = begin; i < end; ++i) {
        worst = std::max(worst, std::abs(double{a[i]} - b[i]) / (double{*high} - *low));
      }
    }
  }
  return worst;
}

SegmentKv RoundTrip(const SegmentKv& kv, Precision precision, Precision read_as) {
  std::vector<uint8_t> data;
  EncodeChunk(kv, 0, kv.tokens, precision, &data);
  EXPECT_EQ(data.size(), EncodedChunkBytes(kv.shape, precision, kv.tokens));
  if (read_as == Precision::kQ4) {
    data.resize(EncodedChunkBytes(kv.shape, read_as, kv.tokens));
    precision = read_as;
  }
  SegmentKv out;
  out.Reset(kv.shape);
  EXPECT_TRUE(DecodeChunkRaw(data, kv.shape, precision, kv.tokens, &out).ok());
  return out;
}

struct Case {
  Precision stored;
  Precision read_as;
  double bound;  // of a group's range
};

class CodecErrors : public ::testing::TestWithParam<std::tuple<Case, KvShape>> {};

TEST_P(CodecErrors, StayWithinTheBoundOfThePrecision) {
  const auto& [precision, shape] = GetParam();
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const SegmentKv kv = RandomKv(shape, 1 + seed * 7, seed);
    const SegmentKv out = RoundTrip(kv, precision.stored, precision.read_as);
    ASSERT_EQ(out.tokens, kv.tokens);
    const auto head_dim = static_cast<size_t>(shape.head_dim);
    for (size_t layer = 0; layer < static_cast<size_t>(shape.layers); ++layer) {
      EXPECT_LE(LargestError(kv.k[layer], out.k[layer], head_dim), precision.bound);
      EXPECT_LE(LargestError(kv.v[layer], out.v[layer], head_dim), precision.bound);
    }
  }
}

// Half a step of 255, and half of 16 bins, each with a little room for the F16 parameters.
INSTANTIATE_TEST_SUITE_P(
    All, CodecErrors,
    ::testing::Combine(::testing::Values(Case{Precision::kQ8, Precision::kQ8, 0.5 / 255 * 1.01},
                                         Case{Precision::kQ8, Precision::kQ4, 8.0 / 255 * 1.01},
                                         Case{Precision::kQ4, Precision::kQ4, 8.0 / 255 * 1.01}),
                       ::testing::Values(kShape, KvShape{2, 3, 64}, KvShape{1, 1, 128},
                                         KvShape{2, 2, 80}, KvShape{2, 1, 40}, KvShape{1, 2, 20})));

TEST(Codec, F16KeepsElevenBits) {
  const SegmentKv kv = RandomKv(kShape, 9, 3);
  const SegmentKv out = RoundTrip(kv, Precision::kF16, Precision::kF16);
  for (size_t i = 0; i < kv.k[1].size(); ++i) {
    ASSERT_EQ(out.k[1][i], HalfToFloat(FloatToHalf(kv.k[1][i])));
    ASSERT_EQ(out.v[2][i], HalfToFloat(FloatToHalf(kv.v[2][i])));
  }
}

TEST(Codec, FourBitDataIsTheHighPartOfEightBitData) {
  const SegmentKv kv = RandomKv(kShape, 33, 4);
  std::vector<uint8_t> eight;
  std::vector<uint8_t> four;
  EncodeChunk(kv, 0, kv.tokens, Precision::kQ8, &eight);
  EncodeChunk(kv, 0, kv.tokens, Precision::kQ4, &four);
  ASSERT_LT(four.size(), eight.size());
  eight.resize(four.size());
  EXPECT_EQ(eight, four);
}

TEST(Codec, HandlesConstantTinyHugeAndNonFiniteGroups) {
  SegmentKv kv = RandomKv({1, 1, 64}, 5, 6);
  const auto fill = [&](size_t token, float low, float high) {
    for (size_t i = 0; i < 64; ++i) {
      kv.k[0][token * 64 + i] = i % 2 == 0 ? low : high;
    }
  };
  fill(0, -1.37F, -1.37F);
  fill(1, 0.0F, 0.0F);
  fill(2, 1e-7F, 3e-7F);
  fill(3, -1e30F, 1e30F);
  fill(4, NAN, INFINITY);
  const SegmentKv out = RoundTrip(kv, Precision::kQ8, Precision::kQ8);
  EXPECT_NEAR(out.k[0][0], -1.37F, 1e-3F);
  EXPECT_EQ(out.k[0][64], 0.0F);
  EXPECT_NEAR(out.k[0][128], 1e-7F, 6e-8F);
  EXPECT_NEAR(out.k[0][3 * 64 + 1], 65504.0F, 300.0F);
  EXPECT_NEAR(out.k[0][4 * 64], 0.0F, 1.0F);
  for (const float x : out.k[0]) {
    EXPECT_TRUE(std::isfinite(x));
  }
}

// A row of an F16 buffer.
const uint16_t* Halves(const uint8_t* row) { return reinterpret_cast<const uint16_t*>(row); }

class DecodedRows : public ::testing::TestWithParam<std::tuple<Precision, RopeKind>> {
 protected:
  static std::unique_ptr<KvBuffer> Buffer(const KvShape& shape) {
    auto buffer = KvBuffer::Create(shape, 256, KvFormat::kF16, ggml_backend_cpu_buffer_type());
    EXPECT_TRUE(buffer.ok());
    return std::move(buffer).value();
  }
};

TEST_P(DecodedRows, EqualStoredValuesPlusBiasRotatedToTheirPosition) {
  const auto [precision, kind] = GetParam();
  const SegmentKv kv = RandomKv(kShape, 50, 7);
  std::vector<uint8_t> data;
  EncodeChunk(kv, 5, 40, precision, &data);
  SegmentKv raw;
  raw.Reset(kShape);
  ASSERT_TRUE(DecodeChunkRaw(data, kShape, precision, 40, &raw).ok());

  KeyBias bias;
  bias.layers.resize(3);
  bias.layers[1].assign(kShape.RowValues(), 0.0F);
  for (size_t i = 0; i < bias.layers[1].size(); ++i) {
    bias.layers[1][i] = static_cast<float>(i) * 0.5F - 20.0F;
  }
  RopeParams params;
  params.kind = kind;
  params.dims = 64;
  RopeAngles rope(params);
  const std::unique_ptr<KvBuffer> buffer = Buffer(kShape);
  constexpr size_t kSkip = 3;
  constexpr size_t kCount = 35;
  constexpr size_t kPosition = 100;
  ASSERT_TRUE(DecodeChunk(data, kShape, precision, precision, 40, kSkip, kCount, bias, params,
                          kPosition, buffer.get())
                  .ok());

  const size_t row = kShape.RowValues();
  for (int layer = 0; layer < kShape.layers; ++layer) {
    for (size_t token = 0; token < kCount; ++token) {
      const float* stored = raw.k[static_cast<size_t>(layer)].data() + (kSkip + token) * row;
      std::vector<float> key(stored, stored + row);
      for (size_t i = 0; i < row && layer == 1; ++i) {
        key[i] += bias.layers[1][i];
      }
      rope.SetPosition(static_cast<int32_t>(kPosition + token));
      for (size_t head = 0; head < row; head += 64) {
        rope.Rotate(key.data() + head);
      }
      for (size_t i = 0; i < row; ++i) {
        const float decoded = HalfToFloat(Halves(buffer->k_row(layer, kPosition + token))[i]);
        ASSERT_NEAR(decoded, key[i], 1e-5F + std::abs(key[i]) * 0x1p-10F);
        const float value = raw.v[static_cast<size_t>(layer)][(kSkip + token) * row + i];
        ASSERT_EQ(Halves(buffer->v_row(layer, kPosition + token))[i], FloatToHalf(value));
      }
    }
  }
  for (size_t i = 0; i < row; ++i) {  // neighbours stay as they were
    EXPECT_EQ(Halves(buffer->k_row(1, kPosition - 1))[i], 0);
    EXPECT_EQ(Halves(buffer->v_row(1, kPosition + kCount))[i], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DecodedRows,
                         ::testing::Combine(::testing::Values(Precision::kF16, Precision::kQ8,
                                                              Precision::kQ4),
                                            ::testing::Values(RopeKind::kNeox, RopeKind::kNormal)));

TEST(Codec, RefusesShortDataAndRowsOutsideTheBuffer) {
  const SegmentKv kv = RandomKv(kShape, 10, 8);
  std::vector<uint8_t> data;
  EncodeChunk(kv, 0, 10, Precision::kQ8, &data);
  RopeParams params;
  params.dims = 64;
  auto buffer = KvBuffer::Create(kShape, 256, KvFormat::kF16, ggml_backend_cpu_buffer_type());
  ASSERT_TRUE(buffer.ok());
  const auto decode = [&](std::span<const uint8_t> bytes, size_t skip, size_t count, size_t at) {
    return DecodeChunk(bytes, kShape, Precision::kQ8, Precision::kQ8, 10, skip, count, {}, params,
                       at, buffer->get())
        .code();
  };
  EXPECT_EQ(decode(data, 0, 10, 246), StatusCode::kOk);
  EXPECT_EQ(decode(data, 0, 10, 247), StatusCode::kOutOfRange);
  EXPECT_EQ(decode(data, 1, 10, 0), StatusCode::kInvalidArgument);
  EXPECT_EQ(decode(std::span(data).first(data.size() - 1), 0, 10, 0), StatusCode::kInvalidArgument);
}

TEST(Codec, HighPartAloneSufficesToReadEightBitDataAsFour) {
  const SegmentKv kv = RandomKv(kShape, 10, 9);
  std::vector<uint8_t> data;
  EncodeChunk(kv, 0, 10, Precision::kQ8, &data);
  data.resize(EncodedChunkBytes(kShape, Precision::kQ4, 10));
  RopeParams params;
  params.dims = 64;
  auto buffer = KvBuffer::Create(kShape, 256, KvFormat::kF16, ggml_backend_cpu_buffer_type());
  ASSERT_TRUE(buffer.ok());
  ASSERT_TRUE(DecodeChunk(data, kShape, Precision::kQ8, Precision::kQ4, 10, 0, 10, {}, params, 0,
                          buffer->get())
                  .ok());
  for (size_t i = 0; i < kShape.RowValues(); ++i) {
    EXPECT_NEAR(HalfToFloat(Halves((*buffer)->v_row(2, 4))[i]), kv.v[2][4 * kShape.RowValues() + i],
                4.0F);
  }
}

TEST(KeyPlane, HoldsTheKeysOfOneHead) {
  const SegmentKv kv = RandomKv({2, 3, 40}, 21, 10);
  std::vector<uint8_t> data;
  EncodeKeyPlane(kv, 1, 2, &data);
  ASSERT_EQ(data.size(), EncodedKeyPlaneBytes(kv.shape, kv.tokens));
  std::vector<float> keys;
  ASSERT_TRUE(DecodeKeyPlane(data, kv.shape, kv.tokens, &keys).ok());
  std::vector<float> expected;
  for (size_t token = 0; token < kv.tokens; ++token) {
    const float* head = kv.k[1].data() + token * 120 + 80;
    expected.insert(expected.end(), head, head + 40);
  }
  ASSERT_EQ(keys.size(), expected.size());
  EXPECT_LE(LargestError(expected, keys, 40), 8.0 / 255 * 1.01);
}

#if defined(__x86_64__) || defined(_M_X64)
TEST(RowKernels, Avx2ComputesWhatThePlainLoopsCompute) {
  if (!CpuHasAvx2()) {
    GTEST_SKIP() << "this processor has no AVX2";
  }
  std::mt19937 random(11);
  for (const auto& [heads, head_dim] : {std::pair<size_t, size_t>{2, 64}, {3, 80}, {1, 20}}) {
    const size_t values = heads * head_dim;
    const SegmentKv kv =
        RandomKv({1, static_cast<int>(heads), static_cast<int>(head_dim)}, 1, random());
    std::vector<uint8_t> high(heads * ((head_dim + 31) / 32) * 20);
    std::vector<uint8_t> low(heads * ((head_dim + 31) / 32) * 16);
    QuantiseRow(kv.k[0].data(), heads, head_dim, high.data(), low.data());
    for (const uint8_t* fine : {static_cast<const uint8_t*>(low.data()), (const uint8_t*)nullptr}) {
      std::vector<float> plain(values);
      std::vector<float> fast(values);
      kPlainRowKernels.dequantise(high.data(), fine, heads, head_dim, plain.data());
      kAvx2RowKernels.dequantise(high.data(), fine, heads, head_dim, fast.data());
      EXPECT_EQ(plain, fast);

      for (const bool neox : {true, false}) {
        std::vector<float> angles(head_dim);
        std::generate(angles.begin(), angles.end(), [&] { return std::sin(float(random())); });
        const KeyRotation rotation{plain.data(), angles.data(), angles.data() + head_dim / 2,
                                   head_dim / 2 - 1, neox};
        std::vector<float> a = plain;
        std::vector<float> b = plain;
        kPlainRowKernels.rotate(rotation, heads, head_dim, a.data());
        kAvx2RowKernels.rotate(rotation, heads, head_dim, b.data());
        for (size_t i = 0; i < values; ++i) {
          ASSERT_NEAR(a[i], b[i], 1e-5F * (1.0F + std::abs(a[i])));
        }
      }
      std::vector<uint16_t> plain_half(values);
      std::vector<uint16_t> fast_half(values);
      kPlainRowKernels.to_half(plain.data(), values, plain_half.data());
      kAvx2RowKernels.to_half(plain.data(), values, fast_half.data());
      EXPECT_EQ(plain_half, fast_half);
      kPlainRowKernels.to_float(plain_half.data(), values, plain.data());
      kAvx2RowKernels.to_float(plain_half.data(), values, fast.data());
      EXPECT_EQ(plain, fast);
    }
  }
}
#endif

}  // namespace
}  // namespace leoam
