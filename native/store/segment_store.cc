#include "store/segment_store.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "store/disk_usage.h"
#include "store/segment_files.h"
#include "store/segment_format.h"
#include "store/segment_layers.h"
#include "store/store_folder.h"

namespace leoam {

namespace {

std::string RefusalWarning(const std::string& directory, const Status& refusal) {
  if (refusal.code() == StatusCode::kNoSpace) {
    return "The disk of the store " + directory +
           " is full: what is read now is kept in memory and lost at exit; free some space or "
           "choose another folder.";
  }
  return "The store " + directory + " cannot be written (" + refusal.message() +
         ") What is read now is kept in memory and lost at exit; make the folder writable or "
         "choose another one.";
}

// Puts together the folder, the open segments and the budget; mutex_ guards what is below it.
class DiskSegmentStore final : public SegmentStore {
 public:
  DiskSegmentStore(const StoreOptions& options, FileSystem* files)
      : folder_(options.directory, files),
        precision_(options.precision),
        usage_(&folder_, options.budget_bytes),
        files_(&folder_, &usage_, options.ram_budget_bytes) {}

  Status Prepare();

  std::string warning() override;
  bool Contains(const std::string& key) override;
  Result<std::shared_ptr<const SegmentInfo>> Info(const std::string& key) override;
  Result<uint64_t> Put(const SegmentWrite& segment, std::string* warning) override;
  Status ReadChunks(const std::string& key, size_t first, size_t last, Precision read_as,
                    std::vector<std::vector<uint8_t>>* out) override;
  Result<std::unique_ptr<SegmentLayers>> OpenLayers(const std::string& key) override;
  void Use(const std::string& key) override { usage_.Use(key); }
  void CountRead(uint64_t bytes) override;
  Status DropIfDamaged(const std::string& key, Status status) override {
    return files_.DropIfDamaged(key, std::move(status));
  }
  Status ReadKeyPlane(const std::string& key, int layer, int kv_head,
                      std::vector<float>* out) override;
  Status MoveToRam(const std::vector<std::string>& keys) override;
  Status MoveToDisk(const std::vector<std::string>& keys) override;
  bool InMemory(const std::string& key) override { return files_.InMemory(key); }
  Status Remove(const std::string& key) override;
  Status Clear() override;
  Result<VerifyOutcome> Verify(const std::function<void(uint64_t, uint64_t)>& progress) override;
  Result<SegmentState> State(const std::string& key) override;
  Status SetPinned(const std::string& key, bool pinned) override;
  Status Evict() override { return EvictSparing(""); }
  Status SetBudget(uint64_t bytes) override;
  StoreStats Stats() override;

 private:
  // The disk took the segment, of which it had nothing before; 0 bytes: it had.
  void Written(const std::string& key, uint64_t bytes, SegmentContents contents);
  // What the disk has of it.
  Status ReadAll(const std::string& key);
  void CountRead(const OpenedSegment& segment, uint64_t bytes) {
    CountRead(segment.file->InMemory() ? 0 : bytes);
  }
  Status EvictSparing(const std::string& key);

  StoreFolder folder_;
  const Precision precision_;
  DiskUsage usage_;
  SegmentFiles files_;

