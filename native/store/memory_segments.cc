#include "store/memory_segments.h"

#include <algorithm>

namespace leoam {

namespace {

class ImageFile final : public ReadableFile {
 public:
  explicit ImageFile(MemorySegments::Image image) : image_(std::move(image)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) override {
    if (offset > image_->size() || out.size() > image_->size() - offset) {
      return Status(StatusCode::kCorruption, "A segment kept in memory ends early.");
    }
    std::copy_n(image_->begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return Status::Ok();
  }

  Result<uint64_t> Size() override { return static_cast<uint64_t>(image_->size()); }

  bool InMemory() const override { return true; }

 private:
  MemorySegments::Image image_;
};

}  // namespace

bool MemorySegments::Insert(const std::string& key, std::vector<uint8_t> image) {
  Remove(key);
  if (image.size() > budget_bytes_) {
    return false;
  }
  Add(key, std::move(image), false);
  while (bytes_ > budget_bytes_) {
    RemoveLeastUsed();
  }
  return true;
}

bool MemorySegments::InsertCopy(const std::string& key, std::vector<uint8_t> image) {
  Remove(key);
  if (image.size() > free_bytes()) {
    return false;
  }
  Add(key, std::move(image), true);
  return true;
}

void MemorySegments::Add(const std::string& key, std::vector<uint8_t> image, bool is_copy) {
  bytes_ += image.size();
  copied_bytes_ += is_copy ? image.size() : 0;
  by_use_.push_front(
      {key, std::make_shared<const std::vector<uint8_t>>(std::move(image)), is_copy});
  index_[key] = by_use_.begin();
}

void MemorySegments::RemoveLeastUsed() {
  const auto copy = std::find_if(by_use_.rbegin(), by_use_.rend(),
                                 [](const Segment& segment) { return segment.is_copy; });
  Remove(std::string((copy == by_use_.rend() ? by_use_.back() : *copy).key));
}

bool MemorySegments::HasCopy(const std::string& key) const {
  const auto found = index_.find(key);
  return found != index_.end() && found->second->is_copy;
}

void MemorySegments::KeepAlone(const std::string& key) {
  if (HasCopy(key)) {
    Segment& segment = *index_[key];
    segment.is_copy = false;
    copied_bytes_ -= segment.image->size();
  }
}

MemorySegments::Image MemorySegments::OnlyImage(const std::string& key) const {
  const auto found = index_.find(key);
  return found == index_.end() || found->second->is_copy ? nullptr : found->second->image;
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
  copied_bytes_ -= found->second->is_copy ? found->second->image->size() : 0;
  by_use_.erase(found->second);
  index_.erase(found);
  return true;
}

void MemorySegments::Clear() {
  by_use_.clear();
  index_.clear();
  bytes_ = 0;
  copied_bytes_ = 0;
}

}  // namespace leoam
