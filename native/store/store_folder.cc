#include "store/store_folder.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <thread>
#include <unordered_set>

#include "store/segment_format.h"

namespace leoam {

namespace {

constexpr std::string_view kVersionStem = "/store.version";
constexpr std::string_view kVersionPrefix = "leoam-store ";
constexpr std::string_view kSegmentSuffix = ".seg";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr std::string_view kLockSuffix = ".lock";
constexpr std::string_view kPinSuffix = ".pin";
constexpr size_t kKeyDigits = 64;

// How long a writer waits for another one of the same key, which is at work for the time
// of a write and an fsync.
constexpr std::chrono::milliseconds kLockPoll{5};
constexpr int kLockPolls = 200;

std::vector<std::string> SubfolderNames() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<std::string> names;
  for (const char first : kDigits) {
    for (const char second : kDigits) {
      names.push_back({first, second});
    }
  }
  return names;
}

std::string Joined(std::string_view first, std::string_view second) {
  std::string joined(first);
  joined += second;
  return joined;
}

}  // namespace

Status StoreFolder::Prepare() {
  LEOAM_RETURN_IF_ERROR(files_->MakeDirectory(directory_));
  LEOAM_RETURN_IF_ERROR(CheckVersion());
  RemoveLeftovers(directory_);
  for (const std::string& name : SubfolderNames()) {
    RemoveLeftovers(directory_ + "/" + name);
  }
  // A lock is a file: only a folder that takes one can take segments.
  const Result<std::unique_ptr<FileLock>> probe =
      files_->TryLock(Joined(Joined(directory_, kVersionStem), kLockSuffix));
  return probe.ok() ? Status::Ok() : probe.status();
}

bool StoreFolder::Exists(const std::string& key) {
  return files_->Exists(Joined(Stem(key), kSegmentSuffix));
}

Result<std::unique_ptr<ReadableFile>> StoreFolder::Open(const std::string& key) {
  return files_->OpenRead(Joined(Stem(key), kSegmentSuffix));
}

Result<bool> StoreFolder::Write(const std::string& key, std::span<const uint8_t> bytes) {
  const std::string folder = Subfolder(key);
  if (!files_->Exists(folder)) {
    LEOAM_RETURN_IF_ERROR(files_->MakeDirectory(folder));
    LEOAM_RETURN_IF_ERROR(files_->SyncDirectory(directory_));
  }
  return WriteAtomically(Stem(key), Joined(Stem(key), kSegmentSuffix), folder, bytes);
}

Status StoreFolder::Touch(const std::string& key) {
  return files_->Touch(Joined(Stem(key), kSegmentSuffix));
}

Status StoreFolder::Remove(const std::string& key) {
  return files_->Remove(Joined(Stem(key), kSegmentSuffix));
}

Status StoreFolder::SetPinned(const std::string& key, bool pinned) {
  const std::string path = Joined(Stem(key), kPinSuffix);
  if (!pinned) {
    Status removed = files_->Remove(path);
    return removed.code() == StatusCode::kNotFound ? Status::Ok() : removed;
  }
  if (files_->Exists(path)) {
    return Status::Ok();
  }
  LEOAM_RETURN_IF_ERROR(files_->MakeDirectory(Subfolder(key)));
  Result<std::unique_ptr<WritableFile>> mark = files_->Create(path);
  return mark.ok() ? (*mark)->Close() : mark.status();
}

bool StoreFolder::IsPinned(const std::string& key) {
  return files_->Exists(Joined(Stem(key), kPinSuffix));
}

Result<bool> StoreFolder::RemoveUnlessBusy(const std::string& key) {
  const Result<std::unique_ptr<FileLock>> lock = files_->TryLock(Joined(Stem(key), kLockSuffix));
  if (!lock.ok()) {
    return lock.status();
  }
  if (*lock == nullptr) {
    return false;
  }
  const Status removed = Remove(key);
  if (!removed.ok() && removed.code() != StatusCode::kNotFound) {
    return removed;
  }
  return true;
}

std::vector<StoredFile> StoreFolder::Scan() {
  std::vector<StoredFile> found;
  for (const std::string& name : SubfolderNames()) {
    Result<std::vector<FileEntry>> entries = files_->List(directory_ + "/" + name);
    if (!entries.ok()) {
      continue;
    }
    std::unordered_set<std::string> pinned;
    for (const FileEntry& entry : *entries) {
      if (entry.name.ends_with(kPinSuffix)) {
        pinned.insert(entry.name.substr(0, entry.name.size() - kPinSuffix.size()));
      }
    }
    for (const FileEntry& entry : *entries) {
      if (entry.name.size() == kKeyDigits + kSegmentSuffix.size() &&
          entry.name.ends_with(kSegmentSuffix)) {
        std::string key = entry.name.substr(0, kKeyDigits);
        if (IsSegmentKey(key)) {
          const bool is_pinned = pinned.contains(key);
          found.push_back({std::move(key), entry.bytes, entry.last_use_ns, is_pinned});
        }
      }
    }
  }
  return found;
}

