// What the files of Linux and macOS have in common. Only for the file system beside it.
#pragma once

#if !defined(_WIN32)

#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "store/file_system.h"

namespace leoam {

// "Cannot write /a/b: No space left on device."
Status PosixFailure(const char* action, const std::string& path, int error);

// A descriptor that is closed when it leaves.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  int get() const { return fd_; }
  int Release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

// As pread(2): descriptor, memory, bytes, offset. From any thread.
using PositionedRead = std::function<ssize_t(int, void*, size_t, off_t)>;

// A file that `fd` has open for reading. `read`: tests take one that stops short.
std::unique_ptr<ReadableFile> ReadableFileOf(Descriptor fd, std::string path,
                                             PositionedRead read = ::pread);

}  // namespace leoam

#endif
