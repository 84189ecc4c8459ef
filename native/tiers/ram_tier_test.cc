#include "tiers/ram_tier.h"

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "testing/faulty_device.h"
#include "testing/models.h"
#include "tiers/block_reads.h"

namespace leoam {
namespace {

constexpr int kLayers = 4;
constexpr size_t kChunks = 10;
constexpr size_t kBlock = 100;

std::vector<size_t> Numbers(size_t count) {
  std::vector<size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), size_t{0});
  return numbers;
}

// A block is filled with a byte that names it; its second one says whether from the high plane
// alone.
uint8_t NameOf(const BlockId& block) {
  return static_cast<uint8_t>(static_cast<size_t>(block.layer) * kChunks + block.chunk);
}

Result<bool> Name(const BlockId& block, bool high, uint8_t* rows) {
  std::fill_n(rows, kBlock, NameOf(block));
  rows[1] = high ? 1 : 0;
  return high;
}

void RunOnThread(std::function<void()> task) {
  static BlockReads reads(/*threads=*/1, /*bytes_per_second=*/0);
  reads.Submit(std::move(task));
}

RamTier MadeTier(size_t blocks, RamTier::Fill fill = Name,
                 std::shared_ptr<DeviceMemory> device = nullptr) {
  return {kLayers,
          std::vector<size_t>(kChunks, kBlock),
          blocks * kBlock,
          std::move(fill),
          RunOnThread,
          device == nullptr ? nullptr : std::make_unique<DeviceTier>(std::move(device))};
}

void VisitAll(RamTier* tier, const std::vector<size_t>& chunks, bool prefetch = false) {
  for (int layer = 0; layer < kLayers; ++layer) {
    ASSERT_TRUE(tier->Visit(layer, chunks).ok());
    if (prefetch) {
      tier->Prefetch((layer + 1) % kLayers, chunks);
    }
    for (const size_t chunk : chunks) {
      const auto rows = tier->Rows(chunk);
      ASSERT_TRUE(rows.ok());
      EXPECT_EQ((*rows)[kBlock - 1], NameOf({layer, chunk}));
    }
  }
  tier->End();
}

TEST(RamTier, ReadsEachBlockOnceWhereAllFit) {
  RamTier tier = MadeTier(kLayers * kChunks);
  for (int pass = 0; pass < 3; ++pass) {
    VisitAll(&tier, Numbers(kChunks));
  }
  EXPECT_EQ(tier.counters().blocks_wanted, 3U * kLayers * kChunks);
  EXPECT_EQ(tier.counters().blocks_read, kLayers * kChunks);
  EXPECT_EQ(tier.counters().blocks_hit, 2U * kLayers * kChunks);
  EXPECT_EQ(tier.counters().blocks_dropped, 0U);
  EXPECT_EQ(tier.counters().ram_blocks, kLayers * kChunks);
}

TEST(RamTier, StaysBelowItsBudgetAndKeepsAsMuchAsItCan) {
  constexpr size_t kBudget = 22;  // of 40 blocks
  for (const bool prefetch : {false, true}) {
    RamTier tier = MadeTier(kBudget);
    VisitAll(&tier, Numbers(kChunks), prefetch);
    const uint64_t first = tier.counters().blocks_read;
    for (int pass = 0; pass < 10; ++pass) {
      VisitAll(&tier, Numbers(kChunks), prefetch);
    }
    // A pass in turn over all needs one layer at a time, or two; the rest stays.
    const size_t on_the_way = prefetch ? 2 * kChunks : kChunks;
    const uint64_t most = 10 * (kLayers * kChunks - (kBudget - on_the_way));
    EXPECT_LE(tier.counters().blocks_read - first, most);
    EXPECT_LE(tier.counters().peak_bytes, kBudget * kBlock);
    EXPECT_EQ(tier.counters().ram_blocks * kBlock, tier.counters().ram_bytes);
  }
}

TEST(RamTier, KeepsWhatManyPassesWant) {
  RamTier tier = MadeTier(20);
  for (int pass = 0; pass < 5; ++pass) {
    VisitAll(&tier, {1, 2, 3});
  }
  const uint64_t before = tier.counters().blocks_read;
  EXPECT_EQ(before, 3U * kLayers);
  VisitAll(&tier, {4, 5, 6, 7, 8});  // once: more than there is room for beside the others
  const uint64_t once = tier.counters().blocks_read;
  VisitAll(&tier, {1, 2, 3});
  EXPECT_EQ(tier.counters().blocks_read, once);
  // What is wanted no more gives way in the end.
  for (int pass = 0; pass < 200; ++pass) {
    VisitAll(&tier, {4, 5, 6, 7, 8});
  }
  const uint64_t last = tier.counters().blocks_read;
  VisitAll(&tier, {4, 5, 6, 7, 8});
  EXPECT_EQ(tier.counters().blocks_read, last);
}