std::string StoreFolder::Subfolder(const std::string& key) const {
  return directory_ + "/" + key.substr(0, 2);
}

std::string StoreFolder::Stem(const std::string& key) const { return Subfolder(key) + "/" + key; }

Status StoreFolder::CheckVersion() {
  const std::string path = Joined(directory_, kVersionStem);
  Result<std::unique_ptr<ReadableFile>> file = files_->OpenRead(path);
  if (file.ok()) {
    const Result<uint64_t> size = (*file)->Size();
    std::string text(size.ok() ? std::min<uint64_t>(*size, 64) : 0, '\0');
    LEOAM_RETURN_IF_ERROR(
        (*file)->ReadAt(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()}));
    uint32_t version = 0;
    const char* digits = text.data() + std::min(text.size(), kVersionPrefix.size());
    const bool parsed =
        text.starts_with(kVersionPrefix) &&
        std::from_chars(digits, text.data() + text.size(), version).ec == std::errc();
    if (parsed && version <= kStoreFormat) {
      return Status::Ok();
    }
    if (parsed) {
      return Status(StatusCode::kTooNew,
                    "The store " + directory_ + " was made by a newer version of LeoAM (format " +
                        std::to_string(version) + ", this version knows " +
                        std::to_string(kStoreFormat) + "); update LeoAM or choose another folder.");
    }
    if (!text.empty()) {
      return Status(StatusCode::kCorruption, "The file " + path +
                                                 " is not a version marker of LeoAM; delete the "
                                                 "folder or choose another one.");
    }
  }
  const std::string marker = Joined(kVersionPrefix, std::to_string(kStoreFormat)) + "\n";
  const Result<bool> written = WriteAtomically(
      path, path, directory_, {reinterpret_cast<const uint8_t*>(marker.data()), marker.size()});
  return written.ok() ? Status::Ok() : written.status();
}

void StoreFolder::RemoveLeftovers(const std::string& folder) {
  const Result<std::vector<FileEntry>> entries = files_->List(folder);
  if (!entries.ok()) {
    return;
  }
  for (const FileEntry& entry : *entries) {
    for (const std::string_view suffix : {kTemporarySuffix, kLockSuffix}) {
      if (!entry.name.ends_with(suffix)) {
        continue;
      }
      const std::string stem =
          folder + "/" + entry.name.substr(0, entry.name.size() - suffix.size());
      // The system drops a dead process's locks: whoever gets the lock finds no writer, and
      // releasing it removes the lock's file too.
      const Result<std::unique_ptr<FileLock>> lock = files_->TryLock(Joined(stem, kLockSuffix));
      if (lock.ok() && *lock != nullptr) {
        static_cast<void>(files_->Remove(Joined(stem, kTemporarySuffix)));  // often not there
      }
    }
  }
}

Result<bool> StoreFolder::WriteAtomically(const std::string& stem, const std::string& path,
                                          const std::string& folder,
                                          std::span<const uint8_t> bytes) {
  Result<std::unique_ptr<FileLock>> lock = files_->TryLock(Joined(stem, kLockSuffix));
  bool waited = false;
  for (int poll = 0; lock.ok() && *lock == nullptr && poll < kLockPolls; ++poll) {
    waited = true;
    std::this_thread::sleep_for(kLockPoll);
    lock = files_->TryLock(Joined(stem, kLockSuffix));
  }
  if (!lock.ok()) {
    return lock.status();
  }
  const bool has_it = waited && files_->Exists(path);
  if (*lock == nullptr && !has_it) {
    return Status(StatusCode::kIo, "Cannot lock " + path + ": somebody else is writing it.");
  }
  if (has_it) {
    return false;
  }

  const std::string temporary = Joined(stem, kTemporarySuffix);
  const auto write = [&]() -> Status {
    Result<std::unique_ptr<WritableFile>> file = files_->Create(temporary);
    if (!file.ok()) {
      return file.status();
    }
    LEOAM_RETURN_IF_ERROR((*file)->Append(bytes));
    LEOAM_RETURN_IF_ERROR((*file)->Sync());
    LEOAM_RETURN_IF_ERROR((*file)->Close());
    LEOAM_RETURN_IF_ERROR(files_->Rename(temporary, path));
    return files_->SyncDirectory(folder);
  };
  Status status = write();
  if (!status.ok()) {
    static_cast<void>(files_->Remove(temporary));  // after a failed sync of the folder: gone
    return status;
  }
  return true;
}

}  // namespace leoam
