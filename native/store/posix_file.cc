// Reading files on Linux and macOS, through the page cache or past it.
#if !defined(_WIN32)

#include "store/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace leoam {
namespace {

// What reads past the page cache must be multiples of, in the file and in memory: 512 bytes would
// do on many disks, a page does on all.
constexpr size_t kDirectBytes = 4096;

// At least `bytes` at an address that such reads may fill; this thread's, until the next call.
uint8_t* DirectBuffer(size_t bytes) {
  thread_local std::vector<uint8_t> memory;
  size_t space = bytes + kDirectBytes;
  if (memory.size() < space) {
    memory.resize(space);
  }
  space = memory.size();
  void* begin = memory.data();
  return static_cast<uint8_t*>(std::align(kDirectBytes, bytes, begin, space));
}

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor fd, std::string path, PositionedRead read)
      : fd_(std::move(fd)), path_(std::move(path)), read_(std::move(read)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) override {
    if (!direct_) {
      return Read(offset, out, out.size());
    }
    const uint64_t begin = offset / kDirectBytes * kDirectBytes;
    const auto needed = static_cast<size_t>(offset - begin) + out.size();
    const size_t bytes = (needed + kDirectBytes - 1) / kDirectBytes * kDirectBytes;
    uint8_t* pages = DirectBuffer(bytes);
    LEOAM_RETURN_IF_ERROR(Read(begin, {pages, bytes}, needed));
    std::copy_n(pages + (offset - begin), out.size(), out.begin());
    return Status::Ok();
  }

  void PassPageCache() override {
#if defined(O_DIRECT)
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd_.get(), F_SETFL, flags | O_DIRECT) != 0) {
      return;
    }
    // Some file systems take the flag and refuse the reads.
    direct_ = read_(fd_.get(), DirectBuffer(kDirectBytes), kDirectBytes, 0) >= 0;
    if (!direct_) {
      ::fcntl(fd_.get(), F_SETFL, flags);
    }
#elif defined(F_NOCACHE)
    ::fcntl(fd_.get(), F_NOCACHE, 1);
#endif
  }

  Result<uint64_t> Size() override {
    struct stat info{};
    if (::fstat(fd_.get(), &info) != 0) {
      return PosixFailure("read", path_, errno);
    }
    return static_cast<uint64_t>(info.st_size);
  }

  void WillRead([[maybe_unused]] uint64_t offset, [[maybe_unused]] uint64_t bytes) override {
#if defined(POSIX_FADV_WILLNEED)
    ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(bytes),
                    POSIX_FADV_WILLNEED);
#endif
  }

 private:
  // Into `out`, at least `needed` bytes of it: the end of a file may lie within its last page.
  // Where a read past the page cache stops within a page, the next one takes all of that page
  // again, since no other may begin there.
  Status Read(uint64_t offset, std::span<uint8_t> out, size_t needed) {
    size_t done = 0;
    while (done < needed) {
      const size_t from = direct_ ? done / kDirectBytes * kDirectBytes : done;
      const ssize_t got =
          read_(fd_.get(), out.data() + from, out.size() - from, static_cast<off_t>(offset + from));
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return PosixFailure("read", path_, errno);
      }
      const size_t reached = from + static_cast<size_t>(got);
      if (reached <= done) {
        return Status(StatusCode::kCorruption, path_ + " ends early.");
      }
      done = reached;
    }
    return Status::Ok();
  }

  Descriptor fd_;
  std::string path_;
  PositionedRead read_;
  bool direct_ = false;  // reads go past the page cache
};

}  // namespace

Status PosixFailure(const char* action, const std::string& path, int error) {
  StatusCode code = StatusCode::kIo;
  if (error == ENOENT) {
    code = StatusCode::kNotFound;
  } else if (error == ENOSPC || error == EDQUOT) {
    code = StatusCode::kNoSpace;
  }
  return Status(code, std::string("Cannot ") + action + " " + path + ": " +
                          std::generic_category().message(error) + ".");
}

std::unique_ptr<ReadableFile> ReadableFileOf(Descriptor fd, std::string path, PositionedRead read) {
  return std::make_unique<PosixReadableFile>(std::move(fd), std::move(path), std::move(read));
}

}  // namespace leoam

#endif
