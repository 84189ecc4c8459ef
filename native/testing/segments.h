// Small made-up segments and folders that vanish, for tests of the store.
#pragma once

#include <string>

#include "kv/codec.h"
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

// The file `key` of a store in `folder`.
std::string SegmentPath(const std::string& folder, const std::string& key);

}  // namespace leoam::testing
