#include "model/widened.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace leoam {
namespace {

TEST(WidenedTest, OnlyQ5IsKeptInAnotherType) {
  EXPECT_EQ(KeptType(GGML_TYPE_Q5_0), GGML_TYPE_Q8_0);
  for (const ggml_type type : {GGML_TYPE_Q8_0, GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_1,
                               GGML_TYPE_Q4_K, GGML_TYPE_Q6_K, GGML_TYPE_F16, GGML_TYPE_F32}) {
    EXPECT_EQ(KeptType(type), type);
  }
}

// ggml's own reading of both is the judge: every value of random bytes, which have all scales
// of half precision but those that are not numbers.
TEST(WidenedTest, EveryValueStaysTheSame) {
  constexpr int64_t kValues = 32 * 4096;
  std::mt19937 random(7);
  std::vector<uint8_t> narrow(ggml_row_size(GGML_TYPE_Q5_0, kValues));
  for (uint8_t& byte : narrow) {
    byte = static_cast<uint8_t>(random());
  }
  const size_t block = ggml_type_size(GGML_TYPE_Q5_0);
  for (size_t at = 0; at < narrow.size(); at += block) {
    narrow[at + 1] &= 0xBF;  // an exponent of ones alone is not reached
  }
  std::vector<uint8_t> wide(ggml_row_size(GGML_TYPE_Q8_0, kValues));
  WidenQ5ToQ8(narrow.data(), kValues, wide.data());

  std::vector<float> before(kValues);
  std::vector<float> after(kValues);
  ggml_get_type_traits(GGML_TYPE_Q5_0)->to_float(narrow.data(), before.data(), kValues);
  ggml_get_type_traits(GGML_TYPE_Q8_0)->to_float(wide.data(), after.data(), kValues);
  EXPECT_EQ(before, after);
}

}  // namespace
}  // namespace leoam
