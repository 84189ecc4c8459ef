#include "store/file_system.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "testing/segments.h"

#if defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace leoam {
namespace {

constexpr size_t kFileBytes = 3 * 4096 + 100;

class FileSystemTest : public ::testing::Test {
 protected:
  FileSystemTest() : path_(folder_.path() + "/file"), data_(kFileBytes) {
    std::iota(data_.begin(), data_.end(), uint8_t{0});
    auto file = FileSystem::Default()->Create(path_);
    EXPECT_TRUE(file.ok() && (*file)->Append(data_).ok() && (*file)->Sync().ok());
    EXPECT_TRUE((*file)->Close().ok());
  }

  std::unique_ptr<ReadableFile> OpenPastPageCache() {
    auto file = FileSystem::Default()->OpenRead(path_);
    EXPECT_TRUE(file.ok());
    (*file)->PassPageCache();
    return std::move(file).value();
  }

  void ExpectPart(ReadableFile* file, size_t offset, size_t bytes) const {
    std::vector<uint8_t> out(bytes);
    const Status status = file->ReadAt(offset, out);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_TRUE(std::equal(out.begin(), out.end(), data_.begin() + static_cast<ptrdiff_t>(offset)))
        << bytes << " bytes at " << offset;
  }

  const testing::TemporaryFolder folder_;
  const std::string path_;
  std::vector<uint8_t> data_;
};

TEST_F(FileSystemTest, ReadsAnyPartPastThePageCache) {
  const auto file = OpenPastPageCache();
  for (const size_t offset : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, size_t{9000}}) {
    for (const size_t bytes : {size_t{1}, size_t{95}, size_t{3200}}) {
      ExpectPart(file.get(), offset, bytes);
    }
  }
  ExpectPart(file.get(), 0, kFileBytes);
  ExpectPart(file.get(), kFileBytes - 1, 1);
}

TEST_F(FileSystemTest, SaysThatAFileEndsEarlyPastThePageCache) {
  const auto file = OpenPastPageCache();
  std::array<uint8_t, 50> out{};
  EXPECT_EQ(file->ReadAt(kFileBytes - 49, out).code(), StatusCode::kCorruption);
  EXPECT_EQ(file->ReadAt(kFileBytes + 5000, out).code(), StatusCode::kCorruption);
}

TEST_F(FileSystemTest, ThreadsReadPastThePageCacheAtOnce) {
  const auto file = OpenPastPageCache();
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, &file, thread] {
      for (size_t i = 0; i < 50; ++i) {
        ExpectPart(file.get(), (thread * 997 + i * 131) % 8000, 1 + i * 17);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

#if defined(__linux__)
// Of the file's pages, those in the page cache.
class Residents {
 public:
  explicit Residents(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        pages_(::mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, fd_, 0)) {}
  ~Residents() {
    ::munmap(pages_, kFileBytes);
    ::close(fd_);
  }
  Residents(const Residents&) = delete;
  Residents& operator=(const Residents&) = delete;

  void Drop() const { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }
  ptrdiff_t Count() const {
    std::array<unsigned char, 4> resident{};
    EXPECT_EQ(::mincore(pages_, kFileBytes, resident.data()), 0);
    return std::count_if(resident.begin(), resident.end(), [](auto page) { return page & 1; });
  }

 private:
  int fd_;
  void* pages_;
};

TEST_F(FileSystemTest, LeavesNothingOfWhatItReadsInThePageCache) {
  const Residents residents(path_);
  residents.Drop();
  if (residents.Count() > 0) {
    GTEST_SKIP() << "Temporary files lie in memory here.";
  }
  ExpectPart(OpenPastPageCache().get(), 0, kFileBytes);
  EXPECT_EQ(residents.Count(), 0);
  ExpectPart(FileSystem::Default()->OpenRead(path_)->get(), 0, kFileBytes);
  EXPECT_EQ(residents.Count(), 4);
}
#endif

}  // namespace
}  // namespace leoam
