#include "store/segment_format.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "store/crc32c.h"

namespace leoam {

static_assert(std::endian::native == std::endian::little,
              "segment files are little-endian and are read without conversion");

namespace {

constexpr char kMagic[8] = {'L', 'E', 'O', 'A', 'M', 'S', 'E', 'G'};
constexpr uint64_t kPlaneAlignment = 64;
constexpr uint64_t kChunkAlignment = 4096;  // a page, so that direct I/O can start there
constexpr uint32_t kStaleFlag = 1;

// Limits far above any model, so that a damaged size cannot ask for absurd memory.
constexpr uint32_t kMaxDimension = 1U << 16;
constexpr uint32_t kMaxTokens = 1U << 26;

struct Header {
  char magic[8];
  uint32_t format;
  uint32_t header_checksum;  // of the header with this field zero
  uint8_t key[32];
  uint64_t file_bytes;
  uint32_t table_checksum;
  uint32_t layers;
  uint32_t kv_heads;
  uint32_t head_dim;
  uint32_t precision;
  uint32_t tokens;
  uint32_t chunks;
  uint32_t planes;
  uint64_t planes_offset;
  uint64_t chunks_offset;
  uint64_t layers_offset;
  uint32_t layers_checksum;
  uint8_t reserved[12];
};
static_assert(sizeof(Header) == kSegmentHeaderBytes);

struct ChunkRecord {
  uint32_t end;
  uint32_t flags;
  uint32_t high_checksum;
  uint32_t low_checksum;
};

struct PlaneRecord {
  uint32_t layer;
  uint32_t kv_head;
  uint32_t checksum;
};

uint64_t RoundUp(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

uint64_t LayerTableBytes(uint64_t chunks, uint64_t layers) {
  return chunks * layers * sizeof(LayerChecksums);
}

uint64_t TableBytes(const Header& header) {
  return header.tokens * sizeof(Token) + header.chunks * sizeof(ChunkRecord) +
         header.planes * sizeof(PlaneRecord);
}

// Both parts of an encoded chunk.
size_t HighBytes(const KvShape& shape, Precision precision, size_t tokens) {
  return EncodedChunkBytes(shape, HighPrecision(precision), tokens);
}

void KeyToBytes(const std::string& key, uint8_t* out) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i < key.size() / 2; ++i) {
    out[i] = static_cast<uint8_t>(digit(key[2 * i]) * 16 + digit(key[2 * i + 1]));
  }
}

template <typename T>
void Append(std::vector<uint8_t>* out, const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  out->insert(out->end(), bytes, bytes + values.size() * sizeof(T));
}

Status CheckWrite(const SegmentWrite& segment) {
  const auto wrong = [](const char* what) { return Status(StatusCode::kInvalidArgument, what); };
  if (!IsSegmentKey(segment.key)) {
    return wrong("A segment's key must be 64 lower-case hex digits.");
  }
  if (segment.tokens.empty() || segment.tokens.size() > kMaxTokens) {
    return wrong("A segment needs at least one token.");
  }
  if (segment.kv == nullptr || segment.kv->tokens != segment.tokens.size()) {
    return wrong("A segment's KV must hold as many tokens as its text.");
  }
  for (const std::vector<std::vector<float>>* rows : {&segment.kv->k, &segment.kv->v}) {
    for (const std::vector<float>& layer : *rows) {
      if (layer.size() != segment.tokens.size() * segment.kv->shape.RowValues()) {
        return wrong("A layer of the segment's KV has another number of values.");
      }
    }
  }
  if (segment.chunk_ends.empty() || segment.chunk_ends.back() != segment.tokens.size() ||
      segment.chunk_ends.front() == 0 ||
      std::adjacent_find(segment.chunk_ends.begin(), segment.chunk_ends.end(),
                         std::greater_equal<>()) != segment.chunk_ends.end()) {
    return wrong("Chunk ends must ascend from above 0 to the number of tokens.");
  }
  if (!segment.chunk_stale.empty() && segment.chunk_stale.size() != segment.chunk_ends.size()) {
    return wrong("There must be one stale mark for each chunk, or none.");
  }
  for (const auto& [layer, head] : segment.key_planes) {
    if (layer < 0 || layer >= segment.kv->shape.layers || head < 0 ||
        head >= segment.kv->shape.kv_heads) {
      return wrong("A key plane names a layer or a KV head that the model does not have.");
    }
  }
  return Status::Ok();
}

// What the header says is possible, before anything is allocated for it.
bool Plausible(const Header& header) {
  const bool precision = header.precision == 16 || header.precision == 8 || header.precision == 4;
  return precision && header.layers > 0 && header.layers < kMaxDimension && header.kv_heads > 0 &&
         header.kv_heads < kMaxDimension && header.head_dim > 0 &&
         header.head_dim < kMaxDimension && header.tokens > 0 && header.tokens <= kMaxTokens &&
         header.chunks > 0 && header.chunks <= header.tokens && header.planes < kMaxDimension &&
         header.planes_offset == RoundUp(sizeof(Header) + TableBytes(header), kPlaneAlignment) &&
         header.chunks_offset >= header.planes_offset &&
         header.layers_offset <= header.chunks_offset && header.file_bytes >= header.chunks_offset;
}

Status ReadTable(ReadableFile* file, const Header& header, SegmentFront* front) {
  const std::string& key = front->info.key;
  std::vector<uint8_t> table(TableBytes(header));
  LEOAM_RETURN_IF_ERROR(file->ReadAt(sizeof(Header), table));
  if (Crc32c(table) != header.table_checksum) {
    return DamagedSegment(key, "table");
  }
  const uint8_t* at = table.data();
  SegmentInfo& info = front->info;
  info.tokens.resize(header.tokens);
  std::memcpy(info.tokens.data(), at, header.tokens * sizeof(Token));
  at += header.tokens * sizeof(Token);

  uint64_t offset = header.chunks_offset;
  uint32_t begin = 0;
  for (uint32_t i = 0; i < header.chunks; ++i, at += sizeof(ChunkRecord)) {
    ChunkRecord record{};
    std::memcpy(&record, at, sizeof(record));
    if (record.end <= begin || record.end > header.tokens) {
      return DamagedSegment(key, "table");
    }
    info.chunk_ends.push_back(record.end);
    info.chunk_stale.push_back(static_cast<uint8_t>(record.flags & kStaleFlag));
    front->high_checksums.push_back(record.high_checksum);
    front->low_checksums.push_back(record.low_checksum);
    front->chunk_offsets.push_back(offset);
    offset += EncodedChunkBytes(info.shape, info.precision, record.end - begin);
    begin = record.end;
  }
  front->chunk_offsets.push_back(offset);
  if (begin != header.tokens || offset != header.file_bytes) {
    return DamagedSegment(key, "table");
  }

  for (uint32_t i = 0; i < header.planes; ++i, at += sizeof(PlaneRecord)) {
    PlaneRecord record{};
    std::memcpy(&record, at, sizeof(record));
    if (record.layer >= header.layers || record.kv_head >= header.kv_heads) {
      return DamagedSegment(key, "table");
    }
    info.key_planes.emplace_back(record.layer, record.kv_head);
    front->plane_checksums.push_back(record.checksum);
  }
  const uint64_t plane_bytes = EncodedKeyPlaneBytes(info.shape, header.tokens);
  const uint64_t layer_bytes =
      front->layers_offset == 0 ? 0 : LayerTableBytes(header.chunks, header.layers);
  return front->planes_offset + header.planes * plane_bytes <= header.chunks_offset &&
                 front->layers_offset + layer_bytes <= header.chunks_offset
             ? Status::Ok()
             : DamagedSegment(key, "table");
}

}  // namespace

