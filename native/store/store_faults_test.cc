// The store when the disk is full, refuses, lies or loses power.
#include <algorithm>
#include <filesystem>
#include <random>

#include "gtest/gtest.h"
#include "store/segment_store.h"
#include "testing/faulty_file_system.h"
#include "testing/segments.h"
#include "testing/stores.h"

namespace leoam {
namespace {

using testing::FaultyFileSystem;
using testing::Garbage;
using testing::KeyOf;
using testing::MadeSegment;
using testing::OpenStore;
using testing::PutSegment;
using testing::ReadSegment;
using testing::TemporaryFolder;

TEST(StoreFaults, AFullDiskMovesSegmentsToMemoryAndBackOnceThereIsSpace) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(store.ok());
  FaultyFileSystem::Faults faults;
  faults.disk_bytes = 5000;
  files.Set(faults);

  std::string warning;
  ASSERT_TRUE(PutSegment(store->get(), 1, &warning).ok());
  EXPECT_NE(warning.find("is full"), std::string::npos) << warning;
  EXPECT_NE(warning.find(folder.path()), std::string::npos) << warning;
  EXPECT_EQ((*store)->warning(), warning);
  EXPECT_TRUE((*store)->Contains(KeyOf(1)));
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
  std::vector<float> keys;
  EXPECT_TRUE((*store)->ReadKeyPlane(KeyOf(1), 0, 1, &keys).ok());
  EXPECT_EQ((*store)->Stats().ram_segments, 1U);
  EXPECT_EQ((*store)->Stats().segments, 0U);
  EXPECT_TRUE(Garbage(folder).empty());  // the torn temporary file is gone at once

  files.Set({});
  warning.clear();
  ASSERT_TRUE(PutSegment(store->get(), 1, &warning).ok());
  EXPECT_EQ(warning, "");
  EXPECT_EQ((*store)->warning(), "");
  EXPECT_EQ((*store)->Stats().ram_segments, 0U);
  EXPECT_EQ((*store)->Stats().segments, 1U);
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(StoreFaults, MemoryKeepsTheMostRecentlyUsedWithinItsBudget) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  const MadeSegment measured(1);
  constexpr uint64_t kRoomForThree = 3 * 20'000;
  auto store = OpenStore(folder, &files, kRoomForThree);
  ASSERT_TRUE(store.ok());
  FaultyFileSystem::Faults faults;
  faults.disk_bytes = 0;
  files.Set(faults);
  for (int number = 1; number <= 3; ++number) {
    ASSERT_TRUE(PutSegment(store->get(), number).ok());
  }
  ASSERT_EQ((*store)->Stats().ram_segments, 3U);
  ASSERT_TRUE(ReadSegment(store->get(), 1).ok());
  ASSERT_TRUE(PutSegment(store->get(), 4).ok());
  EXPECT_TRUE((*store)->Contains(KeyOf(1)));
  EXPECT_FALSE((*store)->Contains(KeyOf(2)));
  EXPECT_TRUE((*store)->Contains(KeyOf(4)));
  EXPECT_LE((*store)->Stats().ram_bytes, kRoomForThree);
  EXPECT_TRUE((*store)->Remove(KeyOf(4)).ok());
  EXPECT_FALSE((*store)->Contains(KeyOf(4)));

  auto tiny = OpenStore(folder, &files, 100);
  ASSERT_TRUE(tiny.ok());
  EXPECT_EQ(PutSegment(tiny->get(), 5).code(), StatusCode::kNoSpace);
}

TEST(StoreFaults, AFolderThatCannotBeWrittenLeavesAStoreInMemory) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  FaultyFileSystem::Faults faults;
  faults.fail_changes = true;
  files.Set(faults);
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_NE((*store)->warning().find("cannot be written"), std::string::npos);
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
  EXPECT_EQ((*store)->Stats().ram_segments, 1U);
}

TEST(StoreFaults, ASegmentWhoseLockIsHeldByOthersIsKeptInMemory) {
  const TemporaryFolder folder;
  auto store = OpenStore(folder, FileSystem::Default());
  ASSERT_TRUE(PutSegment(store->get(), 2).ok());
  const auto lock_of = [&](int number) {
    const std::string key = KeyOf(number);
    const std::string subfolder = folder.path() + "/store/" + key.substr(0, 2);
    EXPECT_TRUE(FileSystem::Default()->MakeDirectory(subfolder).ok());
    return FileSystem::Default()->TryLock(subfolder + "/" + key + ".lock");
  };
  auto lock = lock_of(1);
  ASSERT_TRUE(lock.ok() && *lock != nullptr);
  std::string warning;
  ASSERT_TRUE(PutSegment(store->get(), 1, &warning).ok());
  EXPECT_NE(warning, "");
  EXPECT_TRUE((*store)->InMemory(KeyOf(1)));
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
  // It goes to disk once it can, and stays in memory until then.
  EXPECT_EQ((*store)->MoveToDisk({KeyOf(1)}).code(), StatusCode::kIo);
  EXPECT_TRUE((*store)->InMemory(KeyOf(1)));
  lock->reset();
  EXPECT_TRUE((*store)->MoveToDisk({KeyOf(1)}).ok());
  EXPECT_FALSE((*store)->InMemory(KeyOf(1)));
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
  // What is there already serves.
  const auto other = lock_of(2);
  ASSERT_TRUE(other.ok() && *other != nullptr);
  warning.clear();
  EXPECT_TRUE(PutSegment(store->get(), 2, &warning).ok());
  EXPECT_EQ(warning, "");
  EXPECT_FALSE((*store)->InMemory(KeyOf(2)));
}

