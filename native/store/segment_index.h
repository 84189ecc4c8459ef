// What the store knows of its folder between two looks at it: sizes and last uses of the
// segments on disk. Other processes change the folder too, so this is a good guess that
// Refresh mends; whether a segment is there is always asked of the disk.
// Not thread-safe; the mutex of DiskUsage guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/store_folder.h"

namespace leoam {

// What a segment is of.
struct SegmentContents {
  uint64_t tokens = 0;
  uint64_t chunks = 0;
};

class SegmentIndex {
 public:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    uint64_t bytes = 0;
    int64_t last_use_ns = 0;  // of the file
    bool pinned = false;
    std::optional<SegmentContents> contents;  // known once the segment was written or opened here
    Clock::time_point touched{};              // when this process last marked it as used
    Clock::time_point added{};                // when this process wrote it
  };

  // Takes over what a scan begun at `started` has found; keeps what was added since.
  void Refresh(const std::vector<StoredFile>& found, Clock::time_point started);

  void Add(const std::string& key, uint64_t bytes, SegmentContents contents);
  void Remove(const std::string& key);

  // True, at most once a minute for each segment, when its file should be touched.
  bool Use(const std::string& key);

  // Of a segment that is not known yet the next Refresh learns it.
  void SetPinned(const std::string& key, bool pinned);

  // Null when it is not known.
  const Entry* Find(const std::string& key) const;

  // The least recently used first, without what is pinned.
  std::vector<StoredFile> EvictionOrder() const;

  uint64_t bytes() const { return bytes_; }
  std::unordered_map<std::string, Entry>& entries() { return entries_; }
  Clock::time_point refreshed() const { return refreshed_; }

 private:
  uint64_t bytes_ = 0;
  Clock::time_point refreshed_{};
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace leoam
