// Segments that the disk refused, as whole file images in RAM: the least recently used
// leaves when the budget is full. Not thread-safe; the store's mutex guards it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/file_system.h"

namespace leoam {

class MemorySegments {
 public:
  explicit MemorySegments(uint64_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // False when the image alone exceeds the budget.
  bool Insert(const std::string& key, std::vector<uint8_t> image);

  // Null when absent. What it returns stays readable after the segment has left.
  std::unique_ptr<ReadableFile> Open(const std::string& key);

  bool Contains(const std::string& key) const { return index_.contains(key); }
  bool Remove(const std::string& key);
  void Clear();

  uint64_t bytes() const { return bytes_; }
  size_t size() const { return index_.size(); }

 private:
  struct Segment {
    std::string key;
    std::shared_ptr<const std::vector<uint8_t>> image;
  };

  uint64_t budget_bytes_;
  uint64_t bytes_ = 0;
  std::list<Segment> by_use_;  // the most recently used first
  std::unordered_map<std::string, std::list<Segment>::iterator> index_;
};

}  // namespace leoam
