// Segments that are moved between disk and RAM.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "store/segment_layers.h"
#include "store/segment_store.h"
#include "testing/faulty_file_system.h"
#include "testing/segments.h"
#include "testing/stores.h"

namespace leoam {
namespace {

using testing::ExpectWhole;
using testing::FaultyFileSystem;
using testing::KeyOf;
using testing::OpenStore;
using testing::PutMade;
using testing::PutSegment;
using testing::ReadSegment;
using testing::SegmentPath;
using testing::TemporaryFolder;

TEST(Moving, ReadsFromMemoryUntilMovedBack) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  PutMade(store.get(), 2);
  ASSERT_TRUE(store->MoveToRam({KeyOf(1), KeyOf(3)}).ok());
  EXPECT_TRUE(store->InMemory(KeyOf(1)));
  EXPECT_FALSE(store->InMemory(KeyOf(2)));
  EXPECT_FALSE(store->Contains(KeyOf(3)));
  const auto state = store->State(KeyOf(1));
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->in_memory);
  EXPECT_TRUE(state->on_disk);

  const StoreStats before = store->Stats();
  EXPECT_EQ(before.segments, 2U);
  EXPECT_EQ(before.ram_segments, 1U);
  EXPECT_EQ(before.ram_bytes, state->bytes);
  EXPECT_EQ(before.ram_copied_bytes, state->bytes);
  ExpectWhole(store.get(), 1);
  const auto layers = store->OpenLayers(KeyOf(1));
  ASSERT_TRUE(layers.ok());
  EXPECT_EQ(store->Stats().bytes_read, before.bytes_read);

  ASSERT_TRUE(store->MoveToDisk({KeyOf(1), KeyOf(3)}).ok());
  EXPECT_FALSE(store->InMemory(KeyOf(1)));
  EXPECT_EQ(store->Stats().ram_bytes, 0U);
  EXPECT_EQ(store->Stats().ram_copied_bytes, 0U);
  ExpectWhole(store.get(), 1);
  EXPECT_GT(store->Stats().bytes_read, before.bytes_read);
  EXPECT_EQ(store->Stats().bytes_written, before.bytes_written);
}

TEST(Moving, CountsWhatIsReadForIt) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  PutMade(store.get(), 2);
  const uint64_t before = store->Stats().bytes_read;
  ASSERT_TRUE(store->MoveToRam({KeyOf(1), KeyOf(2)}).ok());
  const StoreStats after = store->Stats();
  EXPECT_EQ(after.bytes_read - before, after.ram_bytes);
  ASSERT_TRUE(store->MoveToRam({KeyOf(1), KeyOf(2)}).ok());  // nothing moves any more
  EXPECT_EQ(store->Stats().bytes_read, after.bytes_read);
}

TEST(Moving, MovesNothingWhereNotAllFits) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files, 30'000);
  ASSERT_TRUE(store.ok());
  std::vector<std::string> keys;
  for (int number = 1; number <= 3; ++number) {
    ASSERT_TRUE(PutSegment(store->get(), number).ok());
    keys.push_back(KeyOf(number));
  }
  const Status status = (*store)->MoveToRam(keys);
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_NE(status.message().find("Move other files to disk first"), std::string::npos);
  EXPECT_EQ((*store)->Stats().ram_segments, 0U);
  EXPECT_TRUE((*store)->MoveToRam({keys.front()}).ok());
  EXPECT_TRUE((*store)->MoveToRam({keys.front()}).ok());
  EXPECT_EQ((*store)->Stats().ram_segments, 1U);
}

