#include "store/segment_files.h"

#include <array>
#include <utility>

namespace leoam {

namespace {

// Fronts kept in memory, some 8 KiB each; all are dropped when there are more.
constexpr size_t kMaxCachedFronts = 4096;

Status NoRoomFor(uint64_t bytes, const MemorySegments& memory) {
  constexpr uint64_t kMb = 1'000'000;
  return Status(StatusCode::kNoSpace,
                "RAM has room for " + std::to_string(memory.free_bytes() / kMb) + " MB of " +
                    std::to_string(memory.budget_bytes() / kMb) + " MB of stored KV; this takes " +
                    std::to_string((bytes + kMb - 1) / kMb) +
                    " MB. Move other files to disk first.");
}

}  // namespace

Result<OpenedSegment> SegmentFiles::Open(const std::string& key) {
  std::unique_ptr<ReadableFile> image;
  {
    const std::lock_guard lock(mutex_);
    image = memory_.Open(key);
  }
  return Open(key, std::move(image));
}

Result<OpenedSegment> SegmentFiles::OpenOnDisk(const std::string& key) {
  return Open(key, nullptr);
}

Result<OpenedSegment> SegmentFiles::Open(const std::string& key,
                                         std::unique_ptr<ReadableFile> image) {
  if (!IsSegmentKey(key)) {
    return NoSuchSegment(key);
  }
  OpenedSegment opened;
  opened.file = std::move(image);
  opened.front = CachedFront(key);
  if (opened.file == nullptr) {
    Result<std::unique_ptr<ReadableFile>> file = folder_->Open(key);
    if (!file.ok()) {
      if (file.status().code() != StatusCode::kNotFound) {
        return file.status();
      }
      ForgetOnDisk(key);
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

Status SegmentFiles::CopyToMemory(const std::vector<std::string>& keys, uint64_t* bytes_read) {
  std::vector<std::string> found;
  uint64_t bytes = 0;
  for (const std::string& key : keys) {
    const Result<OpenedSegment> segment = Open(key);
    if (segment.status().code() == StatusCode::kNotFound) {
      continue;
    }
    if (!segment.ok()) {
      return segment.status();
    }
    if (!segment->file->InMemory()) {
      found.push_back(key);
      bytes += segment->front->info.bytes;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (bytes > memory_.free_bytes()) {
      return NoRoomFor(bytes, memory_);
    }
  }
  for (const std::string& key : found) {
    const Result<OpenedSegment> segment = Open(key);
    const Status status =
        segment.ok() ? CopyToMemory(key, segment->file.get(), bytes_read) : segment.status();
    if (!status.ok() && status.code() != StatusCode::kNotFound) {  // that: evicted meanwhile
      return status;
    }
  }
  return Status::Ok();
}

Status SegmentFiles::CopyToMemory(const std::string& key, ReadableFile* file,
                                  uint64_t* bytes_read) {
  const Result<uint64_t> bytes = file->Size();
  if (!bytes.ok()) {
    return bytes.status();
  }
  // Whoever reads it compares checksums.
  std::vector<uint8_t> image(static_cast<size_t>(*bytes));
  LEOAM_RETURN_IF_ERROR(file->ReadAt(0, image));
  *bytes_read += file->InMemory() ? 0 : *bytes;
  const std::lock_guard lock(mutex_);
  return memory_.InsertCopy(key, std::move(image)) ? Status::Ok() : NoRoomFor(*bytes, memory_);
}

bool SegmentFiles::DropCopy(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return memory_.HasCopy(key) && memory_.Remove(key);
}

void SegmentFiles::Recopy(const std::string& key, std::vector<uint8_t> image) {
  const std::lock_guard lock(mutex_);
  if (memory_.HasCopy(key)) {
    memory_.InsertCopy(key, std::move(image));
  } else {
    memory_.Remove(key);
  }
  fronts_.erase(key);
}

MemorySegments::Image SegmentFiles::OnlyImage(const std::string& key) {
  const bool is_gone = InMemory(key) && !folder_->Exists(key);
  const std::lock_guard lock(mutex_);
  if (is_gone) {
    memory_.KeepAlone(key);
  }
  return memory_.OnlyImage(key);
}

void SegmentFiles::ForgetOnDisk(const std::string& key) {
  const std::lock_guard lock(mutex_);
  fronts_.erase(key);
  if (memory_.HasCopy(key)) {
    memory_.Remove(key);
  }
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
  stats->ram_copied_bytes = memory_.copied_bytes();
  stats->ram_budget_bytes = memory_.budget_bytes();
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
