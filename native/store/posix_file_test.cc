#if !defined(_WIN32)

#include "store/posix_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/segments.h"

namespace leoam {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kFileBytes = 3 * kPage + 100;

// Reads of one file stop where a test says: each number is the most bytes that a read brings, one
// after the other, those behind them bring all. Below 0 it is an error's number.
class PosixFileTest : public ::testing::Test {
 protected:
  PosixFileTest() : path_(folder_.path() + "/file"), data_(kFileBytes) {
    // No page is as another.
    for (size_t i = 0; i < kFileBytes; ++i) {
      data_[i] = static_cast<uint8_t>(i + i / 256);
    }
    auto file = FileSystem::Default()->Create(path_);
    EXPECT_TRUE(file.ok() && (*file)->Append(data_).ok() && (*file)->Sync().ok());
    EXPECT_TRUE((*file)->Close().ok());
  }

  std::unique_ptr<ReadableFile> Open() {
    return ReadableFileOf(Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), path_,
                          [this](int fd, void* out, size_t bytes, off_t offset) {
                            return Read(fd, out, bytes, offset);
                          });
  }

  // Nullptr where the system has no such reads of this folder.
  std::unique_ptr<ReadableFile> OpenPastPageCache() {
    auto file = Open();
    file->PassPageCache();
    std::vector<uint8_t> out(1);
    EXPECT_TRUE(file->ReadAt(0, out).ok());
    return direct_ ? std::move(file) : nullptr;
  }

  void ExpectPart(ReadableFile* file, size_t offset, size_t bytes) const {
    std::vector<uint8_t> out(bytes);
    const Status status = file->ReadAt(offset, out);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(std::equal(out.begin(), out.end(), data_.begin() + static_cast<ptrdiff_t>(offset)));
    EXPECT_TRUE(stops_.empty()) << stops_.size() << " reads were not asked for";
  }

  void ExpectEndsEarly(ReadableFile* file, size_t offset, size_t bytes) const {
    std::vector<uint8_t> out(bytes);
    const Status status = file->ReadAt(offset, out);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_EQ(status.message(), path_ + " ends early.");
  }

  const testing::TemporaryFolder folder_;
  const std::string path_;
  std::vector<ssize_t> stops_;

 private:
  ssize_t Read(int fd, void* out, size_t bytes, off_t offset) {
#if defined(O_DIRECT)
    // Not every file system minds.
    direct_ = (::fcntl(fd, F_GETFL) & O_DIRECT) != 0;
    if (direct_ && (offset % kPage != 0 || bytes % kPage != 0 ||
                    reinterpret_cast<uintptr_t>(out) % kPage != 0)) {
      errno = EINVAL;
      return -1;
    }
#endif
    const ssize_t got = ::pread(fd, out, bytes, offset);
    if (stops_.empty()) {
      return got;
    }
    const ssize_t stop = stops_.front();
    stops_.erase(stops_.begin());
    if (stop < 0) {
      errno = static_cast<int>(-stop);
      return -1;
    }
    // What a read does not bring it has not written either.
    const ssize_t brought = std::min(got, stop);
    std::fill_n(static_cast<uint8_t*>(out) + brought, got - brought, uint8_t{0xee});
    return brought;
  }

  std::vector<uint8_t> data_;
  bool direct_ = false;  // the last read was past the page cache
};

TEST_F(PosixFileTest, ReadsTheRestWhereReadsStopShort) {
  const auto file = Open();
  stops_ = {1000, 1, 4095};
  ExpectPart(file.get(), 10, 9000);
}

TEST_F(PosixFileTest, ReadsAgainWhatASignalInterrupts) {
  const auto file = Open();
  stops_ = {-EINTR, 1000, -EINTR};
  ExpectPart(file.get(), 10, 9000);
}

TEST_F(PosixFileTest, SaysThatAFileEndsEarlyWhereAReadBringsNothing) {
  const auto file = Open();
  stops_ = {1000, 0};
  ExpectEndsEarly(file.get(), 10, 9000);
  EXPECT_TRUE(stops_.empty());
  ExpectEndsEarly(file.get(), 10, kFileBytes);
}

TEST_F(PosixFileTest, SaysWhyAReadFailsInTheMiddle) {
  const auto file = Open();
  stops_ = {1000, -EIO};
  std::vector<uint8_t> out(9000);
  const Status status = file->ReadAt(10, out);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_NE(status.message().find(path_), std::string::npos) << status.message();
}

TEST_F(PosixFileTest, ReadsTheRestPastThePageCacheWhereReadsStopWithinAPage) {
  const auto file = OpenPastPageCache();
  if (file == nullptr) {
    GTEST_SKIP() << "Nothing is read past the page cache here.";
  }
  for (const ssize_t stop : {ssize_t{512}, ssize_t{4096}, ssize_t{5120}, ssize_t{8191}}) {
    stops_ = {stop, -EINTR};
    ExpectPart(file.get(), 10, 9000);
  }
  stops_ = {5120};
  ExpectPart(file.get(), kPage, kFileBytes - kPage);
}

TEST_F(PosixFileTest, SaysThatAFileEndsEarlyPastThePageCache) {
  const auto file = OpenPastPageCache();
  if (file == nullptr) {
    GTEST_SKIP() << "Nothing is read past the page cache here.";
  }
  ExpectEndsEarly(file.get(), 10, kFileBytes);
  ExpectEndsEarly(file.get(), kFileBytes - 50, 51);
  stops_ = {5120, 0};
  ExpectEndsEarly(file.get(), 10, 9000);
}

}  // namespace
}  // namespace leoam

#endif
