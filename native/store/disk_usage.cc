#include "store/disk_usage.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "store/segment_format.h"

namespace leoam {

namespace {

using Clock = SegmentIndex::Clock;

// How old a look at the folder may be: for the decision to evict, and for figures shown.
constexpr std::chrono::seconds kEvictionRefresh{60};
constexpr std::chrono::seconds kStatsRefresh{5};
// Segments that cannot be removed: waiting for their locks takes up to 100 ms each.
constexpr size_t kMostFailures = 8;

}  // namespace

void DiskUsage::Refresh() {
  const Clock::time_point started = Clock::now();
  const std::vector<StoredFile> found = folder_->Scan();
  const std::lock_guard lock(mutex_);
  index_.Refresh(found, started);
}

void DiskUsage::SetBudget(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  budget_bytes_ = bytes;
}

bool DiskUsage::Add(const std::string& key, uint64_t bytes, SegmentContents contents) {
  const bool pinned = folder_->IsPinned(key);  // perhaps before it was there
  const std::lock_guard lock(mutex_);
  index_.Add(key, bytes, contents);
  index_.SetPinned(key, pinned);
  const bool fits = budget_bytes_ == 0 || index_.bytes() <= budget_bytes_;
  return !fits || Clock::now() - index_.refreshed() >= kEvictionRefresh;
}

void DiskUsage::Remove(const std::string& key) {
  const std::lock_guard lock(mutex_);
  index_.Remove(key);
}

void DiskUsage::Use(const std::string& key) {
  bool touch = false;
  {
    const std::lock_guard lock(mutex_);
    touch = index_.Use(key);
  }
  if (touch) {
    static_cast<void>(folder_->Touch(key));  // the order of eviction suffers, nothing else
  }
}

Status DiskUsage::SetPinned(const std::string& key, bool pinned) {
  LEOAM_RETURN_IF_ERROR(folder_->SetPinned(key, pinned));
  const std::lock_guard lock(mutex_);
  index_.SetPinned(key, pinned);
  return Status::Ok();
}

std::optional<SegmentIndex::Entry> DiskUsage::Find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const SegmentIndex::Entry* entry = index_.Find(key);
  return entry == nullptr ? std::nullopt : std::optional(*entry);
}

void DiskUsage::RefreshIfOld() {
  {
    const std::lock_guard lock(mutex_);
    if (Clock::now() - index_.refreshed() <= kStatsRefresh) {
      return;
    }
  }
  Refresh();
}

Status DiskUsage::Evict(const std::string& spared,
                        const std::function<void(const std::string&)>& removed) {
  const std::lock_guard evicting(evicting_);
  Refresh();
  uint64_t total = 0;
  uint64_t budget = 0;
  std::vector<StoredFile> order;
  {
    const std::lock_guard lock(mutex_);
    total = index_.bytes();
    budget = budget_bytes_;
    if (budget == 0 || total <= budget) {
      return Status::Ok();
    }
    order = index_.EvictionOrder();
  }
  Status first_failure;
  size_t failures = 0;
  for (const StoredFile& file : order) {
    if (total <= budget || failures == kMostFailures) {
      break;
    }
    if (file.key == spared) {
      continue;
    }
    if (folder_->IsPinned(file.key)) {  // since the look at the folder
      const std::lock_guard lock(mutex_);
      index_.SetPinned(file.key, true);
      continue;
    }
    const Result<bool> gone = folder_->RemoveUnlessBusy(file.key);
    if (!gone.ok()) {
      ++failures;
      if (first_failure.ok()) {
        first_failure = gone.status();
      }
      continue;
    }
    if (*gone) {
      total -= file.bytes;
      removed(file.key);
      const std::lock_guard lock(mutex_);
      index_.Remove(file.key);
      ++evicted_;
    }
  }
  return total <= budget ? Status::Ok() : first_failure;
}

void DiskUsage::Describe(StoreStats* stats) {
  RefreshIfOld();
  LearnContents();
  const std::lock_guard lock(mutex_);
  stats->segments = index_.entries().size();
  stats->bytes = index_.bytes();
  for (const auto& [key, entry] : index_.entries()) {
    const SegmentContents contents = entry.contents.value_or(SegmentContents());
    stats->tokens += contents.tokens;
    stats->chunks += contents.chunks;
    stats->pinned_bytes += entry.pinned ? entry.bytes : 0;
  }
  stats->budget_bytes = budget_bytes_;
  stats->evicted = evicted_;
}

// Reads the fronts of segments that other processes or earlier ones wrote.
void DiskUsage::LearnContents() {
  std::vector<std::string> unknown;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : index_.entries()) {
      if (!entry.contents.has_value()) {
        unknown.push_back(key);
      }
    }
  }
  for (const std::string& key : unknown) {
    Result<std::unique_ptr<ReadableFile>> file = folder_->Open(key);
    SegmentContents contents;
    if (file.ok()) {
      const Result<SegmentFront> front = ReadSegmentFront(file->get(), key);
      if (front.ok()) {
        contents = {front->info.tokens.size(), front->info.chunk_ends.size()};
      }
    }
    const std::lock_guard lock(mutex_);
    if (const auto entry = index_.entries().find(key); entry != index_.entries().end()) {
      entry->second.contents = contents;
    }
  }
}

}  // namespace leoam
