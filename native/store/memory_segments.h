// Segments as whole file images in RAM: those that the disk refused, and copies of such as were
// moved here. Not thread-safe; the mutex of SegmentFiles guards it.
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
  using Image = std::shared_ptr<const std::vector<uint8_t>>;

  explicit MemorySegments(uint64_t budget_bytes) : budget_bytes_(budget_bytes) {}

  // One that no disk has. Copies make room for it, then others, the least recently used first.
  // False when the image alone exceeds the budget.
  bool Insert(const std::string& key, std::vector<uint8_t> image);
  // A copy of one on disk. False where there is no room beside what is here.
  bool InsertCopy(const std::string& key, std::vector<uint8_t> image);

  // Null when absent. What it returns stays readable after the segment has left.
  std::unique_ptr<ReadableFile> Open(const std::string& key);

  bool Contains(const std::string& key) const { return index_.contains(key); }
  bool HasCopy(const std::string& key) const;
  // Of a copy: the disk has it no more.
  void KeepAlone(const std::string& key);
  // Of one that no disk has; else null.
  Image OnlyImage(const std::string& key) const;
  bool Remove(const std::string& key);
  void Clear();

  uint64_t budget_bytes() const { return budget_bytes_; }
  uint64_t free_bytes() const { return budget_bytes_ - bytes_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t copied_bytes() const { return copied_bytes_; }
  size_t size() const { return index_.size(); }

 private:
  struct Segment {
    std::string key;
    Image image;
    bool is_copy = false;
  };

  void Add(const std::string& key, std::vector<uint8_t> image, bool is_copy);
  void RemoveLeastUsed();

  uint64_t budget_bytes_;
  uint64_t bytes_ = 0;
  uint64_t copied_bytes_ = 0;  // of bytes_
  std::list<Segment> by_use_;  // the most recently used first
  std::unordered_map<std::string, std::list<Segment>::iterator> index_;
};

}  // namespace leoam
