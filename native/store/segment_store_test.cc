#include "store/segment_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "gtest/gtest.h"
#include "store/crc32c.h"
#include "store/segment_format.h"
#include "testing/segments.h"

namespace leoam {
namespace {

using testing::KeyOf;
using testing::MadeSegment;
using testing::SegmentPath;
using testing::TemporaryFolder;

std::unique_ptr<SegmentStore> OpenStore(const std::string& folder, uint64_t budget = 0,
                                        Precision precision = Precision::kQ8) {
  StoreOptions options;
  options.directory = folder + "/store";
  options.budget_bytes = budget;
  options.precision = precision;
  auto store = SegmentStore::Open(options, FileSystem::Default());
  EXPECT_TRUE(store.ok()) << store.status().message();
  return std::move(store).value();
}

void Put(SegmentStore* store, int number, size_t tokens = 40) {
  const MadeSegment segment(number, tokens);
  std::string warning;
  const Status status = store->Put(segment.write, &warning);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(warning, "");
}

std::vector<std::vector<uint8_t>> Encoded(const MadeSegment& segment, Precision precision) {
  std::vector<std::vector<uint8_t>> chunks;
  size_t begin = 0;
  for (const uint32_t end : segment.write.chunk_ends) {
    EncodeChunk(segment.kv, begin, end - begin, precision, &chunks.emplace_back());
    begin = end;
  }
  return chunks;
}

// Reads everything and compares it with what MadeSegment(number) is made of.
void ExpectWhole(SegmentStore* store, int number, size_t tokens = 40,
                 Precision precision = Precision::kQ8) {
  const MadeSegment expected(number, tokens);
  const auto info = store->Info(KeyOf(number));
  ASSERT_TRUE(info.ok()) << info.status().message();
  EXPECT_EQ((*info)->tokens, expected.write.tokens);
  EXPECT_EQ((*info)->chunk_ends, expected.write.chunk_ends);
  EXPECT_EQ((*info)->key_planes, expected.write.key_planes);
  EXPECT_EQ((*info)->precision, precision);
  EXPECT_TRUE((*info)->shape == expected.kv.shape);
  std::vector<std::vector<uint8_t>> chunks;
  const Status read =
      store->ReadChunks(KeyOf(number), 0, expected.write.chunk_ends.size(), precision, &chunks);
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(chunks, Encoded(expected, precision));
}

size_t FilesWithSuffix(const std::string& folder, const std::string& suffix) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    count += entry.is_regular_file() && entry.path().extension() == suffix ? 1 : 0;
  }
  return count;
}

class StoreOfEachPrecision : public ::testing::TestWithParam<Precision> {};

TEST_P(StoreOfEachPrecision, ReturnsWhatWasPutAlsoToAnotherInstance) {
  const TemporaryFolder folder;
  const auto writer = OpenStore(folder.path(), 0, GetParam());
  for (int number = 0; number < 5; ++number) {
    const MadeSegment segment(number, 1 + 17 * static_cast<size_t>(number));
    ASSERT_TRUE(writer->Put(segment.write, nullptr).ok());
  }
  const auto reader = OpenStore(folder.path());
  for (int number = 0; number < 5; ++number) {
    ExpectWhole(writer.get(), number, 1 + 17 * static_cast<size_t>(number), GetParam());
    ExpectWhole(reader.get(), number, 1 + 17 * static_cast<size_t>(number), GetParam());
  }
  EXPECT_FALSE(reader->Contains(KeyOf(5)));
  EXPECT_EQ(reader->Info(KeyOf(5)).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(reader->Stats().segments, 5U);
  EXPECT_EQ(reader->Stats().tokens, 5U + 17 * (1 + 2 + 3 + 4));
  EXPECT_EQ(reader->Stats().bytes, writer->Stats().bytes_written);
}

INSTANTIATE_TEST_SUITE_P(All, StoreOfEachPrecision,
                         ::testing::Values(Precision::kF16, Precision::kQ8, Precision::kQ4));

TEST(SegmentStore, ReadsARangeOfChunksAndTheHighPlaneAlone) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1, 100);
  const MadeSegment segment(1, 100);
  std::vector<std::vector<uint8_t>> chunks;
  const uint64_t before = store->Stats().bytes_read;
  ASSERT_TRUE(store->ReadChunks(KeyOf(1), 2, 5, Precision::kQ4, &chunks).ok());
  const auto expected = Encoded(segment, Precision::kQ4);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_TRUE(std::equal(chunks.begin(), chunks.end(), expected.begin() + 2));
  EXPECT_EQ(store->Stats().bytes_read - before, 3 * expected[0].size());
  EXPECT_EQ(store->ReadChunks(KeyOf(1), 0, 8, Precision::kQ8, &chunks).code(),
            StatusCode::kInvalidArgument);
}

