// The operating system as the store sees it. Real implementation beside it; tests swap
// in one that fails, lacks space, tears writes or flips bits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leoam/status.h"

namespace leoam {

class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads exactly out.size() bytes at offset; kCorruption at an early end of file.
  virtual Status ReadAt(uint64_t offset, std::span<uint8_t> out) = 0;
  virtual Result<uint64_t> Size() = 0;
  // A hint that these bytes are read next; may start reading them.
  virtual void WillRead(uint64_t /*offset*/, uint64_t /*bytes*/) {}
  // From now on the system keeps nothing of what is read in memory of its own, where it can do
  // without: whoever keeps it himself, under a budget, would have it twice. Before other threads
  // read.
  virtual void PassPageCache() {}
  // Reading it takes nothing from a disk.
  virtual bool InMemory() const { return false; }
};

class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::span<const uint8_t> data) = 0;
  virtual Status Sync() = 0;  // data on the disk
  virtual Status Close() = 0;
};

// Held while it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileEntry {
  std::string name;
  uint64_t bytes = 0;
  int64_t last_use_ns = 0;  // the file's mtime, which Touch moves
};

// Thread-safe. Paths are UTF-8 with forward slashes on every platform. Failures are kNotFound,
// kNoSpace (disk or quota full) or kIo; the message names the path.
class FileSystem {
 public:
  static FileSystem* Default();  // the operating system's; never destroyed
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) = 0;
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;  // mode 0600
  virtual Status Rename(const std::string& from, const std::string& to) = 0;          // replaces
  virtual Status Remove(const std::string& path) = 0;                                 // kNotFound
  virtual Status MakeDirectory(const std::string& path) = 0;  // parents, 0700
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual Result<std::vector<FileEntry>> List(const std::string& path) = 0;  // files only
  virtual bool Exists(const std::string& path) = 0;
  virtual Status Touch(const std::string& path) = 0;
  // Advisory, between processes and threads; null when somebody else holds it.
  virtual Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) = 0;
};

}  // namespace leoam
