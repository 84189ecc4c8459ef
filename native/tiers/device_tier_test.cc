#include "tiers/device_tier.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "testing/faulty_device.h"
#include "testing/models.h"

namespace leoam {
namespace {

using testing::FaultyDevice;
using testing::TestDevice;

constexpr size_t kBlock = 96;

std::vector<uint8_t> Named(const BlockId& block, size_t bytes = kBlock) {
  return std::vector<uint8_t>(
      bytes, static_cast<uint8_t>(block.layer * 16 + static_cast<int>(block.chunk)));
}

TierCounters CountersOf(const DeviceTier& tier) {
  TierCounters counters;
  tier.Count(&counters);
  return counters;
}

class DeviceTierTest : public ::testing::Test {
 protected:
  void SetUp() override { testing::TestBackend(); }

  static void Put(DeviceTier* tier, const BlockId& block, unsigned uses = 1,
                  size_t bytes = kBlock) {
    tier->Insert(block, Named(block, bytes), uses, /*high=*/false);
  }
  static bool Takes(DeviceTier* tier, const BlockId& block, size_t bytes = kBlock) {
    std::vector<uint8_t> rows(bytes);
    const bool taken = tier->Take(block, rows).has_value();
    EXPECT_TRUE(!taken || rows == Named(block, bytes));
    return taken;
  }
};

TEST_F(DeviceTierTest, GivesBackOnceWhatItWasGiven) {
  DeviceTier tier(TestDevice(4 * kBlock));
  Put(&tier, {0, 1});
  Put(&tier, {3, 2});
  EXPECT_EQ(CountersOf(tier).device_bytes, 2 * kBlock);
  EXPECT_EQ(CountersOf(tier).device_blocks, 2U);
  EXPECT_EQ(CountersOf(tier).device_budget_bytes, 4 * kBlock);
  EXPECT_TRUE(Takes(&tier, {3, 2}));
  EXPECT_FALSE(Takes(&tier, {3, 2}));
  EXPECT_FALSE(Takes(&tier, {1, 1}));
  EXPECT_TRUE(Takes(&tier, {0, 1}));
  const TierCounters counters = CountersOf(tier);
  EXPECT_EQ(counters.device_bytes, 0U);
  EXPECT_EQ(counters.device_peak_bytes, 2 * kBlock);
  EXPECT_EQ(counters.bytes_to_device, 2 * kBlock);
  EXPECT_EQ(counters.bytes_from_device, 2 * kBlock);
  EXPECT_FALSE(counters.device_lost);
}

TEST_F(DeviceTierTest, WhatComesAgainTakesThePlaceOfWhatWasThere) {
  DeviceTier tier(TestDevice(2 * kBlock));
  tier.Insert({0, 1}, std::vector<uint8_t>(kBlock, 0xEE), 1, /*high=*/true);
  Put(&tier, {0, 1});
  EXPECT_EQ(CountersOf(tier).device_bytes, kBlock);
  EXPECT_TRUE(Takes(&tier, {0, 1}));
  EXPECT_EQ(CountersOf(tier).device_bytes, 0U);
}

TEST_F(DeviceTierTest, SaysHowPreciseABlockIs) {
  DeviceTier tier(TestDevice(2 * kBlock));
  std::vector<uint8_t> rows(kBlock);
  for (const bool high : {true, false}) {
    tier.Insert({0, 1}, Named({0, 1}), 1, !high);
    tier.Insert({0, 1}, Named({0, 1}), 1, high);  // in its place
    EXPECT_EQ(tier.Take({0, 1}, rows), std::optional(high));
  }
}

TEST_F(DeviceTierTest, WhatTookPartLessOftenMakesRoom) {
  DeviceTier tier(TestDevice(3 * kBlock));
  Put(&tier, {0, 0}, 5);
  Put(&tier, {0, 1}, 2);
  Put(&tier, {1, 2}, 5);
  Put(&tier, {0, 3}, 2);  // no more often than the least of them
  EXPECT_FALSE(Takes(&tier, {0, 3}));
  Put(&tier, {0, 4}, 3);
  EXPECT_FALSE(Takes(&tier, {0, 1}));
  tier.Age(0);  // 5, 3 to 2, 1
  Put(&tier, {1, 5}, 2);
  EXPECT_FALSE(Takes(&tier, {0, 4}));
  EXPECT_TRUE(Takes(&tier, {0, 0}));
  EXPECT_TRUE(Takes(&tier, {1, 2}));
  EXPECT_TRUE(Takes(&tier, {1, 5}));
}

TEST_F(DeviceTierTest, RoomThatWasFreedServesLargerBlocks) {
  DeviceTier tier(TestDevice(4 * kBlock));
  for (size_t chunk = 0; chunk < 4; ++chunk) {
    Put(&tier, {0, chunk});
  }
  for (const size_t chunk : {1, 3, 2}) {  // neighbours become one again, before and behind
    EXPECT_TRUE(Takes(&tier, {0, chunk}));
  }
  Put(&tier, {1, 0}, 1, 3 * kBlock);
  EXPECT_TRUE(Takes(&tier, {0, 0}));
  EXPECT_TRUE(Takes(&tier, {1, 0}, 3 * kBlock));
  Put(&tier, {1, 1}, 9, 5 * kBlock);  // larger than all of it
  EXPECT_FALSE(Takes(&tier, {1, 1}, 5 * kBlock));
}

TEST_F(DeviceTierTest, ALostDeviceIsGivenUp) {
  for (const int copies : {1, 2, 3}) {
    DeviceTier tier(std::make_shared<FaultyDevice>(TestDevice(8 * kBlock), copies));
    Put(&tier, {0, 0});
    Put(&tier, {0, 1});
    EXPECT_EQ(Takes(&tier, {0, 0}), copies == 3);
    Put(&tier, {0, 2});
    EXPECT_FALSE(Takes(&tier, {0, 1}));
    EXPECT_FALSE(Takes(&tier, {0, 2}));
    EXPECT_TRUE(CountersOf(tier).device_lost);
    EXPECT_EQ(CountersOf(tier).device_bytes, 0U);
  }
}

TEST_F(DeviceTierTest, HoldsWithThreadsThatMoveBlocksAtRandom) {
  for (const int copies : {1 << 30, 3000}) {
    DeviceTier tier(std::make_shared<FaultyDevice>(TestDevice(10 * kBlock), copies));
    std::atomic<int> taken = 0;
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 3; ++seed) {
      threads.emplace_back([&tier, &taken, seed] {
        std::mt19937 random(seed);
        for (int i = 0; i < 4000; ++i) {
          const BlockId block{static_cast<int>(random() % 4), random() % 8};
          const size_t bytes = kBlock * (1 + block.chunk % 3);
          if (random() % 2 == 0) {
            Put(&tier, block, random() % 8, bytes);
          } else if (Takes(&tier, block, bytes)) {
            ++taken;
          }
          if (random() % 64 == 0) {
            tier.Age(block.layer);
          }
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_GT(taken, 100);
    EXPECT_EQ(CountersOf(tier).device_lost, copies == 3000);
    EXPECT_LE(CountersOf(tier).device_peak_bytes, 10 * kBlock);
  }
}

TEST_F(DeviceTierTest, ADeviceThatIsNotThereIsNamedBesideThoseThatAre) {
  const auto memory = AllocateDeviceMemory("CUDA7", 1 << 20);
  ASSERT_EQ(memory.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(memory.status().message().find("CUDA7"), std::string::npos);
  EXPECT_NE(memory.status().message().find("CPU"), std::string::npos);
  for (const DeviceInfo& device : ListDevices()) {
    EXPECT_NE(device.name, "CPU");
  }
}

}  // namespace
}  // namespace leoam
