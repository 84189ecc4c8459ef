// Reading the KV of single layers of a segment, as a pass over more KV than fits in RAM needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "leoam/status.h"
#include "leoam/types.h"
#include "store/segment_format.h"

namespace leoam {

// One segment, open for reading. What is open stays readable, and what it is, although the store
// evicts or replaces the segment meanwhile. Any thread.
class SegmentLayers {
 public:
  // Reads the layers' checksums; of a file that was written without, all of its chunks.
  static Result<std::unique_ptr<SegmentLayers>> Open(std::unique_ptr<ReadableFile> file,
                                                     std::shared_ptr<const SegmentFront> front);

  const SegmentInfo& info() const { return front_->info; }

  // See ReadableFile.
  void PassPageCache() { file_->PassPageCache(); }
  bool InMemory() const { return file_->InMemory(); }

  // Bytes that Read delivers.
  size_t Bytes(size_t chunk, Precision read_as) const;

  // One layer of a chunk, as DecodeLayer takes it; of 8-bit data the high parts alone if
  // `read_as` is kQ4. kCorruption when a checksum differs, else what the file says.
  Status Read(size_t chunk, int layer, Precision read_as, std::vector<uint8_t>* out) const;

 private:
  SegmentLayers(std::unique_ptr<ReadableFile> file, std::shared_ptr<const SegmentFront> front)
      : file_(std::move(file)), front_(std::move(front)) {}

  std::unique_ptr<ReadableFile> file_;
  std::shared_ptr<const SegmentFront> front_;
  std::vector<LayerChecksums> checksums_;  // [chunk][layer]
};

}  // namespace leoam