bool SegmentInfo::stale() const {
  return std::any_of(chunk_stale.begin(), chunk_stale.end(),
                     [](uint8_t mark) { return mark != 0; });
}

Status DamagedSegment(const std::string& key, const char* part) {
  return Status(StatusCode::kCorruption, "The " + std::string(part) + " of the stored segment " +
                                             key.substr(0, 12) +
                                             " is damaged; its file is read again from its text.");
}

bool IsSegmentKey(const std::string& key) {
  return key.size() == 64 && std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<std::vector<uint8_t>> EncodeSegment(const SegmentWrite& segment, Precision precision) {
  LEOAM_RETURN_IF_ERROR(CheckWrite(segment));
  const SegmentKv& kv = *segment.kv;

  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.format = kStoreFormat;
  KeyToBytes(segment.key, header.key);
  header.layers = static_cast<uint32_t>(kv.shape.layers);
  header.kv_heads = static_cast<uint32_t>(kv.shape.kv_heads);
  header.head_dim = static_cast<uint32_t>(kv.shape.head_dim);
  header.precision = static_cast<uint32_t>(precision);
  header.tokens = static_cast<uint32_t>(segment.tokens.size());
  header.chunks = static_cast<uint32_t>(segment.chunk_ends.size());
  header.planes = static_cast<uint32_t>(segment.key_planes.size());
  header.planes_offset = RoundUp(sizeof(Header) + TableBytes(header), kPlaneAlignment);
  const uint64_t plane_bytes = EncodedKeyPlaneBytes(kv.shape, kv.tokens);
  header.layers_offset =
      RoundUp(header.planes_offset + header.planes * plane_bytes, kPlaneAlignment);
  header.chunks_offset = RoundUp(
      header.layers_offset + LayerTableBytes(header.chunks, header.layers), kChunkAlignment);

  std::vector<uint8_t> file(header.planes_offset);
  file.reserve(header.chunks_offset + EncodedChunkBytes(kv.shape, precision, kv.tokens));
  std::vector<PlaneRecord> planes;
  for (const auto& [layer, head] : segment.key_planes) {
    const size_t start = file.size();
    EncodeKeyPlane(kv, layer, head, &file);
    planes.push_back({static_cast<uint32_t>(layer), static_cast<uint32_t>(head),
                      Crc32c(std::span(file).subspan(start))});
  }
  file.resize(header.chunks_offset);

  std::vector<ChunkRecord> chunks;
  std::vector<LayerChecksums> layers;
  std::vector<uint8_t> encoded;
  size_t begin = 0;
  for (size_t i = 0; i < segment.chunk_ends.size(); ++i) {
    const size_t end = segment.chunk_ends[i];
    EncodeChunk(kv, begin, end - begin, precision, &encoded);
    const size_t high = HighBytes(kv.shape, precision, end - begin);
    const bool stale = !segment.chunk_stale.empty() && segment.chunk_stale[i] != 0;
    chunks.push_back({segment.chunk_ends[i], stale ? kStaleFlag : 0,
                      Crc32c(std::span(encoded).first(high)),
                      Crc32c(std::span(encoded).subspan(high))});
    AppendLayerChecksums(encoded, kv.shape, precision, end - begin, &layers);
    Append(&file, encoded);
    begin = end;
  }
  header.file_bytes = file.size();
  const auto* layer_bytes = reinterpret_cast<const uint8_t*>(layers.data());
  const std::span layer_table(layer_bytes, layers.size() * sizeof(LayerChecksums));
  std::copy(layer_table.begin(), layer_table.end(),
            file.begin() + static_cast<ptrdiff_t>(header.layers_offset));
  header.layers_checksum = Crc32c(layer_table);

  std::vector<uint8_t> table;
  Append(&table, segment.tokens);
  Append(&table, chunks);
  Append(&table, planes);
  header.table_checksum = Crc32c(table);
  header.header_checksum = Crc32c({reinterpret_cast<const uint8_t*>(&header), sizeof(header)});
  std::memcpy(file.data(), &header, sizeof(header));
  std::copy(table.begin(), table.end(), file.begin() + sizeof(header));
  return file;
}

Result<SegmentFront> ReadSegmentFront(ReadableFile* file, const std::string& key) {
  SegmentFront front;
  front.info.key = key;
  LEOAM_RETURN_IF_ERROR(file->ReadAt(0, front.header));
  Header header{};
  std::memcpy(&header, front.header.data(), sizeof(header));
  const uint32_t stored_checksum = header.header_checksum;
  header.header_checksum = 0;
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0 ||
      Crc32c({reinterpret_cast<const uint8_t*>(&header), sizeof(header)}) != stored_checksum) {
    return DamagedSegment(key, "header");
  }
  if (header.format > kStoreFormat) {
    return Status(StatusCode::kTooNew,
                  "The stored segment " + key.substr(0, 12) +
                      " was written by a newer version of LeoAM; update LeoAM to read it.");
  }
  uint8_t expected_key[32];
  KeyToBytes(key, expected_key);
  const Result<uint64_t> size = file->Size();
  if (!size.ok()) {
    return size.status();
  }
  if (std::memcmp(header.key, expected_key, sizeof(expected_key)) != 0 || !Plausible(header) ||
      *size != header.file_bytes) {
    return DamagedSegment(key, "header");
  }
  SegmentInfo& info = front.info;
  info.shape = {static_cast<int>(header.layers), static_cast<int>(header.kv_heads),
                static_cast<int>(header.head_dim)};
  info.precision = static_cast<Precision>(header.precision);
  info.bytes = header.file_bytes;
  front.planes_offset = header.planes_offset;
  front.layers_offset = header.layers_offset;
  front.layers_checksum = header.layers_checksum;
  LEOAM_RETURN_IF_ERROR(ReadTable(file, header, &front));
  return front;
}