TEST(Moving, CopiesMakeRoomForWhatTheDiskRefuses) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files, 3 * 20'000);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  FaultyFileSystem::Faults faults;
  faults.disk_bytes = 0;
  files.Set(faults);
  ASSERT_TRUE(PutSegment(store->get(), 2).ok());
  ASSERT_TRUE((*store)->MoveToRam({KeyOf(1)}).ok());
  ASSERT_TRUE(PutSegment(store->get(), 3).ok());
  ASSERT_TRUE(PutSegment(store->get(), 4).ok());
  EXPECT_FALSE((*store)->InMemory(KeyOf(1)));  // used later than 2, but the disk has it
  EXPECT_TRUE((*store)->InMemory(KeyOf(2)));
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(Moving, WritesToDiskWhatItRefusedBefore) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(store.ok());
  FaultyFileSystem::Faults faults;
  faults.disk_bytes = 0;
  files.Set(faults);
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  EXPECT_FALSE((*store)->State(KeyOf(1))->on_disk);

  const Status refused = (*store)->MoveToDisk({KeyOf(1)});
  EXPECT_EQ(refused.code(), StatusCode::kNoSpace);
  EXPECT_NE(refused.message().find("is full"), std::string::npos);
  EXPECT_TRUE((*store)->InMemory(KeyOf(1)));

  files.Set({});
  ASSERT_TRUE((*store)->MoveToDisk({KeyOf(1)}).ok());
  EXPECT_FALSE((*store)->InMemory(KeyOf(1)));
  EXPECT_TRUE((*store)->State(KeyOf(1))->on_disk);
  EXPECT_EQ((*store)->Stats().segments, 1U);
  EXPECT_EQ((*store)->warning(), "");
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(Moving, WritesBackWhatTheDiskHasNoMore) {
  const TemporaryFolder folder;
  FaultyFileSystem files;
  auto store = OpenStore(folder, &files);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(PutSegment(store->get(), 1).ok());
  ASSERT_TRUE((*store)->MoveToRam({KeyOf(1)}).ok());
  ASSERT_TRUE(std::filesystem::remove(SegmentPath(folder.path() + "/store", KeyOf(1))));

  FaultyFileSystem::Faults faults;
  faults.disk_bytes = 0;
  files.Set(faults);
  const Status refused = (*store)->MoveToDisk({KeyOf(1)});
  EXPECT_EQ(refused.code(), StatusCode::kNoSpace);
  EXPECT_NE(refused.message().find("is full"), std::string::npos);
  EXPECT_TRUE((*store)->InMemory(KeyOf(1)));
  EXPECT_EQ((*store)->Stats().ram_copied_bytes, 0U);
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());

  files.Set({});
  ASSERT_TRUE((*store)->MoveToDisk({KeyOf(1)}).ok());
  EXPECT_FALSE((*store)->InMemory(KeyOf(1)));
  EXPECT_TRUE((*store)->State(KeyOf(1))->on_disk);
  EXPECT_EQ((*store)->Stats().segments, 1U);
  EXPECT_TRUE(ReadSegment(store->get(), 1).ok());
}

TEST(Moving, ACopyFollowsWhatIsWrittenAndGoesWithWhatIsEvicted) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  ASSERT_TRUE(store->MoveToRam({KeyOf(1)}).ok());
  PutMade(store.get(), 1);  // the same key: read anew
  EXPECT_TRUE(store->InMemory(KeyOf(1)));
  ExpectWhole(store.get(), 1);
  ASSERT_TRUE(store->SetBudget(1).ok());
  EXPECT_FALSE(store->InMemory(KeyOf(1)));
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_EQ(store->Stats().ram_bytes, 0U);
}

TEST(Moving, VerifyingReadsTheDisk) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  ASSERT_TRUE(store->MoveToRam({KeyOf(1)}).ok());
  {
    std::fstream file(SegmentPath(folder.path() + "/store", KeyOf(1)),
                      std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.is_open());
    file.seekp(-10, std::ios::end);
    file.put('\x5a');
  }
  const auto verified = store->Verify(nullptr);
  ASSERT_TRUE(verified.ok());
  EXPECT_EQ(verified->damaged, std::vector<std::string>{KeyOf(1)});
  EXPECT_FALSE(store->Contains(KeyOf(1)));
}

}  // namespace
}  // namespace leoam
