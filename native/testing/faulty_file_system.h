// A file system over the real one that fails where a test says. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/file_system.h"

namespace leoam::testing {

class FaultyFileSystem final : public FileSystem {
 public:
  // What goes wrong, each until it is set back. Set between operations, not during them, but for
  // what hangs: it goes on once that is set back.
  struct Faults {
    std::optional<uint64_t> disk_bytes;    // kNoSpace once so many bytes were written in all;
                                           // the write that crosses the line is torn
    std::optional<uint64_t> operations;    // the power fails after so many changing operations:
                                           // that one is torn, all later ones fail
    bool fail_reads = false;               // kIo
    bool hang_reads = false;               // of files
    bool hang_syncs = false;               // of files
    bool fail_changes = false;             // kIo: as a folder without permission
    bool fail_sync = false;                // kIo
    std::optional<uint64_t> files_end_at;  // reads see files cut off here
    std::optional<uint64_t> flipped_bit;   // this bit of each file reads inverted
  };

  explicit FaultyFileSystem(FileSystem* real = FileSystem::Default()) : real_(real) {}

  void Set(const Faults& faults);

  // Returns once something hangs.
  void AwaitHanging() const;

  // Changing operations since Set: "create P", "append P", "sync P", "rename P", "remove P",
  // "folder P", "sync folder P", where P is the path's last component.
  std::vector<std::string> Log() const;

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<FileEntry>> List(const std::string& path) override;
  bool Exists(const std::string& path) override { return real_->Exists(path); }
  Status Touch(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  friend class FaultyReadableFile;
  friend class FaultyWritableFile;

  // Logs the operation and says whether it may happen.
  Status Change(const std::string& operation, const std::string& path);

  // Of `wanted` bytes, how many are written before the fault; *status is that fault.
  size_t Writable(size_t wanted, const std::string& path, Status* status);

  Faults faults() const;
  // Returns when what hangs by that does not.
  void Hang(bool Faults::* hangs) const;

  FileSystem* real_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable changed_;
  mutable size_t hanging_ = 0;
  Faults faults_;
  uint64_t bytes_written_ = 0;
  uint64_t operations_ = 0;
  std::vector<std::string> log_;
};

}  // namespace leoam::testing
