// What a store leaves in its folder, and which folders it takes, through the store.
#include "store/store_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "testing/segments.h"

namespace leoam {
namespace {

using testing::FilesWithSuffix;
using testing::KeyOf;
using testing::OpenStore;
using testing::PutMade;
using testing::TemporaryFolder;

TEST(StoreFolder, RemovesOneAndClearsAll) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int number = 0; number < 3; ++number) {
    PutMade(store.get(), number);
  }
  EXPECT_TRUE(store->Remove(KeyOf(1)).ok());
  EXPECT_EQ(store->Remove(KeyOf(1)).code(), StatusCode::kNotFound);
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_EQ(store->Stats().segments, 2U);
  EXPECT_TRUE(store->SetPinned(KeyOf(2), true).ok());
  EXPECT_TRUE(store->Clear().ok());
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".pin"), 0U);
  EXPECT_EQ(store->Stats().segments, 0U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".seg"), 0U);
  EXPECT_EQ(store->Info(KeyOf(0)).status().code(), StatusCode::kNotFound);
}

TEST(StoreFolder, LeavesNoLocksOrTemporariesBehind) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".seg"), 1U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".tmp"), 0U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".lock"), 0U);
}

TEST(StoreFolder, OpenRemovesWhatDeadWritersLeftAndSparesLiveOnes) {
  const TemporaryFolder folder;
  OpenStore(folder.path());
  const std::string dead = folder.path() + "/store/ab/" + std::string(64, 'a');
  const std::string live = folder.path() + "/store/ab/" + std::string(64, 'b');
  std::filesystem::create_directory(folder.path() + "/store/ab");
  for (const std::string& stem : {dead, live}) {
    std::ofstream(stem + ".tmp") << "half a segment";
  }
  std::ofstream(dead + ".lock") << "";
  const auto lock = FileSystem::Default()->TryLock(live + ".lock");
  ASSERT_TRUE(lock.ok() && *lock != nullptr);
  OpenStore(folder.path());
  EXPECT_FALSE(std::filesystem::exists(dead + ".tmp"));
  EXPECT_FALSE(std::filesystem::exists(dead + ".lock"));
  EXPECT_TRUE(std::filesystem::exists(live + ".tmp"));
}

TEST(StoreFolder, RefusesAFolderOfANewerVersionOrOfSomebodyElse) {
  const TemporaryFolder folder;
  OpenStore(folder.path());
  StoreOptions options;
  options.directory = folder.path() + "/store";
  const auto reopened = [&](const char* marker) {
    std::ofstream(options.directory + "/store.version") << marker;
    return SegmentStore::Open(options, FileSystem::Default()).status();
  };
  const Status status = reopened("leoam-store 2\n");
  EXPECT_EQ(status.code(), StatusCode::kTooNew);
  EXPECT_NE(status.message().find("newer version of LeoAM"), std::string::npos);
  EXPECT_EQ(reopened("something else").code(), StatusCode::kCorruption);
  EXPECT_TRUE(reopened("").ok());  // a marker that was cut off before its first byte
  EXPECT_TRUE(reopened("leoam-store 1\n").ok());
}

#if !defined(_WIN32)
TEST(StoreFolder, FilesAndFoldersAreForTheUserOnly) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(entry.status().permissions() & others, std::filesystem::perms::none) << entry.path();
  }
}
#endif

}  // namespace
}  // namespace leoam
