// The bytes of a segment file, as FORMAT.md lays them out: from a SegmentWrite to the
// whole file, and from an open file to its front, chunks and key planes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kv/codec.h"
#include "leoam/status.h"
#include "store/file_system.h"
#include "store/segment_store.h"

namespace leoam {

// Version of the segment file and of the folder around it. Readers refuse what is newer.
inline constexpr uint32_t kStoreFormat = 1;

inline constexpr size_t kSegmentHeaderBytes = 128;

// Everything before the key planes: what the file says of itself, and the checksums of the
// rest. Its header differs whenever any part of the front differs.
struct SegmentFront {
  SegmentInfo info;
  std::array<uint8_t, kSegmentHeaderBytes> header{};
  std::vector<uint32_t> high_checksums;  // of each chunk
  std::vector<uint32_t> low_checksums;
  std::vector<uint32_t> plane_checksums;
  std::vector<uint64_t> chunk_offsets;  // one more than chunks: the end of the file
  uint64_t planes_offset = 0;
  uint64_t layers_offset = 0;  // of the layers' checksums; 0: a file that has none
  uint32_t layers_checksum = 0;

  size_t ChunkTokens(size_t chunk) const { return info.chunk_ends[chunk] - info.ChunkBegin(chunk); }
};

// True for 64 lower-case hex digits: what may become a file name.
bool IsSegmentKey(const std::string& key);

// The whole file. kInvalidArgument when the parts do not belong together.
Result<std::vector<uint8_t>> EncodeSegment(const SegmentWrite& segment, Precision precision);

// kCorruption: damaged, or not the segment `key`; kTooNew.
Result<SegmentFront> ReadSegmentFront(ReadableFile* file, const std::string& key);

// One chunk; of 8-bit data the high plane alone if read_as is kQ4. kCorruption when a
// checksum differs. *bytes_read grows by what was read.
Status ReadSegmentChunk(ReadableFile* file, const SegmentFront& front, size_t chunk,
                        Precision read_as, std::vector<uint8_t>* out, uint64_t* bytes_read);

// Of one layer of a chunk: its rows in the high part, and in the low part (0: there is none).
struct LayerChecksums {
  uint32_t high = 0;
  uint32_t low = 0;
};

// Of every layer of every chunk. `front.layers_offset` must not be 0.
Status ReadLayerChecksums(ReadableFile* file, const SegmentFront& front,
                          std::vector<LayerChecksums>* out);

// Those of an encoded chunk's layers, behind what is in `out`.
void AppendLayerChecksums(std::span<const uint8_t> encoded, const KvShape& shape,
                          Precision precision, size_t tokens, std::vector<LayerChecksums>* out);

// What to say of a segment of which a part is not what was written.
Status DamagedSegment(const std::string& key, const char* part);

// The encoded keys of plane `index` of info.key_planes.
Status ReadSegmentPlane(ReadableFile* file, const SegmentFront& front, size_t index,
                        std::vector<uint8_t>* out);

}  // namespace leoam
