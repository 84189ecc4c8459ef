// Small made-up segments and folders that vanish, for tests of the store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kv/codec.h"
#include "model/model.h"
#include "store/segment_store.h"

namespace leoam::testing {

// A new empty folder, removed with all that is in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// 64 hex digits that differ for each number; neighbours lie in different subfolders.
std::string KeyOf(int number);

// A segment whose content follows from its number and size alone, so that any process can
// tell whether it reads what was written.
struct MadeSegment {
  explicit MadeSegment(int number, size_t tokens = 40);
  MadeSegment(const MadeSegment&) = delete;
  MadeSegment& operator=(const MadeSegment&) = delete;

  SegmentKv kv;
  SegmentWrite write;  // chunks of up to 16 tokens, key planes (0, 1) and (1, 0)
};

// A model that made segments could be of, with twice as many heads as KV heads.
ModelConfig MadeConfig();

// The file `key` of a store in `folder`.
std::string SegmentPath(const std::string& folder, const std::string& key);

// A store in `folder`/store; a budget of 0 is no limit.
std::unique_ptr<SegmentStore> OpenStore(const std::string& folder, uint64_t budget = 0,
                                        Precision precision = Precision::kQ8);

// Puts MadeSegment(number, tokens) and expects that the disk takes it.
void PutMade(SegmentStore* store, int number, size_t tokens = 40);

// Reads all of a segment and expects what MadeSegment(number, tokens) is made of.
void ExpectWhole(SegmentStore* store, int number, size_t tokens = 40,
                 Precision precision = Precision::kQ8);

// The segment's chunks as the store encodes them.
std::vector<std::vector<uint8_t>> Encoded(const MadeSegment& segment, Precision precision);

// Files below `folder` whose names end so.
size_t FilesWithSuffix(const std::string& folder, const std::string& suffix);

}  // namespace leoam::testing
