#include "kv/moved_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "kv/rope.h"

namespace leoam {
namespace {

constexpr KvShape kShape{2, 2, 64};
constexpr size_t kTokens = 40;

class MovedRowsTest : public ::testing::TestWithParam<KvFormat> {
 protected:
  static std::unique_ptr<KvBuffer> NewBuffer() {
    auto buffer = KvBuffer::Create(kShape, 512, GetParam(), ggml_backend_cpu_buffer_type());
    EXPECT_TRUE(buffer.ok());
    return std::move(buffer).value();
  }

  static RopeParams Rope() {
    RopeParams rope;
    rope.dims = kShape.head_dim;
    rope.base = 1'000'000.0F;
    return rope;
  }

  // Rows of random values as they are for positions from `begin` on.
  static void Write(KvBuffer* kv, size_t begin) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    RopeAngles angles(Rope());
    std::vector<float> row(kShape.RowValues());
    for (int layer = 0; layer < kShape.layers; ++layer) {
      for (size_t token = 0; token < kTokens; ++token) {
        for (float& value : row) {
          value = normal(random);
        }
        kv->WriteValues(layer, begin + token, row.data());
        angles.SetPosition(static_cast<int32_t>(begin + token));
        for (int head = 0; head < kShape.kv_heads; ++head) {
          angles.Rotate(row.data() + head * kShape.head_dim);
        }
        kv->WriteKeys(layer, begin + token, row.data());
      }
    }
  }

  // The largest difference of rows at `begin` of both.
  static float Difference(const KvBuffer& a, const KvBuffer& b, size_t begin) {
    float largest = 0.0F;
    std::vector<float> x(kShape.head_dim);
    std::vector<float> y(kShape.head_dim);
    const auto compare = [&] {
      for (size_t i = 0; i < x.size(); ++i) {
        largest = std::max(largest, std::fabs(x[i] - y[i]));
      }
    };
    for (int layer = 0; layer < kShape.layers; ++layer) {
      for (size_t token = begin; token < begin + kTokens; ++token) {
        for (int head = 0; head < kShape.kv_heads; ++head) {
          a.ReadKey(layer, token, head, x.data());
          b.ReadKey(layer, token, head, y.data());
          compare();
          a.ReadValue(layer, token, head, x.data());
          b.ReadValue(layer, token, head, y.data());
          compare();
        }
      }
    }
    return largest;
  }

  // What rounding of either side may lose.
  static float Tolerance() { return GetParam() == KvFormat::kF16 ? 8e-3F : 8e-2F; }
};

TEST_P(MovedRowsTest, AreWhatTheyWouldBeAtTheirNewPlace) {
  for (const size_t to : {size_t{131}, size_t{90}, size_t{300}}) {
    const auto kv = NewBuffer();
    Write(kv.get(), 120);
    MovedRows::Take(*kv, 120, 120 + kTokens).Put(Rope(), to, kv.get());
    const auto expected = NewBuffer();
    Write(expected.get(), to);
    EXPECT_LT(Difference(*kv, *expected, to), Tolerance()) << to;
  }
}

TEST_P(MovedRowsTest, AreTheSameBytesWhereTheyWere) {
  const auto kv = NewBuffer();
  Write(kv.get(), 120);
  const MovedRows rows = MovedRows::Take(*kv, 120, 120 + kTokens);
  EXPECT_EQ(rows.tokens(), kTokens);
  const auto other = NewBuffer();
  rows.Put(Rope(), 120, other.get());
  EXPECT_EQ(Difference(*kv, *other, 120), 0.0F);
}

INSTANTIATE_TEST_SUITE_P(Formats, MovedRowsTest, ::testing::Values(KvFormat::kF16, KvFormat::kQ8));

}  // namespace
}  // namespace leoam
