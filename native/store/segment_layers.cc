#include "store/segment_layers.h"

#include <span>

#include "kv/codec.h"
#include "store/crc32c.h"

namespace leoam {

Result<std::unique_ptr<SegmentLayers>> SegmentLayers::Open(
    std::unique_ptr<ReadableFile> file, std::shared_ptr<const SegmentFront> front) {
  std::unique_ptr<SegmentLayers> layers(new SegmentLayers(std::move(file), std::move(front)));
  const SegmentFront& of = *layers->front_;
  if (of.layers_offset != 0) {
    LEOAM_RETURN_IF_ERROR(ReadLayerChecksums(layers->file_.get(), of, &layers->checksums_));
    return layers;
  }
  std::vector<uint8_t> data;
  uint64_t bytes_read = 0;
  for (size_t chunk = 0; chunk < of.info.chunk_ends.size(); ++chunk) {
    LEOAM_RETURN_IF_ERROR(
        ReadSegmentChunk(layers->file_.get(), of, chunk, of.info.precision, &data, &bytes_read));
    AppendLayerChecksums(data, of.info.shape, of.info.precision, of.ChunkTokens(chunk),
                         &layers->checksums_);
  }
  return layers;
}

size_t SegmentLayers::Bytes(size_t chunk, Precision read_as) const {
  const SegmentInfo& info = front_->info;
  return EncodedLayerBytes(info.shape, ReadPrecision(info.precision, read_as),
                           front_->ChunkTokens(chunk));
}

Status SegmentLayers::Read(size_t chunk, int layer, Precision read_as,
                           std::vector<uint8_t>* out) const {
  const SegmentInfo& info = front_->info;
  const auto at = static_cast<uint64_t>(layer);
  const auto layers = static_cast<size_t>(info.shape.layers);
  out->resize(Bytes(chunk, read_as));
  const size_t high =
      EncodedLayerBytes(info.shape, HighPrecision(info.precision), front_->ChunkTokens(chunk));
  const std::span<uint8_t> high_part = std::span(*out).first(high);
  const std::span<uint8_t> low_part = std::span(*out).subspan(high);
  const uint64_t begin = front_->chunk_offsets[chunk];
  LEOAM_RETURN_IF_ERROR(file_->ReadAt(begin + at * high, high_part));
  if (!low_part.empty()) {
    LEOAM_RETURN_IF_ERROR(file_->ReadAt(begin + layers * high + at * low_part.size(), low_part));
  }
  const LayerChecksums& expected = checksums_[chunk * layers + static_cast<size_t>(layer)];
  const bool intact =
      Crc32c(high_part) == expected.high && (low_part.empty() || Crc32c(low_part) == expected.low);
  return intact ? Status::Ok() : DamagedSegment(info.key, "KV");
}

}  // namespace leoam
