#include "store/segment_store.h"

#include <cstring>
#include <mutex>
#include <unordered_map>

#include "store/memory_segments.h"
#include "store/segment_format.h"
#include "store/segment_index.h"
#include "store/store_folder.h"

namespace leoam {

namespace {

using Clock = SegmentIndex::Clock;

// Fronts kept in memory, some 8 KiB each; all are dropped when there are more.
constexpr size_t kMaxCachedFronts = 4096;

// How old a look at the folder may be: for the decision to evict, and for figures shown.
constexpr std::chrono::seconds kEvictionRefresh{60};
constexpr std::chrono::seconds kStatsRefresh{5};

Status UnknownKey(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return Status(StatusCode::kInvalidArgument,
                  "A segment's key must be 64 lower-case hex digits.");
  }
  return Status(StatusCode::kNotFound, "There is no stored segment " + key.substr(0, 12) + ".");
}

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

// A segment's file or image, and its front.
struct OpenedSegment {
  std::unique_ptr<ReadableFile> file;
  std::shared_ptr<const SegmentFront> front;
};

// mutex_ guards everything below it; no file is touched while it is held, except images in
// RAM. evicting_ keeps two threads from evicting for the same need.
class DiskSegmentStore final : public SegmentStore {
 public:
  DiskSegmentStore(const StoreOptions& options, FileSystem* files)
      : folder_(options.directory, files),
        precision_(options.precision),
        budget_bytes_(options.budget_bytes),
        memory_(options.ram_budget_bytes) {}

  Status Prepare();

  std::string warning() override;
  bool Contains(const std::string& key) override;
  Result<std::shared_ptr<const SegmentInfo>> Info(const std::string& key) override;
  Status Put(const SegmentWrite& segment, std::string* warning) override;
  Status ReadChunks(const std::string& key, size_t first, size_t last, Precision read_as,
                    std::vector<std::vector<uint8_t>>* out) override;
  Status ReadKeyPlane(const std::string& key, int layer, int kv_head,
                      std::vector<float>* out) override;
  Status Remove(const std::string& key) override;
  Status Clear() override;
  Result<VerifyOutcome> Verify(const std::function<void(uint64_t, uint64_t)>& progress) override;
  Status Evict() override { return EvictSparing(""); }
  Status SetBudget(uint64_t bytes) override;
  StoreStats Stats() override;

 private:
  Result<OpenedSegment> OpenSegment(const std::string& key);
  Status ReadAll(const std::string& key);
  void CountRead(uint64_t bytes);

  // Passes `status` on; drops the segment if it says that the segment is damaged.
  Status DropIfDamaged(const std::string& key, Status status);
  void Forget(const std::string& key);

  void Refresh();
  Status EvictSparing(const std::string& key);
  void LearnTokens();

  StoreFolder folder_;
  const Precision precision_;
  std::mutex evicting_;

  std::mutex mutex_;
  uint64_t budget_bytes_;
  std::string warning_;
  SegmentIndex index_;
  MemorySegments memory_;
  std::unordered_map<std::string, std::shared_ptr<const SegmentFront>> fronts_;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
  uint64_t corrupt_ = 0;
  uint64_t evicted_ = 0;
};

Status DiskSegmentStore::Prepare() {
  Status prepared = folder_.Prepare();
  if (prepared.code() == StatusCode::kTooNew || prepared.code() == StatusCode::kCorruption) {
    return prepared;
  }
  if (!prepared.ok()) {
    warning_ = RefusalWarning(folder_.directory(), prepared);
  }
  Refresh();
  // A store that cannot shrink can still be read.
  static_cast<void>(Evict());
  return Status::Ok();
}

std::string DiskSegmentStore::warning() {
  const std::lock_guard lock(mutex_);
  return warning_;
}

bool DiskSegmentStore::Contains(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    if (memory_.Contains(key)) {
      return true;
    }
  }
  return folder_.Exists(key);
}