TEST(SegmentStore, KeepsTheKeysOfTheListedHeadsApart) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  const MadeSegment segment(1);
  std::vector<float> keys;
  ASSERT_TRUE(store->ReadKeyPlane(KeyOf(1), 1, 0, &keys).ok());
  ASSERT_EQ(keys.size(), 40U * 32);
  for (size_t token = 0; token < 40; ++token) {
    for (size_t i = 0; i < 32; ++i) {
      EXPECT_NEAR(keys[token * 32 + i], segment.kv.k[1][token * 64 + i], 0.25F);
    }
  }
  EXPECT_EQ(store->ReadKeyPlane(KeyOf(1), 1, 1, &keys).code(), StatusCode::kNotFound);
}

TEST(SegmentStore, AnExactSegmentReplacesAStaleOneForEveryInstance) {
  const TemporaryFolder folder;
  const auto writer = OpenStore(folder.path());
  const auto reader = OpenStore(folder.path());
  MadeSegment segment(1);
  segment.write.chunk_stale = {0, 1, 1};
  ASSERT_TRUE(writer->Put(segment.write, nullptr).ok());
  ASSERT_TRUE((*reader->Info(KeyOf(1)))->stale());
  EXPECT_EQ((*reader->Info(KeyOf(1)))->chunk_stale, (std::vector<uint8_t>{0, 1, 1}));
  Put(writer.get(), 1);
  ExpectWhole(reader.get(), 1);  // not damaged, although the reader knew another front
  EXPECT_FALSE((*reader->Info(KeyOf(1)))->stale());
  EXPECT_EQ(reader->Stats().corrupt, 0U);
}

TEST(SegmentStore, RefusesSegmentsThatDoNotFitTogether) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  const auto code = [&](auto change) {
    MadeSegment segment(1);
    change(&segment.write);
    return store->Put(segment.write, nullptr).code();
  };
  constexpr StatusCode kWrong = StatusCode::kInvalidArgument;
  EXPECT_EQ(code([](SegmentWrite* w) { w->key = "../../etc/passwd"; }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->key[3] = 'X'; }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->tokens.pop_back(); }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->chunk_ends.pop_back(); }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->chunk_ends[1] = w->chunk_ends[0]; }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->chunk_stale.pop_back(); }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->key_planes[0].second = 2; }), kWrong);
  EXPECT_EQ(code([](SegmentWrite* w) { w->kv = nullptr; }), kWrong);
  EXPECT_EQ(store->Stats().segments, 0U);
  EXPECT_FALSE(store->Contains("../../etc/passwd"));
}

TEST(SegmentStore, DropsADamagedSegmentAndSaysSo) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  Put(store.get(), 2);
  const std::string path = SegmentPath(folder.path() + "/store", KeyOf(1));
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-10, std::ios::end);
    file.put('\x55');
    file.put('\x55');
  }
  std::vector<std::vector<uint8_t>> chunks;
  EXPECT_TRUE(store->ReadChunks(KeyOf(1), 0, 2, Precision::kQ8, &chunks).ok());  // undamaged part
  const Status status = store->ReadChunks(KeyOf(1), 0, 3, Precision::kQ8, &chunks);
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_NE(status.message().find("is damaged"), std::string::npos);
  EXPECT_TRUE(chunks.empty());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(store->Stats().corrupt, 1U);
  EXPECT_EQ(store->Info(KeyOf(1)).status().code(), StatusCode::kNotFound);
  ExpectWhole(store.get(), 2);
  Put(store.get(), 1);
  ExpectWhole(store.get(), 1);
}

TEST(SegmentStore, VerifyFindsWhatIsDamaged) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int number = 0; number < 6; ++number) {
    Put(store.get(), number);
  }
  std::filesystem::resize_file(SegmentPath(folder.path() + "/store", KeyOf(3)), 9000);
  std::filesystem::resize_file(SegmentPath(folder.path() + "/store", KeyOf(4)), 0);
  uint64_t last = 0;
  auto outcome = store->Verify([&](uint64_t done, uint64_t total) {
    EXPECT_EQ(total, 6U);
    last = done;
  });
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(last, 6U);
  EXPECT_EQ(outcome->ok, 4U);
  std::sort(outcome->damaged.begin(), outcome->damaged.end());
  std::vector<std::string> expected = {KeyOf(3), KeyOf(4)};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(outcome->damaged, expected);
  outcome = store->Verify(nullptr);
  EXPECT_EQ(outcome->ok, 4U);
  EXPECT_TRUE(outcome->damaged.empty());
}

TEST(SegmentStore, EvictsTheLeastRecentlyUsedBeyondTheBudget) {
  const TemporaryFolder folder;
  const std::string root = folder.path() + "/store";
  uint64_t each = 0;
  {
    const auto store = OpenStore(folder.path());
    for (int number = 0; number < 4; ++number) {
      Put(store.get(), number);
      const auto age = std::chrono::hours(10 - number);
      std::filesystem::last_write_time(SegmentPath(root, KeyOf(number)),
                                       std::filesystem::file_time_type::clock::now() - age);
    }
    each = store->Stats().bytes / 4;
  }
  const auto store = OpenStore(folder.path(), 4 * each);
  std::vector<std::vector<uint8_t>> chunks;
  ASSERT_TRUE(store->ReadChunks(KeyOf(0), 0, 1, Precision::kQ8, &chunks).ok());  // now in use
  Put(store.get(), 4);
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

TEST(SegmentStore, KeepsTheSegmentJustWrittenEvenIfItExceedsTheBudget) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path(), 1000);
  Put(store.get(), 1);
  EXPECT_TRUE(store->Contains(KeyOf(1)));
  Put(store.get(), 2);
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_TRUE(store->Contains(KeyOf(2)));
}

