// Threads that use one store, or two on the same folder, at once.
#include <gtest/gtest.h>

#include <thread>

#include "testing/segments.h"

namespace leoam {
namespace {

using testing::Encoded;
using testing::ExpectWhole;
using testing::FilesWithSuffix;
using testing::KeyOf;
using testing::MadeSegment;
using testing::OpenStore;
using testing::PutMade;
using testing::TemporaryFolder;

TEST(StoreThreads, ThreadsWriteReadAndEvictAtOnce) {
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

TEST(StoreThreads, ThreadsThatWriteTheSameKeyAtOnceLeaveOneWholeSegment) {
  const TemporaryFolder folder;
  const auto store = OpenStore(folder.path());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] { PutMade(store.get(), round); });
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
