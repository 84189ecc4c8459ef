// The disk tier's files: one immutable file per segment, shared by any number of
// processes. Format and rules: FORMAT.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kv/codec.h"
#include "leoam/status.h"
#include "leoam/types.h"
#include "store/file_system.h"

namespace leoam {

// A (layer, query head) whose queries find evidence; its KV head's keys are kept apart
// so that they can be scanned without reading the KV.
struct RetrievalHead {
  int layer = 0;
  int head = 0;  // query head
  bool operator==(const RetrievalHead&) const = default;
};

class SegmentLayers;  // segment_layers.h

// What the front of a segment file says; enough to plan reads.
struct SegmentInfo {
  std::string key;  // 64 hex digits
  KvShape shape;
  Precision precision = Precision::kQ8;
  std::vector<Token> tokens;         // of the segment, without the preamble
  std::vector<uint32_t> chunk_ends;  // ascending token offsets; the last is tokens.size()
  std::vector<uint8_t> chunk_stale;  // 1: read under an older text before it, see FORMAT.md
  std::vector<std::pair<int, int>> key_planes;  // (layer, KV head) kept as abstracts for retrieval
  uint64_t bytes = 0;                           // of the file

  size_t ChunkBegin(size_t chunk) const { return chunk == 0 ? 0 : chunk_ends[chunk - 1]; }
  bool stale() const;
};

struct SegmentWrite {
  std::string key;
  std::vector<Token> tokens;
  std::vector<uint32_t> chunk_ends;
  std::vector<uint8_t> chunk_stale;
  std::vector<std::pair<int, int>> key_planes;
  const SegmentKv* kv = nullptr;  // kv->tokens == tokens.size()
};

// Where a segment is and what it takes.
struct SegmentState {
  uint64_t tokens = 0;
  uint64_t bytes = 0;
  uint64_t chunks = 0;
  uint64_t stale_chunks = 0;
  Precision precision = Precision::kQ8;
  int64_t last_use_ns = 0;  // since 1970; 0 in RAM
  bool pinned = false;
  bool in_memory = false;  // the disk refused it, or it was moved there
  bool on_disk = false;
};

struct StoreOptions {
  std::string directory;
  uint64_t budget_bytes = 0;  // 0: no limit
  Precision precision = Precision::kQ8;
  uint64_t ram_budget_bytes = uint64_t{1} << 30;  // for segments in RAM
};

struct StoreStats {
  uint64_t segments = 0;
  uint64_t bytes = 0;
  uint64_t tokens = 0;
  uint64_t chunks = 0;
  uint64_t pinned_bytes = 0;  // of bytes, what is not evicted
  uint64_t budget_bytes = 0;
  uint64_t ram_segments = 0;  // kept in RAM: moved there, or the disk refused them
  uint64_t ram_bytes = 0;
  uint64_t ram_copied_bytes = 0;  // of ram_bytes, what the disk has as well
  uint64_t ram_budget_bytes = 0;
  uint64_t bytes_read = 0;  // since open
  uint64_t bytes_written = 0;
  uint64_t corrupt = 0;  // segments found damaged and dropped since open
  uint64_t evicted = 0;
};

// Reads and writes segments. Thread-safe. A write that meets a full disk keeps the
// segment in RAM (stats say so) and returns ok; `warning` of the outcome says it.
class SegmentStore {
 public:
  // Creates the folder with user-only modes and removes what dead writers left there. A
  // folder that cannot be used is no failure: the store then works from RAM and `warning`
  // says so. kTooNew when the folder was made by a newer version. `files` must outlive it.
  static Result<std::unique_ptr<SegmentStore>> Open(const StoreOptions& options, FileSystem* files);
  virtual ~SegmentStore() = default;

  // One sentence for the user while the disk does not take segments; empty otherwise.
  virtual std::string warning() = 0;

  virtual bool Contains(const std::string& key) = 0;

  // Front of the segment (cached; another process may have evicted the segment since).
  // kNotFound, kCorruption (then the file is gone: read it again from text), kTooNew.
  virtual Result<std::shared_ptr<const SegmentInfo>> Info(const std::string& key) = 0;

  // Atomic: temporary name, checksums, fsync, rename, under the segment's lock. Another
  // writer of the same key is waited for briefly; what it wrote then stays, and where it is not
  // done the segment is kept in RAM. An older file of that key is replaced. `warning` (may be
  // null) is set when kept in RAM. kNoSpace when
  // neither disk nor RAM can hold it. Returns the bytes that were written to disk.
  virtual Result<uint64_t> Put(const SegmentWrite& segment, std::string* warning) = 0;

  // Bytes of chunks [first, last) as encoded, one vector each, checksums verified; marks
  // the segment as used. High plane only when read_as is kQ4 and the segment is kQ8.
  virtual Status ReadChunks(const std::string& key, size_t first, size_t last, Precision read_as,
                            std::vector<std::vector<uint8_t>>* out) = 0;

  // For reading single layers of its chunks, as often as is wanted. Marks the segment as used.
  virtual Result<std::unique_ptr<SegmentLayers>> OpenLayers(const std::string& key) = 0;

  // Marks it as used, where what OpenLayers opened goes on being read.
  virtual void Use(const std::string& key) = 0;

  // Bytes that were read from what OpenLayers opened, for Stats.
  virtual void CountRead(uint64_t bytes) = 0;

  // Passes `status` on. Where it is kCorruption, the segment is dropped, to be read again.
  virtual Status DropIfDamaged(const std::string& key, Status status) = 0;

  // Keys of one (layer, KV head) plane, 4 bit, decoded: [tokens][head_dim] F32 without bias
  // and before RoPE. kNotFound when that plane is not among key_planes.
  virtual Status ReadKeyPlane(const std::string& key, int layer, int kv_head,
                              std::vector<float>* out) = 0;

  // From now on these segments are read from RAM, until they are moved back, go or this store ends;
  // on disk they stay. What is not there is left out. kNoSpace where RAM has no room for all of
  // them: then none moves.
  virtual Status MoveToRam(const std::vector<std::string>& keys) = 0;

  // The opposite. What the disk refused, or has no more, is written there now; where it refuses
  // (kNoSpace, kIo), that and what follows stays in RAM.
  virtual Status MoveToDisk(const std::vector<std::string>& keys) = 0;

  // It is read from RAM.
  virtual bool InMemory(const std::string& key) = 0;

  virtual Status Remove(const std::string& key) = 0;
  virtual Status Clear() = 0;

  // Reads everything; drops what is damaged. Calls `progress(done, total)` if given.
  struct VerifyOutcome {
    uint64_t ok = 0;
    std::vector<std::string> damaged;
  };
  virtual Result<VerifyOutcome> Verify(const std::function<void(uint64_t, uint64_t)>& progress) = 0;

  // kNotFound, kCorruption (then the file is gone), kTooNew. Reads the front of a segment that
  // was not opened before.
  virtual Result<SegmentState> State(const std::string& key) = 0;

  // A pinned segment is not evicted, by no process, until it is unpinned; it may be pinned before
  // it is there. It can still be removed.
  virtual Status SetPinned(const std::string& key, bool pinned) = 0;

  // Lowers the store to its budget by last use; also runs after each Put. What is pinned stays,
  // although it may exceed the budget.
  virtual Status Evict() = 0;
  virtual Status SetBudget(uint64_t bytes) = 0;

  virtual StoreStats Stats() = 0;
};

}  // namespace leoam