  std::mutex mutex_;
  std::string warning_;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
};

Status DiskSegmentStore::Prepare() {
  Status prepared = folder_.Prepare();
  if (prepared.code() == StatusCode::kTooNew || prepared.code() == StatusCode::kCorruption) {
    return prepared;
  }
  if (!prepared.ok()) {
    warning_ = RefusalWarning(folder_.directory(), prepared);
  }
  usage_.Refresh();
  // A store that cannot shrink can still be read.
  static_cast<void>(Evict());
  return Status::Ok();
}

std::string DiskSegmentStore::warning() {
  const std::lock_guard lock(mutex_);
  return warning_;
}

bool DiskSegmentStore::Contains(const std::string& key) {
  return IsSegmentKey(key) && (files_.InMemory(key) || folder_.Exists(key));
}

Result<std::shared_ptr<const SegmentInfo>> DiskSegmentStore::Info(const std::string& key) {
  std::shared_ptr<const SegmentFront> front = files_.CachedFront(key);
  if (front == nullptr) {
    Result<OpenedSegment> segment = files_.Open(key);
    if (!segment.ok()) {
      return segment.status();
    }
    front = segment->front;
  }
  return std::shared_ptr<const SegmentInfo>(front, &front->info);
}

Result<uint64_t> DiskSegmentStore::Put(const SegmentWrite& segment, std::string* warning) {
  Result<std::vector<uint8_t>> image = EncodeSegment(segment, precision_);
  if (!image.ok()) {
    return image.status();
  }
  const Result<bool> written = folder_.Write(segment.key, *image);
  if (!written.ok()) {
    const bool kept = files_.KeepInMemory(segment.key, std::move(*image));
    const std::lock_guard lock(mutex_);
    warning_ = RefusalWarning(folder_.directory(), written.status());
    if (warning != nullptr) {
      *warning = warning_;
    }
    return kept ? Result<uint64_t>(0) : Status(StatusCode::kNoSpace, warning_);
  }
  const uint64_t bytes = *written ? image->size() : 0;
  files_.Recopy(segment.key, std::move(*image));
  Written(segment.key, bytes, {segment.tokens.size(), segment.chunk_ends.size()});
  return bytes;
}

void DiskSegmentStore::Written(const std::string& key, uint64_t bytes, SegmentContents contents) {
  {
    const std::lock_guard lock(mutex_);
    warning_.clear();
    bytes_written_ += bytes;
  }
  if (bytes > 0 && usage_.Add(key, bytes, contents)) {
    // The segment is stored, whatever becomes of others.
    static_cast<void>(EvictSparing(key));
  }
}

Status DiskSegmentStore::MoveToRam(const std::vector<std::string>& keys) {
  uint64_t bytes_read = 0;
  const Status status = files_.CopyToMemory(keys, &bytes_read);
  CountRead(bytes_read);
  return status;
}

Status DiskSegmentStore::MoveToDisk(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const MemorySegments::Image image = files_.OnlyImage(key);
    if (files_.DropCopy(key) || image == nullptr) {
      continue;
    }
    const auto info = Info(key);
    if (!info.ok()) {
      return info.status();
    }
    const Result<bool> written = folder_.Write(key, *image);
    if (!written.ok()) {
      return Status(written.status().code(), RefusalWarning(folder_.directory(), written.status()));
    }
    files_.Forget(key);
    Written(key, *written ? image->size() : 0,
            {(*info)->tokens.size(), (*info)->chunk_ends.size()});
  }
  return Status::Ok();
}

Status DiskSegmentStore::ReadChunks(const std::string& key, size_t first, size_t last,
                                    Precision read_as, std::vector<std::vector<uint8_t>>* out) {
  out->clear();
  Result<OpenedSegment> segment = files_.Open(key);
  if (!segment.ok()) {
    return segment.status();
  }
  const SegmentFront& front = *segment->front;
  if (first > last || last > front.info.chunk_ends.size()) {
    return Status(StatusCode::kInvalidArgument,
                  "The segment has " + std::to_string(front.info.chunk_ends.size()) +
                      " chunks; the range asked for ends at " + std::to_string(last) + ".");
  }
  segment->file->WillRead(front.chunk_offsets[first],
                          front.chunk_offsets[last] - front.chunk_offsets[first]);
  uint64_t bytes_read = 0;
  Status status;
  for (size_t chunk = first; chunk < last && status.ok(); ++chunk) {
    status = ReadSegmentChunk(segment->file.get(), front, chunk, read_as, &out->emplace_back(),
                              &bytes_read);
  }
  CountRead(*segment, bytes_read);
  if (!status.ok()) {
    out->clear();
    segment->file.reset();
    return files_.DropIfDamaged(key, std::move(status));
  }
  usage_.Use(key);
  return Status::Ok();
}

Result<std::unique_ptr<SegmentLayers>> DiskSegmentStore::OpenLayers(const std::string& key) {
  Result<OpenedSegment> segment = files_.Open(key);
  if (!segment.ok()) {
    return segment.status();
  }
  auto layers = SegmentLayers::Open(std::move(segment->file), std::move(segment->front));
  if (!layers.ok()) {
    return files_.DropIfDamaged(key, layers.status());
  }
  usage_.Use(key);
  return layers;
}

Status DiskSegmentStore::ReadKeyPlane(const std::string& key, int layer, int kv_head,
                                      std::vector<float>* out) {
  Result<OpenedSegment> segment = files_.Open(key);
  if (!segment.ok()) {
    return segment.status();
  }
  const SegmentInfo& info = segment->front->info;
  size_t index = 0;
  while (index < info.key_planes.size() && info.key_planes[index] != std::pair(layer, kv_head)) {
    ++index;
  }
  if (index == info.key_planes.size()) {
    return Status(StatusCode::kNotFound, "The stored segment keeps no keys of layer " +
                                             std::to_string(layer) + ", head " +
                                             std::to_string(kv_head) + " apart.");
  }
  std::vector<uint8_t> data;
  Status status = ReadSegmentPlane(segment->file.get(), *segment->front, index, &data);
  CountRead(*segment, data.size());
  segment->file.reset();
  LEOAM_RETURN_IF_ERROR(files_.DropIfDamaged(key, std::move(status)));
  return DecodeKeyPlane(data, info.shape, info.tokens.size(), out);
}

Status DiskSegmentStore::Remove(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return NoSuchSegment(key);
  }
  Status status = folder_.Remove(key);
  const bool in_memory = files_.Forget(key);
  usage_.Remove(key);
  return in_memory && status.code() == StatusCode::kNotFound ? Status::Ok() : status;
}

