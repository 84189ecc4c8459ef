// The store when its process dies, and when two processes write to it at once.
#if !defined(_WIN32)

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "store/segment_store.h"
#include "testing/segments.h"
#include "testing/stores.h"

namespace leoam {
namespace {

using testing::Garbage;
using testing::OpenStore;
using testing::PutSegment;
using testing::ReadSegment;
using testing::TemporaryFolder;

constexpr int kSegmentsOfChild = 200;

// Writes segments until it is killed; sends a byte after each.
[[noreturn]] void WriteUntilKilled(const TemporaryFolder& folder, int pipe_end) {
  auto store = OpenStore(folder, FileSystem::Default());
  for (int number = 0; store.ok(); number = (number + 1) % kSegmentsOfChild) {
    const char byte = 1;
    if (!PutSegment(store->get(), number).ok() || ::write(pipe_end, &byte, 1) != 1) {
      break;
    }
  }
  ::_exit(1);
}

TEST(StoreCrash, AKilledWriterLosesAtMostTheSegmentInProgressAndLeavesNoGarbage) {
  std::mt19937 random(4);
  for (int round = 0; round < 12; ++round) {
    const TemporaryFolder folder;
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      WriteUntilKilled(folder, ends[1]);
    }
    ::close(ends[1]);
    // Some segments later, at some moment within the next one.
    size_t written = 0;
    char byte = 0;
    for (const size_t wanted = 1 + random() % 20; written < wanted; ++written) {
      ASSERT_EQ(::read(ends[0], &byte, 1), 1) << "the child could not write";
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    ::kill(child, SIGKILL);
    int outcome = 0;
    ::waitpid(child, &outcome, 0);
    ASSERT_TRUE(WIFSIGNALED(outcome));
    while (::read(ends[0], &byte, 1) == 1) {
      ++written;
    }
    ::close(ends[0]);

    auto store = OpenStore(folder, FileSystem::Default());
    ASSERT_TRUE(store.ok());
    EXPECT_TRUE(Garbage(folder).empty()) << Garbage(folder).front();
    const auto verified = (*store)->Verify(nullptr);
    ASSERT_TRUE(verified.ok());
    EXPECT_TRUE(verified->damaged.empty());
    const uint64_t distinct = std::min<uint64_t>(written, kSegmentsOfChild);
    EXPECT_GE(verified->ok, distinct);
    EXPECT_LE(verified->ok, distinct + 1);  // the last may have ended before it was reported
    for (int number = 0; number < static_cast<int>(distinct); ++number) {
      EXPECT_TRUE(ReadSegment(store->get(), number).ok());
    }
    EXPECT_TRUE(PutSegment(store->get(), static_cast<int>(distinct)).ok());
    EXPECT_EQ((*store)->warning(), "");
  }
}

TEST(StoreCrash, TwoProcessesWriteTheSameSegmentsAtOnce) {
  const TemporaryFolder folder;
  constexpr int kSegments = 25;
  const pid_t child = ::fork();
  const auto write_all = [&] {
    auto store = OpenStore(folder, FileSystem::Default());
    bool good = store.ok();
    for (int number = 0; good && number < kSegments; ++number) {
      std::string warning;
      good = PutSegment(store->get(), number, &warning).ok() && warning.empty() &&
             ReadSegment(store->get(), number).ok();
    }
    return good;
  };
  if (child == 0) {
    ::_exit(write_all() ? 0 : 1);
  }
  EXPECT_TRUE(write_all());
  int outcome = 0;
  ASSERT_EQ(::waitpid(child, &outcome, 0), child);
  EXPECT_TRUE(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
  auto store = OpenStore(folder, FileSystem::Default());
  EXPECT_EQ((*store)->Verify(nullptr)->ok, static_cast<uint64_t>(kSegments));
  EXPECT_TRUE(Garbage(folder).empty());
}

}  // namespace
}  // namespace leoam

#endif
