// The folder of a store as a folder: where files lie, how they are written so that nobody
// ever sees half of one, what dead writers leave behind. Knows nothing of what is in a file.
//
//   DIR/store.version          "leoam-store 1"
//   DIR/ab/abcd….seg           a segment; ab are the first two digits of its key
//   DIR/ab/abcd….tmp           the same, while it is written
//   DIR/ab/abcd….lock          held by who writes or evicts it; gone afterwards
//   DIR/ab/abcd….pin           empty: that segment is never evicted, whoever lowers the store
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leoam/status.h"
#include "store/file_system.h"

namespace leoam {

// A segment as the folder shows it.
struct StoredFile {
  std::string key;
  uint64_t bytes = 0;
  int64_t last_use_ns = 0;
  bool pinned = false;
};

// Thread-safe: holds no state but its path.
class StoreFolder {
 public:
  StoreFolder(std::string directory, FileSystem* files)
      : directory_(std::move(directory)), files_(files) {}

  const std::string& directory() const { return directory_; }

  // Creates the folder or checks the version of the one that is there (kTooNew; kCorruption
  // when the marker is none of ours), then removes leftovers of dead writers. Any other
  // failure says why the folder cannot be written.
  Status Prepare();

  bool Exists(const std::string& key);
  Result<std::unique_ptr<ReadableFile>> Open(const std::string& key);

  // Atomic and on the disk when it returns. False: somebody else has just written that key, or
  // writes what was there before anew. kIo: it is not there, and somebody else holds its lock.
  Result<bool> Write(const std::string& key, std::span<const uint8_t> bytes);

  Status Touch(const std::string& key);
  Status Remove(const std::string& key);

  // Sets or takes away the mark that keeps a segment from being evicted. The segment need not be
  // there yet; the mark outlives it.
  Status SetPinned(const std::string& key, bool pinned);
  bool IsPinned(const std::string& key);

  // False when somebody is writing that key.
  Result<bool> RemoveUnlessBusy(const std::string& key);

  // All segments, in no order. Empty when the folder cannot be read.
  std::vector<StoredFile> Scan();

 private:
  // Of a key: without suffix.
  std::string Subfolder(const std::string& key) const;
  std::string Stem(const std::string& key) const;

  Status CheckVersion();
  void RemoveLeftovers(const std::string& folder);

  // Writes stem.tmp and renames it to `path`; waits a little for another writer of `stem`.
  Result<bool> WriteAtomically(const std::string& stem, const std::string& path,
                               const std::string& folder, std::span<const uint8_t> bytes);

  std::string directory_;
  FileSystem* files_;
};

}  // namespace leoam