TEST(StoreFaults, AReadOnlyStoreStillServesWhatItHas) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  ASSERT_TRUE(PutSegment(OpenStore(folder, &files)->get(), 1).ok());
  FaultyFileSystem::Faults faults;
  faults.fail_changes = true;
  files.Set(faults);
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(store.ok());
  EXPECT_NE((*store)->warning(), "");
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(StoreFaults, AFileWhereTheFolderShouldBeLeavesAStoreInMemory) {
  const TemporaryFolder folder;
  ASSERT_TRUE(FileSystem::Default()->Create(folder.path() + "/store").ok());
  auto store = OpenStore(folder, FileSystem::Default());
  ASSERT_TRUE(store.ok()) << store.status().message();
  EXPECT_NE((*store)->warning(), "");
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(StoreFaults, AFailedReadIsNoReasonToDropASegment) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  FaultyFileSystem::Faults faults;
  faults.fail_reads = true;
  files.Set(faults);
  EXPECT_EQ(ReadSegment(store->get(), 1).code(), StatusCode::kIo);
  files.Set({});
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
  EXPECT_EQ((*store)->Stats().corrupt, 0U);
}

TEST(StoreFaults, AnyFlippedBitIsFoundWhereItMatters) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto first = OpenStore(folder, &files);
  ASSERT_TRUE(PutSegment(first->get(), 1).ok());
  const uint64_t bytes = (*first->get()->Info(KeyOf(1)))->bytes;
  std::mt19937 random(1);
  int found = 0;
  for (int i = 0; i < 300; ++i) {
    auto store = OpenStore(folder, &files);
    ASSERT_TRUE(store.ok());
    FaultyFileSystem::Faults faults;
    // A third of the flips in the header and table, which are a small part of the file.
    faults.flipped_bit = random() % ((i % 3 == 0 ? 400 : bytes) * 8);
    files.Set(faults);
    const auto outcome = (*store)->Verify(nullptr);
    ASSERT_TRUE(outcome.ok()) << outcome.status().message();
    if (!outcome->damaged.empty()) {
      ++found;
      EXPECT_EQ((*store)->Stats().corrupt, 1U);
      files.Set({});
      ASSERT_TRUE(PutSegment(store->get(), 1).ok());
    } else {
      // Only the padding between the parts may go unchecked.
      EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
    }
    files.Set({});
  }
  EXPECT_GT(found, 200);
}

TEST(StoreFaults, AFileCutOffAnywhereIsDamaged) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto writer = OpenStore(folder, &files);
  ASSERT_TRUE(PutSegment(writer->get(), 1).ok());
  const uint64_t bytes = (*writer->get()->Info(KeyOf(1)))->bytes;
  for (const uint64_t end :
       {uint64_t{0}, uint64_t{127}, uint64_t{200}, uint64_t{4096}, bytes - 1}) {
    auto store = OpenStore(folder, FileSystem::Default());
    ASSERT_TRUE(PutSegment(store->get(), 1).ok());
    auto reader = OpenStore(folder, &files);
    FaultyFileSystem::Faults faults;
    faults.files_end_at = end;
    files.Set(faults);
    EXPECT_EQ(ReadSegment(reader->get(), 1).code(), StatusCode::kCorruption) << end;
    EXPECT_EQ((*reader)->Stats().corrupt, 1U);
    files.Set({});
  }
}

TEST(StoreFaults, DataIsOnTheDiskBeforeItsNameIs) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  files.Set({});
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  const std::string key = KeyOf(1);
  const std::vector<std::string> expected = {
      "folder " + key.substr(0, 2),     "sync folder store",    "create " + key + ".tmp",
      "append " + key + ".tmp",         "sync " + key + ".tmp", "rename " + key + ".seg",
      "sync folder " + key.substr(0, 2)};
  EXPECT_EQ(files.Log(), expected);
}

TEST(StoreFaults, AFailedSyncNeverGivesTheFileItsName) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  FaultyFileSystem::Faults faults;
  faults.fail_sync = true;
  files.Set(faults);
  std::string warning;
  ASSERT_TRUE(PutSegment(store->get(), 1, &warning).ok());
  EXPECT_NE(warning, "");
  files.Set({});
  auto fresh = OpenStore(folder, &files);
  EXPECT_FALSE((*fresh)->Contains(KeyOf(1)));
}

TEST(StoreFaults, PowerLostAfterAnyOperationLosesAtMostTheSegmentInProgress) {
  for (uint64_t operations = 0; operations < 30; ++operations) {
    const TemporaryFolder folder;
    int stored = 0;
    {
      FaultyFileSystem files;
      FaultyFileSystem::Faults faults;
      faults.operations = operations;
      files.Set(faults);
      auto store = OpenStore(folder, &files);
      for (int number = 0; store.ok() && number < 3; ++number) {
        std::string warning;
        ASSERT_TRUE(PutSegment(store->get(), number, &warning).ok());
        stored += warning.empty() ? 1 : 0;
      }
    }
    auto store = OpenStore(folder, FileSystem::Default());
    ASSERT_TRUE(store.ok()) << store.status().message();
    const auto outcome = (*store)->Verify(nullptr);
    ASSERT_TRUE(outcome.ok());
    EXPECT_TRUE(outcome->damaged.empty()) << "after " << operations << " operations";
    EXPECT_GE(outcome->ok, static_cast<uint64_t>(stored));
    EXPECT_LE(outcome->ok, static_cast<uint64_t>(stored) + 1);
    EXPECT_TRUE(Garbage(folder).empty());
    EXPECT_EQ((*store)->warning(), "");
  }
}

}  // namespace
}  // namespace leoam
