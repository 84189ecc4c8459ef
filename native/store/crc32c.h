// CRC32C (Castagnoli), the checksum of the store's files. Our own: it is a page of code,
// while a library would be one more dependency to fetch and build on every platform.
#pragma once

#include <cstdint>
#include <span>

namespace leoam {

uint32_t Crc32c(std::span<const uint8_t> data);

// The version without special instructions; for tests.
uint32_t Crc32cPortable(std::span<const uint8_t> data);

}  // namespace leoam