TEST(SegmentStore, NeverEvictsWhatIsBeingWritten) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  const std::string stem = folder.path() + "/store/" + KeyOf(1).substr(0, 2) + "/" + KeyOf(1);
  auto lock = FileSystem::Default()->TryLock(stem + ".lock");
  ASSERT_TRUE(lock.ok() && *lock != nullptr);
  ASSERT_TRUE(store->SetBudget(1).ok());
  EXPECT_TRUE(store->Contains(KeyOf(1)));
  lock->reset();
  ASSERT_TRUE(store->Evict().ok());
  EXPECT_FALSE(store->Contains(KeyOf(1)));
}

TEST(SegmentStore, RemovesOneAndClearsAll) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int number = 0; number < 3; ++number) {
    Put(store.get(), number);
  }
  EXPECT_TRUE(store->Remove(KeyOf(1)).ok());
  EXPECT_EQ(store->Remove(KeyOf(1)).code(), StatusCode::kNotFound);
  EXPECT_FALSE(store->Contains(KeyOf(1)));
  EXPECT_EQ(store->Stats().segments, 2U);
  EXPECT_TRUE(store->Clear().ok());
  EXPECT_EQ(store->Stats().segments, 0U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".seg"), 0U);
  EXPECT_EQ(store->Info(KeyOf(0)).status().code(), StatusCode::kNotFound);
}

TEST(SegmentStore, LeavesNoLocksOrTemporariesBehind) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".seg"), 1U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".tmp"), 0U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".lock"), 0U);
}

TEST(SegmentStore, OpenRemovesWhatDeadWritersLeftAndSparesLiveOnes) {
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

TEST(SegmentStore, RefusesAFolderOfANewerVersionOrOfSomebodyElse) {
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

TEST(SegmentStore, ASegmentOfANewerFormatIsNotTakenForADamagedOne) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  const std::string path = SegmentPath(folder.path() + "/store", KeyOf(1));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::array<uint8_t, kSegmentHeaderBytes> header{};
  file.read(reinterpret_cast<char*>(header.data()), header.size());
  header[8] = kStoreFormat + 1;
  std::fill_n(header.begin() + 12, 4, uint8_t{0});
  const uint32_t checksum = Crc32c(header);
  std::memcpy(header.data() + 12, &checksum, sizeof(checksum));
  file.seekp(0);
  file.write(reinterpret_cast<const char*>(header.data()), header.size());
  file.close();
  EXPECT_EQ(OpenStore(folder.path())->Info(KeyOf(1)).status().code(), StatusCode::kTooNew);
  EXPECT_TRUE(std::filesystem::exists(path));
}

#if !defined(_WIN32)
TEST(SegmentStore, FilesAndFoldersAreForTheUserOnly) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  Put(store.get(), 1);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    EXPECT_EQ(entry.status().permissions() & others, std::filesystem::perms::none) << entry.path();
  }
}
#endif

TEST(SegmentStore, ThreadsWriteReadAndEvictAtOnce) {
  const TemporaryFolder folder;
  const auto one = OpenStore(folder.path(), 200'000);
  const auto other = OpenStore(folder.path(), 200'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      SegmentStore* store = t % 2 == 0 ? one.get() : other.get();
      for (int i = 0; i < 30; ++i) {
        const int number = (i * 7 + t) % 12;
        const MadeSegment segment(number);
        if (i % 3 == 0) {
          EXPECT_TRUE(store->Put(segment.write, nullptr).ok());
        }
        std::vector<std::vector<uint8_t>> chunks;
        const Status status = store->ReadChunks(KeyOf(number), 0, 3, Precision::kQ8, &chunks);
        if (status.ok()) {
          EXPECT_EQ(chunks, Encoded(segment, Precision::kQ8));
        } else {
          EXPECT_EQ(status.code(), StatusCode::kNotFound) << status.message();
        }
        if (i % 10 == 0) {
          store->Stats();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(one->Stats().corrupt + other->Stats().corrupt, 0U);
  EXPECT_TRUE(one->Evict().ok());
  EXPECT_LE(one->Stats().bytes, 200'000U);
  EXPECT_EQ(FilesWithSuffix(folder.path(), ".tmp") + FilesWithSuffix(folder.path(), ".lock"), 0U);
}

TEST(SegmentStore, ThreadsThatWriteTheSameKeyAtOnceLeaveOneWholeSegment) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { Put(store.get(), round); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    ExpectWhole(store.get(), round);
  }
  EXPECT_EQ(store->Stats().segments, 5U);
}

}  // namespace
}  // namespace leoam
