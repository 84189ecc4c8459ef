// Eviction, through the store.
#include "store/disk_usage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "testing/segments.h"

namespace leoam {
namespace {

using testing::KeyOf;
using testing::OpenStore;
using testing::PutMade;
using testing::SegmentPath;
using testing::TemporaryFolder;

TEST(DiskUsage, EvictsTheLeastRecentlyUsedBeyondTheBudget) {
  const TemporaryFolder folder;
  const std::string root = folder.path() + "/store";
  uint64_t each = 0;
  {
    const auto store = OpenStore(folder.path());
    for (int number = 0; number < 4; ++number) {
      PutMade(store.get(), number);
      const auto age = std::chrono::hours(10 - number);
      std::filesystem::last_write_time(SegmentPath(root, KeyOf(number)),
                                       std::filesystem::file_time_type::clock::now() - age);
    }
    each = store->Stats().bytes / 4;
  }
  const auto store = OpenStore(folder.path(), 4 * each);
  std::vector<std::vector<uint8_t>> chunks;
  ASSERT_TRUE(store->ReadChunks(KeyOf(0), 0, 1, Precision::kQ8, &chunks).ok());  // now in use
  PutMade(store.get(), 4);
  EXPECT_TRUE(store->Contains(KeyOf(0)));
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_TRUE(store->Contains(KeyOf(2)));
  EXPECT_TRUE(store->Contains(KeyOf(4)));
  EXPECT_EQ(store->Stats().evicted, 1U);
  ASSERT_TRUE(store->SetBudget(2 * each).ok());
  EXPECT_FALSE(store->Contains(KeyOf(2)));
  EXPECT_FALSE(store->Contains(KeyOf(3)));
  EXPECT_LE(store->Stats().bytes, 2 * each);
  EXPECT_EQ(store->Stats().segments, 2U);
}

TEST(DiskUsage, EvictsOthersWhereOneCannotBeRemoved) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int number = 0; number < 3; ++number) {
    PutMade(store.get(), number);
  }
  const uint64_t each = store->Stats().bytes / 3;
  std::filesystem::path lock = SegmentPath(folder.path() + "/store", KeyOf(0));
  std::filesystem::create_directory(lock.replace_extension(".lock"));  // cannot be taken
  EXPECT_TRUE(store->SetBudget(2 * each).ok());
  EXPECT_TRUE(store->Contains(KeyOf(0)));
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_TRUE(store->Contains(KeyOf(2)));
  EXPECT_EQ(store->SetBudget(1).code(), StatusCode::kIo);
  EXPECT_TRUE(store->Contains(KeyOf(0)));
  EXPECT_FALSE(store->Contains(KeyOf(2)));
}

TEST(DiskUsage, NeverEvictsWhatIsPinnedAlsoByAnotherInstance) {
  const TemporaryFolder folder;
  const auto owner = OpenStore(folder.path());
  ASSERT_TRUE(owner->SetPinned(KeyOf(3), true).ok());  // before it is there
  for (int number = 0; number < 4; ++number) {
    PutMade(owner.get(), number);
  }
  ASSERT_TRUE(owner->SetPinned(KeyOf(0), true).ok());
  const auto state = owner->State(KeyOf(0));
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->pinned);
  EXPECT_EQ(state->tokens, 40U);
  EXPECT_EQ(state->bytes, owner->Stats().bytes / 4);
  EXPECT_FALSE(state->in_memory);
  EXPECT_GT(state->last_use_ns, 0);
  EXPECT_FALSE(owner->State(KeyOf(1))->pinned);
  EXPECT_EQ(owner->Stats().pinned_bytes, 2 * state->bytes);
  EXPECT_EQ(owner->State(KeyOf(9)).status().code(), StatusCode::kNotFound);

  const auto other = OpenStore(folder.path(), 1);
  EXPECT_TRUE(other->Contains(KeyOf(0)));
  EXPECT_FALSE(other->Contains(KeyOf(1)));
  EXPECT_FALSE(other->Contains(KeyOf(2)));
  EXPECT_TRUE(other->Contains(KeyOf(3)));
  PutMade(owner.get(), 3);  // written again: still pinned
  ASSERT_TRUE(owner->SetPinned(KeyOf(0), false).ok());
  ASSERT_TRUE(owner->SetBudget(1).ok());
  EXPECT_FALSE(owner->Contains(KeyOf(0)));
  EXPECT_TRUE(owner->Contains(KeyOf(3)));
  EXPECT_TRUE(owner->Remove(KeyOf(3)).ok());
}

TEST(DiskUsage, NeverEvictsWhatIsPinnedWhileItEvicts) {
  const TemporaryFolder folder;
  const auto owner = OpenStore(folder.path());
  for (int number = 0; number < 3; ++number) {
    PutMade(owner.get(), number);
  }
  StoreFolder files(folder.path() + "/store", FileSystem::Default());
  DiskUsage usage(&files, 1);
  std::vector<std::string> evicted;
  const auto pins_the_others = [&](const std::string& key) {
    evicted.push_back(key);
    for (int number = 0; number < 3; ++number) {
      if (KeyOf(number) != key) {
        EXPECT_TRUE(owner->SetPinned(KeyOf(number), true).ok());  // by another instance
      }
    }
  };
  ASSERT_TRUE(usage.Evict("", pins_the_others).ok());
  ASSERT_EQ(evicted.size(), 1U);
  for (int number = 0; number < 3; ++number) {
    const std::string key = KeyOf(number);
    EXPECT_EQ(owner->Contains(key), key != evicted.front());
    EXPECT_EQ(usage.Find(key).has_value() && usage.Find(key)->pinned, key != evicted.front());
  }
}

TEST(DiskUsage, KeepsTheSegmentJustWrittenEvenIfItExceedsTheBudget) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path(), 1000);
  PutMade(store.get(), 1);
  EXPECT_TRUE(store->Contains(KeyOf(1)));
  PutMade(store.get(), 2);
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_TRUE(store->Contains(KeyOf(2)));
}

TEST(DiskUsage, NeverEvictsWhatIsBeingWritten) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  const std::string stem = folder.path() + "/store/" + KeyOf(1).substr(0, 2) + "/" + KeyOf(1);
  auto lock = FileSystem::Default()->TryLock(stem + ".lock");
  ASSERT_TRUE(lock.ok() && *lock != nullptr);
  ASSERT_TRUE(store->SetBudget(1).ok());
  EXPECT_TRUE(store->Contains(KeyOf(1)));
  lock->reset();
  ASSERT_TRUE(store->Evict().ok());
  EXPECT_FALSE(store->Contains(KeyOf(1)));
}

}  // namespace
}  // namespace leoam
