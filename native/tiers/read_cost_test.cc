#include "tiers/read_cost.h"

#include <thread>

#include "gtest/gtest.h"

namespace leoam {
namespace {

using std::chrono::milliseconds;

TEST(ReadCost, KnowsNothingAtFirst) {
  const ReadCost cost(2);
  EXPECT_EQ(cost.link_speed(), 0);
  EXPECT_EQ(cost.decode_speed(), 0);
  EXPECT_FALSE(cost.LinkIsSlower());
}

TEST(ReadCost, ReadsUnderWayAtOnceShareTheLink) {
  ReadCost cost(2);
  cost.BeginRead();
  cost.BeginRead();
  std::this_thread::sleep_for(milliseconds(20));
  cost.EndRead(1'000'000);
  EXPECT_EQ(cost.link_speed(), 0);  // not before all of them have ended
  cost.EndRead(1'000'000);
  EXPECT_GT(cost.link_speed(), 0);
  EXPECT_LE(cost.link_speed(), 100);  // 2 MB in 20 ms or more
}

TEST(ReadCost, ComparesTheLinkWithDecodingOnAllCores) {
  for (const int cores : {1, 1000}) {
    ReadCost cost(cores);
    cost.BeginRead();
    std::this_thread::sleep_for(milliseconds(5));
    cost.EndRead(1'000'000);  // at most 200 MB/s
    cost.Decoded(1'000'000, milliseconds(500));
    EXPECT_DOUBLE_EQ(cost.decode_speed(), 2.0 * cores);
    EXPECT_EQ(cost.LinkIsSlower(), cost.link_speed() < 2.0 * cores);
    EXPECT_EQ(cost.LinkIsSlower(), cores == 1000);
  }
}

TEST(ReadCost, ForgetsWhatItMeasuredLongAgo) {
  ReadCost cost(1);
  cost.Decoded(100'000'000, std::chrono::seconds(100));  // 1 MB/s
  for (int i = 0; i < 20; ++i) {
    cost.Decoded(50'000'000, milliseconds(50));  // 1000 MB/s
  }
  EXPECT_GT(cost.decode_speed(), 900);
}

}  // namespace
}  // namespace leoam