Status ReadSegmentChunk(ReadableFile* file, const SegmentFront& front, size_t chunk,
                        Precision read_as, std::vector<uint8_t>* out, uint64_t* bytes_read) {
  const SegmentInfo& info = front.info;
  const size_t tokens = front.ChunkTokens(chunk);
  const size_t high = HighBytes(info.shape, info.precision, tokens);
  const bool whole = ReadPrecision(info.precision, read_as) == info.precision;
  out->resize(whole ? EncodedChunkBytes(info.shape, info.precision, tokens) : high);
  LEOAM_RETURN_IF_ERROR(file->ReadAt(front.chunk_offsets[chunk], *out));
  *bytes_read += out->size();
  if (Crc32c(std::span(*out).first(high)) != front.high_checksums[chunk] ||
      (whole && Crc32c(std::span(*out).subspan(high)) != front.low_checksums[chunk])) {
    return DamagedSegment(info.key, "KV");
  }
  return Status::Ok();
}

Status ReadLayerChecksums(ReadableFile* file, const SegmentFront& front,
                          std::vector<LayerChecksums>* out) {
  out->resize(front.info.chunk_ends.size() * static_cast<size_t>(front.info.shape.layers));
  const std::span bytes(reinterpret_cast<uint8_t*>(out->data()),
                        out->size() * sizeof(LayerChecksums));
  LEOAM_RETURN_IF_ERROR(file->ReadAt(front.layers_offset, bytes));
  return Crc32c(bytes) == front.layers_checksum ? Status::Ok()
                                                : DamagedSegment(front.info.key, "checksums");
}

void AppendLayerChecksums(std::span<const uint8_t> encoded, const KvShape& shape,
                          Precision precision, size_t tokens, std::vector<LayerChecksums>* out) {
  const auto layers = static_cast<size_t>(shape.layers);
  const size_t high = EncodedLayerBytes(shape, HighPrecision(precision), tokens);
  const size_t low = EncodedLayerBytes(shape, precision, tokens) - high;
  for (size_t layer = 0; layer < layers; ++layer) {
    out->push_back({Crc32c(encoded.subspan(layer * high, high)),
                    low == 0 ? 0 : Crc32c(encoded.subspan(layers * high + layer * low, low))});
  }
}

Status ReadSegmentPlane(ReadableFile* file, const SegmentFront& front, size_t index,
                        std::vector<uint8_t>* out) {
  const size_t bytes = EncodedKeyPlaneBytes(front.info.shape, front.info.tokens.size());
  out->resize(bytes);
  LEOAM_RETURN_IF_ERROR(file->ReadAt(front.planes_offset + index * bytes, *out));
  return Crc32c(*out) == front.plane_checksums[index] ? Status::Ok()
                                                      : DamagedSegment(front.info.key, "keys");
}

}  // namespace leoam
