#include "store/segment_files.h"

#include <array>

namespace leoam {

namespace {

// Fronts kept in memory, some 8 KiB each; all are dropped when there are more.
constexpr size_t kMaxCachedFronts = 4096;

}  // namespace

Result<OpenedSegment> SegmentFiles::Open(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return NoSuchSegment(key);
  }
  OpenedSegment opened;
  {
    const std::lock_guard lock(mutex_);
    opened.file = memory_.Open(key);
    if (const auto cached = fronts_.find(key); cached != fronts_.end()) {
      opened.front = cached->second;
    }
  }
  if (opened.file == nullptr) {
    Result<std::unique_ptr<ReadableFile>> file = folder_->Open(key);
    if (!file.ok()) {
      if (file.status().code() != StatusCode::kNotFound) {
        return file.status();
      }
      ForgetFront(key);
      usage_->Remove(key);
      return NoSuchSegment(key);
    }
    opened.file = std::move(*file);
  }
  if (opened.front != nullptr) {
    // Another process may have replaced the file since its front was cached.
    std::array<uint8_t, kSegmentHeaderBytes> header{};
    const Status read = opened.file->ReadAt(0, header);
    if (read.ok() && header == opened.front->header) {
      return opened;
    }
  }
  Result<SegmentFront> front = ReadSegmentFront(opened.file.get(), key);
  if (!front.ok()) {
    opened.file.reset();
    return DropIfDamaged(key, front.status());
  }
  opened.front = std::make_shared<const SegmentFront>(std::move(*front));
  const std::lock_guard lock(mutex_);
  if (fronts_.size() >= kMaxCachedFronts) {
    fronts_.clear();
  }
  fronts_[key] = opened.front;
  return opened;
}

Status SegmentFiles::DropIfDamaged(const std::string& key, Status status) {
  if (status.code() == StatusCode::kCorruption) {
    const bool removed = folder_->Remove(key).ok();
    usage_->Remove(key);
    const std::lock_guard lock(mutex_);
    fronts_.erase(key);
    if (memory_.Remove(key) || removed) {
      ++corrupt_;
    }
  }
  return status;
}

std::shared_ptr<const SegmentFront> SegmentFiles::CachedFront(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto cached = fronts_.find(key);
  return cached == fronts_.end() ? nullptr : cached->second;
}

bool SegmentFiles::KeepInMemory(const std::string& key, std::vector<uint8_t> image) {
  const std::lock_guard lock(mutex_);
  fronts_.erase(key);
  return memory_.Insert(key, std::move(image));
}

bool SegmentFiles::InMemory(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return memory_.Contains(key);
}

void SegmentFiles::ForgetFront(const std::string& key) {
  const std::lock_guard lock(mutex_);
  fronts_.erase(key);
}

bool SegmentFiles::Forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  fronts_.erase(key);
  return memory_.Remove(key);
}

void SegmentFiles::Clear() {
  const std::lock_guard lock(mutex_);
  memory_.Clear();
  fronts_.clear();
}

void SegmentFiles::Describe(StoreStats* stats) {
  const std::lock_guard lock(mutex_);
  stats->ram_segments = memory_.size();
  stats->ram_bytes = memory_.bytes();
  stats->corrupt = corrupt_;
}

Status NoSuchSegment(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return Status(StatusCode::kInvalidArgument,
                  "A segment's key must be 64 lower-case hex digits.");
  }
  return Status(StatusCode::kNotFound, "There is no stored segment " + key.substr(0, 12) + ".");
}

}  // namespace leoam
