#include "store/crc32c.h"

#include <array>
#include <cstring>

#include "kv/cpu_features.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <nmmintrin.h>
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace leoam {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78U;  // reflected

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// Table t advances a byte's remainder over t more bytes, so that eight bytes take eight
// independent look-ups.
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1U) != 0 ? kPolynomial : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (uint32_t byte = 0; byte < 256; ++byte) {
    for (size_t t = 1; t < tables.size(); ++t) {
      const uint32_t before = tables[t - 1][byte];
      tables[t][byte] = (before >> 8) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

// Both take and give the inverted remainder.
uint32_t ExtendPortable(uint32_t crc, const uint8_t* data, size_t size) {
  for (; size >= 8; size -= 8, data += 8) {
    uint32_t next = 0;
    for (size_t i = 0; i < 4; ++i) {
      next ^= kTables[7 - i][(data[i] ^ (crc >> (8 * i))) & 0xffU];
      next ^= kTables[3 - i][data[4 + i]];
    }
    crc = next;
  }
  for (; size > 0; --size, ++data) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ *data) & 0xffU];
  }
  return crc;
}

#if defined(__x86_64__) || defined(_M_X64)

#if defined(__GNUC__) || defined(__clang__)
__attribute__((target("sse4.2")))
#endif
uint32_t
ExtendWithInstruction(uint32_t crc, const uint8_t* data, size_t size) {
  uint64_t wide = crc;
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word = 0;
    std::memcpy(&word, data, sizeof(word));
    wide = _mm_crc32_u64(wide, word);
  }
  return ExtendPortable(static_cast<uint32_t>(wide), data, size);
}

bool HasInstruction() {
  static const bool has = CpuHasSse42();
  return has;
}

#elif defined(__ARM_FEATURE_CRC32)

uint32_t ExtendWithInstruction(uint32_t crc, const uint8_t* data, size_t size) {
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word = 0;
    std::memcpy(&word, data, sizeof(word));
    crc = __crc32cd(crc, word);
  }
  return ExtendPortable(crc, data, size);
}

bool HasInstruction() { return true; }

#else

uint32_t ExtendWithInstruction(uint32_t crc, const uint8_t* data, size_t size) {
  return ExtendPortable(crc, data, size);
}

bool HasInstruction() { return false; }

#endif

}  // namespace

uint32_t Crc32c(std::span<const uint8_t> data) {
  return HasInstruction() ? ~ExtendWithInstruction(~0U, data.data(), data.size())
                          : Crc32cPortable(data);
}

uint32_t Crc32cPortable(std::span<const uint8_t> data) {
  return ~ExtendPortable(~0U, data.data(), data.size());
}

}  // namespace leoam
