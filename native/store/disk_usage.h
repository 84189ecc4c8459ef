// What the segments on disk take, when each was last used, and which must go when they take
// more than the budget.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "leoam/status.h"
#include "store/segment_index.h"
#include "store/segment_store.h"
#include "store/store_folder.h"

namespace leoam {

// Thread-safe. mutex_ guards everything below it and is not held while a file is touched;
// evicting_ keeps two threads from evicting for the same need.
class DiskUsage {
 public:
  // `folder` must outlive it. A budget of 0 is no limit.
  DiskUsage(StoreFolder* folder, uint64_t budget_bytes)
      : folder_(folder), budget_bytes_(budget_bytes) {}

  // Looks at the folder: other processes write, use and evict segments too.
  void Refresh();

  void SetBudget(uint64_t bytes);

  // A segment was written. True when Evict should be called: the budget is exceeded as far
  // as is known, or the last look at the folder is too long ago to know.
  bool Add(const std::string& key, uint64_t bytes, SegmentContents contents);
  void Remove(const std::string& key);

  // A segment was read. Marks its file once a minute at most.
  void Use(const std::string& key);

  // Keeps a segment from being evicted, by this process and by others, or no longer.
  Status SetPinned(const std::string& key, bool pinned);

  // As of the last look at the folder; nothing when the segment was not there.
  std::optional<SegmentIndex::Entry> Find(const std::string& key);

  // Looks at the folder where the last look is too old for figures that are shown.
  void RefreshIfOld();

  // Removes the least recently used until the budget holds, but not what is pinned and not
  // `spared`; `removed` hears each key.
  Status Evict(const std::string& spared, const std::function<void(const std::string&)>& removed);

  // Fills in what the disk holds, from a recent look at the folder.
  void Describe(StoreStats* stats);

 private:
  void LearnContents();

  StoreFolder* folder_;
  std::mutex evicting_;

  std::mutex mutex_;
  uint64_t budget_bytes_;
  SegmentIndex index_;
  uint64_t evicted_ = 0;
};

}  // namespace leoam