TEST(RamTier, SaysWhereOneLayerDoesNotFit) {
  RamTier tier = MadeTier(5);
  const Status status = tier.Visit(0, Numbers(6));
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_NE(status.message().find("budget"), std::string::npos);
  EXPECT_TRUE(tier.Visit(1, Numbers(5)).ok());
  EXPECT_TRUE(tier.Rows(4).ok());
}

TEST(RamTier, ABlockThatFailsIsReadAgainAnotherTime) {
  bool fails = true;
  RamTier tier = MadeTier(20, [&fails](const BlockId& block, bool high, uint8_t* rows) {
    return fails && block.chunk == 2 ? Result<bool>(Status(StatusCode::kIo, "cannot be read"))
                                     : Name(block, high, rows);
  });
  ASSERT_TRUE(tier.Visit(0, {1, 2}).ok());
  EXPECT_TRUE(tier.Rows(1).ok());
  EXPECT_EQ(tier.Rows(2).status().code(), StatusCode::kIo);
  fails = false;
  ASSERT_TRUE(tier.Visit(0, {1, 2}).ok());
  EXPECT_TRUE(tier.Rows(2).ok());
  EXPECT_EQ(tier.counters().blocks_read, 3U);
}

TEST(RamTier, ABlockForWhichTheSystemHasNoMemoryIsNotTheEnd) {
  bool fails = true;
  RamTier tier = MadeTier(20, [&fails](const BlockId& block, bool high, uint8_t* rows) {
    if (fails) {
      throw std::bad_alloc();
    }
    return Name(block, high, rows);
  });
  ASSERT_TRUE(tier.Visit(0, {1}).ok());
  EXPECT_EQ(tier.Rows(1).status().code(), StatusCode::kNoSpace);
  fails = false;
  ASSERT_TRUE(tier.Visit(0, {1}).ok());
  EXPECT_TRUE(tier.Rows(1).ok());
}

TEST(RamTier, ABlockThatFailedAheadOfNeedIsReadAgainWhenItIsNeeded) {
  int failures = 1;
  BlockReads reads(/*threads=*/1, /*bytes_per_second=*/0);
  RamTier tier(
      kLayers, std::vector<size_t>(kChunks, kBlock), 12 * kBlock,
      [&failures](const BlockId& block, bool high, uint8_t* rows) {
        const bool fails = block.chunk == 2 && failures-- > 0;
        return fails ? Result<bool>(Status(StatusCode::kIo, "cannot be read"))
                     : Name(block, high, rows);
      },
      [&reads](std::function<void()> task) { reads.Submit(std::move(task)); });
  ASSERT_TRUE(tier.Visit(0, {1}).ok());
  tier.Prefetch(1, {1, 2});
  ASSERT_TRUE(tier.Visit(1, {1, 2}).ok());
  const auto rows = tier.Rows(2);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ((*rows)[0], NameOf({1, 2}));
}