Result<std::shared_ptr<const SegmentInfo>> DiskSegmentStore::Info(const std::string& key) {
  std::shared_ptr<const SegmentFront> front;
  {
    const std::lock_guard lock(mutex_);
    if (const auto cached = fronts_.find(key); cached != fronts_.end()) {
      front = cached->second;
    }
  }
  if (front == nullptr) {
    Result<OpenedSegment> segment = OpenSegment(key);
    if (!segment.ok()) {
      return segment.status();
    }
    front = segment->front;
  }
  return std::shared_ptr<const SegmentInfo>(front, &front->info);
}

Status DiskSegmentStore::Put(const SegmentWrite& segment, std::string* warning) {
  Result<std::vector<uint8_t>> image = EncodeSegment(segment, precision_);
  if (!image.ok()) {
    return image.status();
  }
  const Result<bool> written = folder_.Write(segment.key, *image);
  {
    const std::lock_guard lock(mutex_);
    fronts_.erase(segment.key);
    if (!written.ok()) {
      warning_ = RefusalWarning(folder_.directory(), written.status());
      if (warning != nullptr) {
        *warning = warning_;
      }
      return memory_.Insert(segment.key, std::move(*image))
                 ? Status::Ok()
                 : Status(StatusCode::kNoSpace, warning_);
    }
    warning_.clear();
    memory_.Remove(segment.key);
    if (!*written) {
      return Status::Ok();
    }
    bytes_written_ += image->size();
    index_.Add(segment.key, image->size(), segment.tokens.size());
    const bool fits = budget_bytes_ == 0 || index_.bytes() <= budget_bytes_;
    if (fits && Clock::now() - index_.refreshed() < kEvictionRefresh) {
      return Status::Ok();
    }
  }
  // The segment is stored, whatever becomes of others.
  static_cast<void>(EvictSparing(segment.key));
  return Status::Ok();
}

Status DiskSegmentStore::ReadChunks(const std::string& key, size_t first, size_t last,
                                    Precision read_as, std::vector<std::vector<uint8_t>>* out) {
  out->clear();
  Result<OpenedSegment> segment = OpenSegment(key);
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
  CountRead(bytes_read);
  if (!status.ok()) {
    out->clear();
    segment->file.reset();
    return DropIfDamaged(key, std::move(status));
  }
  bool touch = false;
  {
    const std::lock_guard lock(mutex_);
    touch = index_.Use(key);
  }
  if (touch) {
    static_cast<void>(folder_.Touch(key));  // the order of eviction suffers, nothing else
  }
  return Status::Ok();
}

Status DiskSegmentStore::ReadKeyPlane(const std::string& key, int layer, int kv_head,
                                      std::vector<float>* out) {
  Result<OpenedSegment> segment = OpenSegment(key);
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
  CountRead(data.size());
  segment->file.reset();
  LEOAM_RETURN_IF_ERROR(DropIfDamaged(key, std::move(status)));
  return DecodeKeyPlane(data, info.shape, info.tokens.size(), out);
}

Status DiskSegmentStore::Remove(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return UnknownKey(key);
  }
  Status status = folder_.Remove(key);
  const std::lock_guard lock(mutex_);
  const bool in_memory = memory_.Remove(key);
  Forget(key);
  return in_memory && status.code() == StatusCode::kNotFound ? Status::Ok() : status;
}

Status DiskSegmentStore::Clear() {
  Status first_failure;
  for (const StoredFile& file : folder_.Scan()) {
    const Result<bool> removed = folder_.RemoveUnlessBusy(file.key);
    if (!removed.ok() && first_failure.ok()) {
      first_failure = removed.status();
    }
  }
  {
    const std::lock_guard lock(mutex_);
    memory_.Clear();
    fronts_.clear();
  }
  Refresh();
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

Status DiskSegmentStore::SetBudget(uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    budget_bytes_ = bytes;
  }
  return Evict();
}

