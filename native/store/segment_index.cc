#include "store/segment_index.h"

#include <algorithm>

namespace leoam {

namespace {

constexpr std::chrono::minutes kTouchInterval{1};

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void SegmentIndex::Refresh(const std::vector<StoredFile>& found, Clock::time_point started) {
  std::unordered_map<std::string, Entry> fresh;
  for (const StoredFile& file : found) {
    Entry entry;
    if (const auto known = entries_.find(file.key);
        known != entries_.end() && known->second.bytes == file.bytes) {
      entry = known->second;
    }
    entry.bytes = file.bytes;
    entry.last_use_ns = std::max(entry.last_use_ns, file.last_use_ns);
    entry.pinned = file.pinned;
    fresh[file.key] = entry;
  }
  for (const auto& [key, entry] : entries_) {
    if (entry.added >= started) {
      fresh.try_emplace(key, entry);
    }
  }
  entries_ = std::move(fresh);
  bytes_ = 0;
  for (const auto& [key, entry] : entries_) {
    bytes_ += entry.bytes;
  }
  refreshed_ = started;
}

void SegmentIndex::Add(const std::string& key, uint64_t bytes, SegmentContents contents) {
  Entry entry;
  if (const Entry* before = Find(key); before != nullptr) {
    entry.pinned = before->pinned;
  }
  Remove(key);
  entry.bytes = bytes;
  entry.last_use_ns = NowNs();
  entry.contents = contents;
  entry.touched = entry.added = Clock::now();
  entries_[key] = entry;
  bytes_ += bytes;
}

void SegmentIndex::Remove(const std::string& key) {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    bytes_ -= found->second.bytes;
    entries_.erase(found);
  }
}

bool SegmentIndex::Use(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return false;  // another process's; the next Refresh brings it
  }
  const Clock::time_point now = Clock::now();
  const bool never = found->second.touched == Clock::time_point{};
  if (!never && now - found->second.touched < kTouchInterval) {
    return false;
  }
  found->second.touched = now;
  found->second.last_use_ns = NowNs();
  return true;
}

void SegmentIndex::SetPinned(const std::string& key, bool pinned) {
  if (const auto found = entries_.find(key); found != entries_.end()) {
    found->second.pinned = pinned;
  }
}

const SegmentIndex::Entry* SegmentIndex::Find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<StoredFile> SegmentIndex::EvictionOrder() const {
  std::vector<StoredFile> order;
  order.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    if (!entry.pinned) {
      order.push_back({key, entry.bytes, entry.last_use_ns, false});
    }
  }
  std::sort(order.begin(), order.end(), [](const StoredFile& a, const StoredFile& b) {
    return a.last_use_ns != b.last_use_ns ? a.last_use_ns < b.last_use_ns : a.key < b.key;
  });
  return order;
}

}  // namespace leoam
