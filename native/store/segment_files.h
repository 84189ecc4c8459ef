// Opens segments wherever they are, in RAM (refused by the disk, or moved there) or on disk, and
// keeps their fronts so that the next opening costs one short read. Drops what is damaged.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "leoam/status.h"
#include "store/disk_usage.h"
#include "store/file_system.h"
#include "store/memory_segments.h"
#include "store/segment_format.h"
#include "store/segment_store.h"
#include "store/store_folder.h"

namespace leoam {

// A segment's file or image, and its front.
struct OpenedSegment {
  std::unique_ptr<ReadableFile> file;
  std::shared_ptr<const SegmentFront> front;
};

// Thread-safe. mutex_ guards everything below it; no file on disk is touched while it is held.
class SegmentFiles {
 public:
  // `folder` and `usage` must outlive it; `usage` hears of segments that are gone.
  SegmentFiles(StoreFolder* folder, DiskUsage* usage, uint64_t ram_budget_bytes)
      : folder_(folder), usage_(usage), memory_(ram_budget_bytes) {}

  // kNotFound, kTooNew, kIo; kCorruption: the segment has been removed.
  Result<OpenedSegment> Open(const std::string& key);
  // The same, past an image in RAM.
  Result<OpenedSegment> OpenOnDisk(const std::string& key);

  // Passes `status` on; removes the segment if it says that the segment is damaged. The
  // segment must have been closed.
  Status DropIfDamaged(const std::string& key, Status status);

  // From the cache alone; null when it is not there.
  std::shared_ptr<const SegmentFront> CachedFront(const std::string& key);

  // The disk refused `image`; false when it exceeds the RAM budget too.
  bool KeepInMemory(const std::string& key, std::vector<uint8_t> image);

  bool InMemory(const std::string& key);

  // Copies segments from disk into RAM, from where they are read then; what is not there is left
  // out. kNoSpace where RAM has no room for all of them beside what it holds. Adds to `bytes_read`
  // what was read from disk for it, also where it fails midway.
  Status CopyToMemory(const std::vector<std::string>& keys, uint64_t* bytes_read);
  // A copy of what the disk has; true when there was one.
  bool DropCopy(const std::string& key);
  // Takes the place of a copy that there was.
  void Recopy(const std::string& key, std::vector<uint8_t> image);
  // Of a segment that no disk has, else null. A copy whose file is gone is such a one from then on.
  MemorySegments::Image OnlyImage(const std::string& key);

  // The segment on disk is gone or another one; an image in RAM stays, if it is no copy of it.
  void ForgetOnDisk(const std::string& key);
  // The same, and the image in RAM goes too. True when there was one.
  bool Forget(const std::string& key);
  void Clear();

  // Fills in what RAM holds and how many segments were found damaged.
  void Describe(StoreStats* stats);

 private:
  // `image`: where it is in RAM; else null.
  Result<OpenedSegment> Open(const std::string& key, std::unique_ptr<ReadableFile> image);
  Status CopyToMemory(const std::string& key, ReadableFile* file, uint64_t* bytes_read);

  StoreFolder* folder_;
  DiskUsage* usage_;

  std::mutex mutex_;
  MemorySegments memory_;
  std::unordered_map<std::string, std::shared_ptr<const SegmentFront>> fronts_;
  uint64_t corrupt_ = 0;
};

// What to say of a key that is none, or of no segment.
Status NoSuchSegment(const std::string& key);

}  // namespace leoam