StoreStats DiskSegmentStore::Stats() {
  bool outdated = false;
  {
    const std::lock_guard lock(mutex_);
    outdated = Clock::now() - index_.refreshed() > kStatsRefresh;
  }
  if (outdated) {
    Refresh();
  }
  LearnTokens();
  const std::lock_guard lock(mutex_);
  StoreStats stats;
  stats.segments = index_.entries().size();
  stats.bytes = index_.bytes();
  for (const auto& [key, entry] : index_.entries()) {
    stats.tokens += entry.tokens.value_or(0);
  }
  stats.budget_bytes = budget_bytes_;
  stats.ram_segments = memory_.size();
  stats.ram_bytes = memory_.bytes();
  stats.bytes_read = bytes_read_;
  stats.bytes_written = bytes_written_;
  stats.corrupt = corrupt_;
  stats.evicted = evicted_;
  return stats;
}

Result<OpenedSegment> DiskSegmentStore::OpenSegment(const std::string& key) {
  if (!IsSegmentKey(key)) {
    return UnknownKey(key);
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
    Result<std::unique_ptr<ReadableFile>> file = folder_.Open(key);
    if (!file.ok()) {
      if (file.status().code() != StatusCode::kNotFound) {
        return file.status();
      }
      const std::lock_guard lock(mutex_);
      Forget(key);
      return UnknownKey(key);
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

Status DiskSegmentStore::ReadAll(const std::string& key) {
  Result<OpenedSegment> segment = OpenSegment(key);
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
  CountRead(bytes_read);
  segment->file.reset();
  return DropIfDamaged(key, std::move(status));
}

void DiskSegmentStore::CountRead(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_read_ += bytes;
}

Status DiskSegmentStore::DropIfDamaged(const std::string& key, Status status) {
  if (status.code() == StatusCode::kCorruption) {
    const bool removed = folder_.Remove(key).ok();
    const std::lock_guard lock(mutex_);
    if (memory_.Remove(key) || removed) {
      ++corrupt_;
    }
    Forget(key);
  }
  return status;
}

void DiskSegmentStore::Forget(const std::string& key) {
  index_.Remove(key);
  fronts_.erase(key);
}

void DiskSegmentStore::Refresh() {
  const Clock::time_point started = Clock::now();
  const std::vector<StoredFile> found = folder_.Scan();
  const std::lock_guard lock(mutex_);
  index_.Refresh(found, started);
}

Status DiskSegmentStore::EvictSparing(const std::string& spared) {
  const std::lock_guard evicting(evicting_);
  Refresh();  // other processes write and use segments too
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
  for (const StoredFile& file : order) {
    if (total <= budget) {
      break;
    }
    if (file.key == spared) {
      continue;
    }
    const Result<bool> removed = folder_.RemoveUnlessBusy(file.key);
    if (!removed.ok()) {
      return removed.status();
    }
    if (*removed) {
      total -= file.bytes;
      const std::lock_guard lock(mutex_);
      Forget(file.key);
      ++evicted_;
    }
  }
  return Status::Ok();
}

// Reads the fronts of segments that other processes or earlier ones wrote.
void DiskSegmentStore::LearnTokens() {
  std::vector<std::string> unknown;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : index_.entries()) {
      if (!entry.tokens.has_value()) {
        unknown.push_back(key);
      }
    }
  }
  for (const std::string& key : unknown) {
    Result<std::unique_ptr<ReadableFile>> file = folder_.Open(key);
    uint64_t tokens = 0;
    if (file.ok()) {
      const Result<SegmentFront> front = ReadSegmentFront(file->get(), key);
      tokens = front.ok() ? front->info.tokens.size() : 0;
    }
    const std::lock_guard lock(mutex_);
    if (const auto entry = index_.entries().find(key); entry != index_.entries().end()) {
      entry->second.tokens = tokens;
    }
  }
}

}  // namespace

Result<std::unique_ptr<SegmentStore>> SegmentStore::Open(const StoreOptions& options,
                                                         FileSystem* files) {
  auto store = std::make_unique<DiskSegmentStore>(options, files);
  LEOAM_RETURN_IF_ERROR(store->Prepare());
  return std::unique_ptr<SegmentStore>(std::move(store));
}

}  // namespace leoam