TEST(RamTier, APassThatIsGivenUpDoesNotWaitForTheDisk) {
  std::promise<void> disk;
  const std::shared_future<void> answers = disk.get_future().share();
  RamTier tier = MadeTier(2, [answers](const BlockId& block, bool high, uint8_t* rows) {
    answers.wait();
    return Name(block, high, rows);
  });
  bool gives_up = false;
  tier.Begin([&gives_up] { return gives_up; });
  EXPECT_TRUE(tier.Visit(0, {0, 1}).ok());
  gives_up = true;
  EXPECT_EQ(tier.Rows(0).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(tier.Visit(1, {2}).code(), StatusCode::kCancelled);  // it has no room yet
  disk.set_value();
  tier.Begin({});
  VisitAll(&tier, {0, 1});
}

// Its coarse copy reaches the device late, after it was read whole, and lies there when it is
// wanted whole again.
TEST(RamTier, ACoarseBlockOnTheDeviceIsNotTakenForAWholeOne) {
  testing::TestBackend();
  std::vector<std::function<void()>> tasks;
  RamTier tier(
      kLayers, std::vector<size_t>(kChunks, kBlock), 2 * kBlock, Name,
      [&tasks](std::function<void()> task) { tasks.push_back(std::move(task)); },
      std::make_unique<DeviceTier>(testing::TestDevice(30 * kBlock)));
  tier.Begin([] { return true; });  // it never waits
  ASSERT_TRUE(tier.Visit(0, {1, 3}, Planes::kReadHigh).ok());
  tasks[0]();
  tasks[1]();
  ASSERT_TRUE(tier.Visit(0, {2}).ok());  // takes the room of 1, which it has on its way
  ASSERT_TRUE(tier.Visit(0, {1}).ok());
  tasks[3]();
  tasks[2]();
  ASSERT_TRUE(tier.Visit(0, {4, 5}).ok());  // 5 takes the room of 1, which is whole
  tasks[4]();
  ASSERT_TRUE(tier.Visit(0, {1}).ok());
  ASSERT_EQ(tasks.size(), 7U);
  tasks[6]();
  tasks[5]();
  const auto rows = tier.Rows(1);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ((*rows)[1], 0);
}

TEST(RamTier, APassThatIsGivenUpAndComesAgainCountsOnce) {
  RamTier tier = MadeTier(kLayers * kChunks);
  tier.Begin({});
  for (int layer = 0; layer < kLayers; ++layer) {
    ASSERT_TRUE(tier.Visit(layer, Numbers(kChunks)).ok());
  }
  tier.Begin({});
  VisitAll(&tier, Numbers(kChunks));
  EXPECT_EQ(tier.counters().blocks_wanted, kLayers * kChunks);
  EXPECT_EQ(tier.counters().blocks_hit, kLayers * kChunks);
  EXPECT_EQ(tier.counters().blocks_read, kLayers * kChunks);
}

TEST(RamTier, WaitingForRoomCountsAsWaiting) {
  std::promise<void> disk;
  const std::shared_future<void> answers = disk.get_future().share();
  RamTier tier = MadeTier(2, [answers](const BlockId& block, bool high, uint8_t* rows) {
    answers.wait();
    return Name(block, high, rows);
  });
  ASSERT_TRUE(tier.Visit(0, {0, 1}).ok());
  std::atomic<int> looks = 0;
  tier.Begin([&looks] { return ++looks < 0; });
  auto visit = std::async(std::launch::async, [&tier] { return tier.Visit(1, {2}); });
  while (looks < 5) {  // some milliseconds lie between two of them
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  disk.set_value();
  EXPECT_TRUE(visit.get().ok());
  EXPECT_GT(tier.counters().waited_ms, 4.0);
  EXPECT_TRUE(tier.Rows(2).ok());
}

TEST(RamTier, WhoLetsGoDoesNotWaitForReadsThatHaveNotBegun) {
  std::vector<std::function<void()>> tasks;
  int filled = 0;
  std::optional<RamTier> tier;
  tier.emplace(
      kLayers, std::vector<size_t>(kChunks, kBlock), kLayers * kChunks * kBlock,
      [&filled](const BlockId& block, bool high, uint8_t* rows) {
        ++filled;
        return Name(block, high, rows);
      },
      [&tasks](std::function<void()> task) { tasks.push_back(std::move(task)); });
  ASSERT_TRUE(tier->Visit(0, {0, 1, 2}).ok());
  tier->Prefetch(1, {0, 1, 2});
  tasks.front()();  // one read was quick enough
  const auto let_go = std::async(std::launch::async, [&tier] { tier.reset(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // now it waits
  for (size_t task = 1; task < tasks.size(); ++task) {
    tasks[task]();
  }
  let_go.wait();
  EXPECT_EQ(tasks.size(), 6U);
  EXPECT_EQ(filled, 1);
}

TEST(RamTier, WhatItHasNoRoomForComesBackFromTheDevice) {
  testing::TestBackend();
  for (const bool prefetch : {false, true}) {
    // Of 40 blocks. The device has room for the others, and for those that are on their way.
    constexpr size_t kBudget = 22;
    constexpr size_t kDevice = 28;
    RamTier tier = MadeTier(kBudget, Name, testing::TestDevice(kDevice * kBlock));
    for (int pass = 0; pass < 40; ++pass) {
      VisitAll(&tier, Numbers(kChunks), prefetch);
    }
    const TierCounters counters = tier.counters();
    // From disk once, but for blocks that were wanted again while they were on their way.
    EXPECT_LT(counters.blocks_read, 2U * kLayers * kChunks);
    EXPECT_GT(counters.blocks_from_device, 10U * kLayers * kChunks);
    // What is read ahead last may be copied and not counted as a block yet.
    EXPECT_GE(counters.bytes_from_device, counters.blocks_from_device * kBlock);
    EXPECT_LE(counters.peak_bytes, kBudget * kBlock);
    EXPECT_LE(counters.device_peak_bytes, kDevice * kBlock);
  }
}

TEST(RamTier, TheDiskServesWhatALostDeviceHeld) {
  testing::TestBackend();
  auto device = std::make_shared<testing::FaultyDevice>(testing::TestDevice(18 * kBlock), 100);
  RamTier tier = MadeTier(22, Name, device);
  for (int pass = 0; pass < 10; ++pass) {
    VisitAll(&tier, Numbers(kChunks));
  }
  const TierCounters counters = tier.counters();
  EXPECT_TRUE(counters.device_lost);
  EXPECT_EQ(counters.device_bytes, 0U);
  EXPECT_GT(counters.blocks_from_device, 0U);
  EXPECT_GT(counters.blocks_read, 2U * kLayers * kChunks);
}

// Passes that are given up anywhere, on real threads, with little room.
TEST(RamTier, HoldsWithRandomVisitsOnThreads) {
  testing::TestBackend();
  BlockReads reads(/*threads=*/3, /*bytes_per_second=*/0);
  RamTier tier(
      kLayers, std::vector<size_t>(kChunks, kBlock), 12 * kBlock,
      [](const BlockId& block, bool high, uint8_t* rows) {
        std::this_thread::yield();
        return block.chunk == 7 && block.layer == 2 ? Result<bool>(Status(StatusCode::kIo, "gone"))
                                                    : Name(block, high, rows);
      },
      [&reads](std::function<void()> task) { reads.Submit(std::move(task)); },
      std::make_unique<DeviceTier>(testing::TestDevice(8 * kBlock)));
  std::mt19937 random(1);
  for (int pass = 0; pass < 2000; ++pass) {
    const int last = static_cast<int>(random() % kLayers);
    for (int layer = 0; layer <= last; ++layer) {
      std::vector<size_t> chunks;
      for (size_t chunk = 0; chunk < kChunks; ++chunk) {
        if (random() % 2 == 0) {
          chunks.push_back(chunk);
        }
      }
      const Planes planes =
          std::array{Planes::kBoth, Planes::kHighWillDo, Planes::kReadHigh}[random() % 3];
      ASSERT_TRUE(tier.Visit(layer, chunks, planes).ok());
      tier.Prefetch((layer + 1) % kLayers, {random() % kChunks, random() % kChunks});
      const size_t read = random() % (chunks.size() + 1);
      for (size_t i = 0; i < read; ++i) {
        const auto rows = tier.Rows(chunks[i]);
        if (chunks[i] == 7 && layer == 2) {
          EXPECT_EQ(rows.status().code(), StatusCode::kIo);
        } else {
          ASSERT_TRUE(rows.ok());
          EXPECT_EQ((*rows)[0], NameOf({layer, chunks[i]}));
          EXPECT_TRUE(planes != Planes::kBoth || (*rows)[1] == 0);
          EXPECT_EQ((*rows)[kBlock - 1], NameOf({layer, chunks[i]}));
        }
      }
    }
  }
  EXPECT_LE(tier.counters().peak_bytes, 12 * kBlock);
  EXPECT_GT(tier.counters().blocks_high, 0U);
  EXPECT_LT(tier.counters().blocks_high, tier.counters().blocks_read);
}

TEST(RamTier, ReadsWholeWhatHasTheHighPlaneAlone) {
  testing::TestBackend();
  for (const bool with_device : {false, true}) {
    RamTier tier = MadeTier(10, Name, with_device ? testing::TestDevice(30 * kBlock) : nullptr);
    const auto is_high = [&tier](size_t chunk) { return tier.Rows(chunk).value()[1] == 1; };
    ASSERT_TRUE(tier.Visit(0, {1, 2}, Planes::kReadHigh).ok());
    EXPECT_TRUE(is_high(1) && is_high(2));
    ASSERT_TRUE(tier.Visit(0, {1, 3}, Planes::kHighWillDo).ok());
    EXPECT_TRUE(is_high(1) && !is_high(3));
    EXPECT_EQ(tier.counters().blocks_read, 3U);
    ASSERT_TRUE(tier.Visit(0, {1, 3}, Planes::kBoth).ok());
    EXPECT_FALSE(is_high(1) || is_high(3));
    EXPECT_EQ(tier.counters().blocks_read, 4U);
    EXPECT_EQ(tier.counters().blocks_high, 2U);
    // 2 makes room for others, and is on the device, if there is one.
    ASSERT_TRUE(tier.Visit(1, Numbers(kChunks)).ok());
    for (const size_t chunk : Numbers(kChunks)) {
      EXPECT_FALSE(is_high(chunk));
    }
    ASSERT_TRUE(tier.Visit(0, {2}, Planes::kBoth).ok());
    EXPECT_FALSE(is_high(2));
  }
}

}  // namespace
}  // namespace leoam
