#include "store/crc32c.h"

#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace leoam {
namespace {

TEST(Crc32c, GivesThePublishedValues) {  // RFC 3720, appendix B.4, and the usual check value
  const std::string_view digits = "123456789";
  EXPECT_EQ(Crc32c({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()}), 0xe3069283U);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0)), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::vector<uint8_t>(32, 0xff)), 0x62a8ab43U);
  std::vector<uint8_t> rising(32);
  std::iota(rising.begin(), rising.end(), uint8_t{0});
  EXPECT_EQ(Crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(Crc32c({}), 0U);
}

TEST(Crc32c, PortableVersionAgreesAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::vector<uint8_t> data(300);
  for (uint8_t& byte : data) {
    byte = static_cast<uint8_t>(random());
  }
  for (size_t begin = 0; begin < 9; ++begin) {
    for (size_t size = 0; begin + size <= data.size(); ++size) {
      const std::span<const uint8_t> part = std::span(data).subspan(begin, size);
      ASSERT_EQ(Crc32c(part), Crc32cPortable(part));
    }
  }
}

TEST(Crc32c, AnyFlippedBitChangesIt) {
  std::vector<uint8_t> data(100, 0x5a);
  const uint32_t before = Crc32c(data);
  for (size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    EXPECT_NE(Crc32c(data), before);
    data[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
  }
}

}  // namespace
}  // namespace leoam
