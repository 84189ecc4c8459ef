#include "testing/faulty_file_system.h"

#include <algorithm>

namespace leoam::testing {

namespace {

std::string LastComponent(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Status InjectedIo(const std::string& path) {
  return Status(StatusCode::kIo, "Cannot use " + path + ": injected fault.");
}

}  // namespace

class FaultyReadableFile final : public ReadableFile {
 public:
  FaultyReadableFile(std::unique_ptr<ReadableFile> real, std::string path,
                     const FaultyFileSystem* system)
      : real_(std::move(real)), path_(std::move(path)), system_(system) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) override {
    system_->Hang(&FaultyFileSystem::Faults::hang_reads);
    const FaultyFileSystem::Faults faults = system_->faults();
    if (faults.fail_reads) {
      return InjectedIo(path_);
    }
    if (faults.files_end_at && offset + out.size() > *faults.files_end_at) {
      return Status(StatusCode::kCorruption, path_ + " ends early.");
    }
    LEOAM_RETURN_IF_ERROR(real_->ReadAt(offset, out));
    if (faults.flipped_bit) {
      const uint64_t byte = *faults.flipped_bit / 8;
      if (byte >= offset && byte < offset + out.size()) {
        out[byte - offset] ^= static_cast<uint8_t>(1U << (*faults.flipped_bit % 8));
      }
    }
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    Result<uint64_t> size = real_->Size();
    const FaultyFileSystem::Faults faults = system_->faults();
    if (size.ok() && faults.files_end_at) {
      return std::min(*size, *faults.files_end_at);
    }
    return size;
  }

  void PassPageCache() override { real_->PassPageCache(); }

 private:
  std::unique_ptr<ReadableFile> real_;
  std::string path_;
  const FaultyFileSystem* system_;
};

class FaultyWritableFile final : public WritableFile {
 public:
  FaultyWritableFile(std::unique_ptr<WritableFile> real, std::string path, FaultyFileSystem* system)
      : real_(std::move(real)), path_(std::move(path)), system_(system) {}

  Status Append(std::span<const uint8_t> data) override {
    Status fault;
    const size_t writable = system_->Writable(data.size(), path_, &fault);
    LEOAM_RETURN_IF_ERROR(real_->Append(data.first(writable)));
    return fault;
  }

  Status Sync() override {
    system_->Hang(&FaultyFileSystem::Faults::hang_syncs);
    LEOAM_RETURN_IF_ERROR(system_->Change("sync", path_));
    return system_->faults().fail_sync ? InjectedIo(path_) : real_->Sync();
  }

  Status Close() override { return real_->Close(); }

 private:
  std::unique_ptr<WritableFile> real_;
  std::string path_;
  FaultyFileSystem* system_;
};

void FaultyFileSystem::Set(const Faults& faults) {
  const std::lock_guard lock(mutex_);
  faults_ = faults;
  bytes_written_ = 0;
  operations_ = 0;
  log_.clear();
  changed_.notify_all();
}

void FaultyFileSystem::Hang(bool Faults::* hangs) const {
  std::unique_lock lock(mutex_);
  if (faults_.*hangs) {
    ++hanging_;
    changed_.notify_all();
    changed_.wait(lock, [this, hangs] { return !(faults_.*hangs); });
    --hanging_;
  }
}

void FaultyFileSystem::AwaitHanging() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return hanging_ > 0; });
}

std::vector<std::string> FaultyFileSystem::Log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

Result<std::unique_ptr<ReadableFile>> FaultyFileSystem::OpenRead(const std::string& path) {
  Result<std::unique_ptr<ReadableFile>> real = real_->OpenRead(path);
  if (!real.ok()) {
    return real;
  }
  return std::unique_ptr<ReadableFile>(
      std::make_unique<FaultyReadableFile>(std::move(*real), path, this));
}

Result<std::unique_ptr<WritableFile>> FaultyFileSystem::Create(const std::string& path) {
  LEOAM_RETURN_IF_ERROR(Change("create", path));
  Result<std::unique_ptr<WritableFile>> real = real_->Create(path);
  if (!real.ok()) {
    return real;
  }
  return std::unique_ptr<WritableFile>(
      std::make_unique<FaultyWritableFile>(std::move(*real), path, this));
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  LEOAM_RETURN_IF_ERROR(Change("rename", to));
  return real_->Rename(from, to);
}

Status FaultyFileSystem::Remove(const std::string& path) {
  LEOAM_RETURN_IF_ERROR(Change("remove", path));
  return real_->Remove(path);
}

Status FaultyFileSystem::MakeDirectory(const std::string& path) {
  LEOAM_RETURN_IF_ERROR(Change("folder", path));
  return real_->MakeDirectory(path);
}

Status FaultyFileSystem::SyncDirectory(const std::string& path) {
  LEOAM_RETURN_IF_ERROR(Change("sync folder", path));
  return real_->SyncDirectory(path);
}

Result<std::vector<FileEntry>> FaultyFileSystem::List(const std::string& path) {
  if (faults().fail_reads) {
    return InjectedIo(path);
  }
  return real_->List(path);
}

Status FaultyFileSystem::Touch(const std::string& path) {
  return faults().fail_changes ? InjectedIo(path) : real_->Touch(path);
}

Result<std::unique_ptr<FileLock>> FaultyFileSystem::TryLock(const std::string& path) {
  if (faults().fail_changes) {
    return InjectedIo(path);
  }
  return real_->TryLock(path);
}

Status FaultyFileSystem::Change(const std::string& operation, const std::string& path) {
  const std::lock_guard lock(mutex_);
  log_.push_back(operation + " " + LastComponent(path));
  ++operations_;
  if (faults_.fail_changes || (faults_.operations && operations_ > *faults_.operations)) {
    return InjectedIo(path);
  }
  return Status::Ok();
}

size_t FaultyFileSystem::Writable(size_t wanted, const std::string& path, Status* status) {
  const std::lock_guard lock(mutex_);
  log_.push_back("append " + LastComponent(path));
  ++operations_;
  if (faults_.operations && operations_ > *faults_.operations) {
    *status = InjectedIo(path);
    return operations_ == *faults_.operations + 1 ? wanted / 2 : 0;
  }
  if (faults_.disk_bytes && bytes_written_ + wanted > *faults_.disk_bytes) {
    const uint64_t left = *faults_.disk_bytes - std::min(*faults_.disk_bytes, bytes_written_);
    bytes_written_ += left;
    *status = Status(StatusCode::kNoSpace, "Cannot write " + path + ": injected full disk.");
    return static_cast<size_t>(left);
  }
  bytes_written_ += wanted;
  return wanted;
}

FaultyFileSystem::Faults FaultyFileSystem::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

}  // namespace leoam::testing
