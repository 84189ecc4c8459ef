#include "model/widened.h"

#include <cstring>

namespace leoam {
namespace {

// ggml's blocks, which its public headers do not declare: a scale in half precision, then
// the fifth bits of all values as one little-endian word and the low nibbles, of the first
// half of the values in the low and of the second in the high half of each byte; or a byte a value.
constexpr int kValues = 32;
constexpr int kHalf = kValues / 2;
constexpr int kScaleBytes = 2;
constexpr int kQ5Bytes = kScaleBytes + 4 + kHalf;
constexpr int kQ8Bytes = kScaleBytes + kValues;
constexpr int kMiddle = 16;  // what stands for zero in 5 bits

}  // namespace

ggml_type KeptType(ggml_type type) { return type == GGML_TYPE_Q5_0 ? GGML_TYPE_Q8_0 : type; }

void WidenQ5ToQ8(const uint8_t* from, int64_t values, uint8_t* to) {
  for (int64_t block = 0; block < values / kValues; ++block) {
    const uint8_t* fifth = from + kScaleBytes;
    const uint8_t* nibbles = fifth + 4;
    uint8_t* wide = to + kScaleBytes;
    std::memcpy(to, from, kScaleBytes);
    const uint32_t bits =
        fifth[0] | fifth[1] << 8 | fifth[2] << 16 | static_cast<uint32_t>(fifth[3]) << 24;
    for (int i = 0; i < kHalf; ++i) {
      const int low = (nibbles[i] & 15) | static_cast<int>(bits >> i & 1) << 4;
      const int high = nibbles[i] >> 4 | static_cast<int>(bits >> (i + kHalf) & 1) << 4;
      wide[i] = static_cast<uint8_t>(low - kMiddle);
      wide[i + kHalf] = static_cast<uint8_t>(high - kMiddle);
    }
    from += kQ5Bytes;
    to += kQ8Bytes;
  }
}

}  // namespace leoam
