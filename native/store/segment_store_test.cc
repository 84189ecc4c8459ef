#include "store/segment_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "store/crc32c.h"
#include "store/segment_format.h"
#include "testing/segments.h"

namespace leoam {
namespace {

using testing::Encoded;
using testing::ExpectWhole;
using testing::KeyOf;
using testing::MadeSegment;
using testing::OpenStore;
using testing::PutMade;
using testing::SegmentPath;
using testing::TemporaryFolder;

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
  EXPECT_EQ(reader->Stats().chunks, writer->Stats().chunks);
  EXPECT_GE(reader->Stats().chunks, 5U);
  EXPECT_EQ(reader->Stats().bytes, writer->Stats().bytes_written);
}

INSTANTIATE_TEST_SUITE_P(All, StoreOfEachPrecision,
                         ::testing::Values(Precision::kF16, Precision::kQ8, Precision::kQ4));

TEST(SegmentStore, ReadsARangeOfChunksAndTheHighPlaneAlone) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1, 100);
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
  PutMade(store.get(), 1);
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
  PutMade(writer.get(), 1);
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
    return store->Put(segment.write, nullptr).status().code();
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
  PutMade(store.get(), 1);
  PutMade(store.get(), 2);
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
  PutMade(store.get(), 1);
  ExpectWhole(store.get(), 1);
}

TEST(SegmentStore, VerifyFindsWhatIsDamaged) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int number = 0; number < 6; ++number) {
    PutMade(store.get(), number);
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

TEST(SegmentStore, ASegmentOfANewerFormatIsNotTakenForADamagedOne) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  PutMade(store.get(), 1);
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

}  // namespace
}  // namespace leoam
