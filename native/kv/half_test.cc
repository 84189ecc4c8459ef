#include "kv/half.h"

#include <cmath>
#include <random>

#include "ggml.h"
#include "gtest/gtest.h"

namespace leoam {
namespace {

TEST(Half, EveryHalfReadsAsGgmlReadsIt) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float expected = ggml_fp16_to_fp32(half);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(HalfToFloat(half))) << bits;
    } else {
      EXPECT_EQ(HalfToFloat(half), expected) << bits;
    }
  }
}

TEST(Half, RandomFloatsRoundAsGgmlRoundsThem) {
  std::mt19937 random(1);
  for (int i = 0; i < 2'000'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (!std::isnan(value)) {
      ASSERT_EQ(FloatToHalf(value), ggml_fp32_to_fp16(value)) << value;
    }
  }
}

TEST(Half, TiesRoundToEven) {
  EXPECT_EQ(FloatToHalf(1.0F + 0x1p-11F), FloatToHalf(1.0F));
  EXPECT_EQ(HalfToFloat(FloatToHalf(1.0F + 3 * 0x1p-11F)), 1.0F + 0x1p-9F);
}

TEST(Half, DirectedRoundingEnclosesTheValueTightly) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> exponent(-26.0F, 15.9F);
  for (int i = 0; i < 200'000; ++i) {
    const float value = std::exp2(exponent(random)) * ((random() & 1U) != 0 ? 1.0F : -1.0F);
    const uint16_t below = FloatToHalfDown(value);
    const uint16_t above = FloatToHalfUp(value);
    ASSERT_LE(HalfToFloat(below), value);
    ASSERT_GE(HalfToFloat(above), value);
    ASSERT_TRUE(HalfToFloat(below) == HalfToFloat(above) ||
                HalfToFloat(HalfAbove(below)) == HalfToFloat(above))
        << value;
  }
}

}  // namespace
}  // namespace leoam
