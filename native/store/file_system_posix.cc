// The file system of Linux and macOS.
#if !defined(_WIN32)

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "store/file_system.h"
#include "store/posix_file.h"

namespace leoam {
namespace {

constexpr mode_t kFileMode = 0600;  // the store holds source text in effect
constexpr mode_t kDirectoryMode = 0700;

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::span<const uint8_t> data) override {
    while (!data.empty()) {
      const ssize_t put = ::write(fd_.get(), data.data(), data.size());
      if (put < 0 && errno == EINTR) {
        continue;
      }
      if (put < 0) {
        return PosixFailure("write", path_, errno);
      }
      data = data.subspan(static_cast<size_t>(put));
    }
    return Status::Ok();
  }

  Status Sync() override {
#if defined(F_FULLFSYNC)
    // On macOS fsync leaves the data in the drive's cache.
    if (::fcntl(fd_.get(), F_FULLFSYNC) == 0) {
      return Status::Ok();
    }
#endif
    return ::fsync(fd_.get()) == 0 ? Status::Ok() : PosixFailure("write", path_, errno);
  }

  Status Close() override {
    const int fd = fd_.Release();
    // Quotas and network file systems may report a failed write only here.
    return fd < 0 || ::close(fd) == 0 ? Status::Ok() : PosixFailure("write", path_, errno);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

// Removes its file when released. Whoever opened the file before that finds, after locking
// it, that the path names another file or none, and tries again.
class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  ~PosixFileLock() override { ::unlink(path_.c_str()); }

 private:
  Descriptor fd_;
  std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) {
      return PosixFailure("open", path, errno);
    }
    return ReadableFileOf(std::move(fd), path);
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
    if (fd.get() < 0) {
      return PosixFailure("create", path, errno);
    }
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(std::move(fd), path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status::Ok()
                                                   : PosixFailure("write", to, errno);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status::Ok() : PosixFailure("remove", path, errno);
  }

  Status MakeDirectory(const std::string& path) override {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string part = path.substr(0, end);
      if (::mkdir(part.c_str(), kDirectoryMode) != 0 && errno != EEXIST &&
          end == std::string::npos) {
        return PosixFailure("create the folder", part, errno);
      }
      if (end == std::string::npos) {
        break;
      }
    }
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
      return PosixFailure("create the folder", path, errno);
    }
    return S_ISDIR(info.st_mode) ? Status::Ok() : PosixFailure("create the folder", path, ENOTDIR);
  }

  Status SyncDirectory(const std::string& path) override {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) {
      return PosixFailure("open", path, errno);
    }
    // Some file systems cannot sync a folder and need not: they say EINVAL.
    return ::fsync(fd.get()) == 0 || errno == EINVAL ? Status::Ok()
                                                     : PosixFailure("write", path, errno);
  }

  Result<std::vector<FileEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) {
      return PosixFailure("read the folder", path, errno);
    }
    std::vector<FileEntry> entries;
    while (const dirent* entry = ::readdir(directory.get())) {
      struct stat info{};
      const bool there = ::fstatat(::dirfd(directory.get()), entry->d_name, &info,
                                   AT_SYMLINK_NOFOLLOW) == 0;  // else removed meanwhile
      if (there && S_ISREG(info.st_mode)) {
        entries.push_back({entry->d_name, static_cast<uint64_t>(info.st_size), MtimeNs(info)});
      }
    }
    return entries;
  }

  bool Exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Status Touch(const std::string& path) override {
    return ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0
               ? Status::Ok()
               : PosixFailure("touch", path, errno);
  }

  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override {
    while (true) {
      Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
      if (fd.get() < 0) {
        return PosixFailure("create", path, errno);
      }
      if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
          return std::unique_ptr<FileLock>();
        }
        return PosixFailure("lock", path, errno);
      }
      struct stat locked{};
      struct stat named{};
      if (::fstat(fd.get(), &locked) == 0 && ::stat(path.c_str(), &named) == 0 &&
          locked.st_dev == named.st_dev && locked.st_ino == named.st_ino) {
        return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd), path));
      }
    }
  }

 private:
  static int64_t MtimeNs(const struct stat& info) {
#if defined(__APPLE__)
    const timespec& time = info.st_mtimespec;
#else
    const timespec& time = info.st_mtim;
#endif
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
};

}  // namespace

FileSystem* FileSystem::Default() {
  static PosixFileSystem system;
  return &system;
}

}  // namespace leoam

#endif
