#include "store/memory_segments.h"

#include <algorithm>

namespace leoam {

namespace {

class ImageFile final : public ReadableFile {
 public:
  explicit ImageFile(std::shared_ptr<const std::vector<uint8_t>> image)
      : image_(std::move(image)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) override {
    if (offset > image_->size() || out.size() > image_->size() - offset) {
      return Status(StatusCode::kCorruption, "A segment kept in memory ends early.");
    }
    std::copy_n(image_->begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return Status::Ok();
  }

  Result<uint64_t> Size() override { return static_cast<uint64_t>(image_->size()); }

 private:
  std::shared_ptr<const std::vector<uint8_t>> image_;
};

}  // namespace

bool MemorySegments::Insert(const std::string& key, std::vector<uint8_t> image) {
  Remove(key);
  if (image.size() > budget_bytes_) {
    return false;
  }
  bytes_ += image.size();
  by_use_.push_front({key, std::make_shared<const std::vector<uint8_t>>(std::move(image))});
  index_[key] = by_use_.begin();
  while (bytes_ > budget_bytes_) {
    Remove(std::string(by_use_.back().key));
  }
  return true;
}

std::unique_ptr<ReadableFile> MemorySegments::Open(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return nullptr;
  }
  by_use_.splice(by_use_.begin(), by_use_, found->second);
  return std::make_unique<ImageFile>(found->second->image);
}

bool MemorySegments::Remove(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return false;
  }
  bytes_ -= found->second->image->size();
  by_use_.erase(found->second);
  index_.erase(found);
  return true;
}

void MemorySegments::Clear() {
  by_use_.clear();
  index_.clear();
  bytes_ = 0;
}

}  // namespace leoam