Status DiskSegmentStore::Clear() {
  Status first_failure;
  for (const StoredFile& file : folder_.Scan()) {
    const Result<bool> removed = folder_.RemoveUnlessBusy(file.key);
    if (!removed.ok() && first_failure.ok()) {
      first_failure = removed.status();
    }
    const Status freed = file.pinned ? folder_.SetPinned(file.key, false) : Status::Ok();
    if (!freed.ok() && first_failure.ok()) {
      first_failure = freed;
    }
  }
  files_.Clear();
  usage_.Refresh();
  return first_failure;
}

Result<SegmentStore::VerifyOutcome> DiskSegmentStore::Verify(
    const std::function<void(uint64_t, uint64_t)>& progress) {
  VerifyOutcome outcome;
  const std::vector<StoredFile> files = folder_.Scan();
  for (size_t i = 0; i < files.size(); ++i) {
    const Status status = ReadAll(files[i].key);
    if (status.ok()) {
      ++outcome.ok;
    } else if (status.code() == StatusCode::kCorruption) {
      outcome.damaged.push_back(files[i].key);
    } else if (status.code() != StatusCode::kNotFound) {  // that: evicted meanwhile
      return status;
    }
    if (progress) {
      progress(i + 1, files.size());
    }
  }
  return outcome;
}

Result<SegmentState> DiskSegmentStore::State(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return NoSuchSegment(key);
  }
  usage_.RefreshIfOld();
  const bool in_memory = files_.InMemory(key);
  const std::optional<SegmentIndex::Entry> on_disk = usage_.Find(key);
  if (!in_memory && !on_disk.has_value()) {
    return NoSuchSegment(key);
  }
  const Result<std::shared_ptr<const SegmentInfo>> info = Info(key);
  if (!info.ok()) {
    return info.status();
  }
  SegmentState state;
  state.tokens = (*info)->tokens.size();
  state.bytes = (*info)->bytes;
  state.chunks = (*info)->chunk_stale.size();
  state.stale_chunks = static_cast<uint64_t>(
      std::count((*info)->chunk_stale.begin(), (*info)->chunk_stale.end(), uint8_t{1}));
  state.precision = (*info)->precision;
  state.in_memory = in_memory;
  state.on_disk = on_disk.has_value();
  if (on_disk.has_value()) {
    state.last_use_ns = on_disk->last_use_ns;
    state.pinned = on_disk->pinned;
  }
  return state;
}

Status DiskSegmentStore::SetPinned(const std::string& key, bool pinned) {
  return IsSegmentKey(key) ? usage_.SetPinned(key, pinned) : NoSuchSegment(key);
}

Status DiskSegmentStore::SetBudget(uint64_t bytes) {
  usage_.SetBudget(bytes);
  return Evict();
}

StoreStats DiskSegmentStore::Stats() {
  StoreStats stats;
  usage_.Describe(&stats);
  files_.Describe(&stats);
  const std::lock_guard lock(mutex_);
  stats.bytes_read = bytes_read_;
  stats.bytes_written = bytes_written_;
  return stats;
}

Status DiskSegmentStore::ReadAll(const std::string& key) {
  Result<OpenedSegment> segment = files_.OpenOnDisk(key);
  if (!segment.ok()) {
    return segment.status();
  }
  const SegmentFront& front = *segment->front;
  std::vector<uint8_t> data;
  uint64_t bytes_read = 0;
  Status status;
  for (size_t i = 0; i < front.info.chunk_ends.size() && status.ok(); ++i) {
    status =
        ReadSegmentChunk(segment->file.get(), front, i, front.info.precision, &data, &bytes_read);
  }
  for (size_t i = 0; i < front.info.key_planes.size() && status.ok(); ++i) {
    status = ReadSegmentPlane(segment->file.get(), front, i, &data);
    bytes_read += data.size();
  }
  CountRead(*segment, bytes_read);
  segment->file.reset();
  return files_.DropIfDamaged(key, std::move(status));
}

void DiskSegmentStore::CountRead(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_read_ += bytes;
}

Status DiskSegmentStore::EvictSparing(const std::string& spared) {
  return usage_.Evict(spared, [this](const std::string& key) { files_.ForgetOnDisk(key); });
}

}  // namespace

Result<std::unique_ptr<SegmentStore>> SegmentStore::Open(const StoreOptions& options,
                                                         FileSystem* files) {
  auto store = std::make_unique<DiskSegmentStore>(options, files);
  LEOAM_RETURN_IF_ERROR(store->Prepare());
  return std::unique_ptr<SegmentStore>(std::move(store));
}

}  // namespace leoam
