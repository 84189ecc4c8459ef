#include "store/reuse.h"

#include <algorithm>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace leoam {
namespace {

// A text whose chunks are words: "ab c" has the chunks "ab" and "c".
struct Text {
  std::vector<Token> tokens;
  std::vector<uint32_t> ends;

  explicit Text(const std::string& words) {
    for (const char letter : words + " ") {
      if (letter != ' ') {
        tokens.push_back(letter);
      } else if (!tokens.empty() && (ends.empty() || ends.back() != tokens.size())) {
        ends.push_back(static_cast<uint32_t>(tokens.size()));
      }
    }
  }
};

SegmentInfo Old(const std::string& words, std::vector<uint8_t> stale = {}) {
  const Text text(words);
  SegmentInfo info;
  info.tokens = text.tokens;
  info.chunk_ends = text.ends;
  info.chunk_stale = std::move(stale);
  info.chunk_stale.resize(info.chunk_ends.size());
  return info;
}

// "0! 2 - 3": chunk 0 exactly, 2 as stale, nothing, 3 as stale.
std::string Plan(const SegmentInfo& old, const std::string& words) {
  const Text text(words);
  std::string shown;
  for (const ChunkReuse& reuse : PlanReuse(old, text.tokens, text.ends)) {
    shown += shown.empty() ? "" : " ";
    shown += reuse.old_chunk < 0 ? "-" : std::to_string(reuse.old_chunk);
    shown += reuse.exact ? "!" : "";
  }
  return shown;
}

TEST(PlanReuse, TakesAnUnchangedTextOverExactly) {
  EXPECT_EQ(Plan(Old("aa bb cc"), "aa bb cc"), "0! 1! 2!");
}

TEST(PlanReuse, IsExactBeforeTheFirstChangeAndStaleBehindIt) {
  EXPECT_EQ(Plan(Old("aa bb cc dd"), "aa bX cc dd"), "0! - 2 3");
  EXPECT_EQ(Plan(Old("aa bb cc dd"), "aa bb XX cc dd"), "0! 1! - 2 3");
  EXPECT_EQ(Plan(Old("aa bb cc dd"), "aa cc dd"), "0! 2 3");
  EXPECT_EQ(Plan(Old("aa bb"), "XX aa bb"), "- 0 1");
}

TEST(PlanReuse, FindsChunksBetweenTwoChanges) {
  EXPECT_EQ(Plan(Old("aa bb cc dd ee ff"), "aa XX cc dd YY ff"), "0! - 2 3 - 5");
}

TEST(PlanReuse, KeepsTheOrderAndPrefersTheMoreTokens) {
  EXPECT_EQ(Plan(Old("a b cccccc"), "cccccc a b X"), "2 - - -");
  EXPECT_EQ(Plan(Old("aaaa bbbb c"), "c aaaa bbbb X"), "- 0 1 -");
}

TEST(PlanReuse, ARepeatedChunkIsTakenOverOnceForEachTimeItWasThere) {
  EXPECT_EQ(Plan(Old("aa aa bb"), "aa aa aa bb"), "0! 1! - 2");
  EXPECT_EQ(Plan(Old("aa aa aa bb"), "aa bb"), "0! 3");
}

TEST(PlanReuse, WhatWasStaleStaysStaleAndSoDoesWhatFollows) {
  EXPECT_EQ(Plan(Old("aa bb cc", {0, 1, 0}), "aa bb cc"), "0! 1 2");
}

TEST(PlanReuse, SameTokensInOtherChunksAreNotTheSameChunks) {
  EXPECT_EQ(Plan(Old("aabb cc"), "aa bb cc"), "- - 1");
}

TEST(PlanReuse, NothingInCommonIsComputedAnew) {
  EXPECT_EQ(Plan(Old("aa bb"), "cc dd ee"), "- - -");
  EXPECT_EQ(Plan(Old("aa bb"), ""), "");
}

TEST(PlanReuse, RandomEditsGiveAscendingMatchesOfEqualChunks) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> words(1 + random() % 30);
    for (std::string& word : words) {
      word.assign(1 + random() % 3, static_cast<char>('a' + random() % 4));
    }
    const auto joined = [&] {
      std::string text;
      for (const std::string& word : words) {
        text += word + " ";
      }
      return text;
    };
    const SegmentInfo old = Old(joined());
    const size_t edits = random() % 4;
    for (size_t i = 0; i < edits; ++i) {
      words[random() % words.size()] = "zz";
    }
    const Text text(joined());
    const std::vector<ChunkReuse> plan = PlanReuse(old, text.tokens, text.ends);
    ASSERT_EQ(plan.size(), words.size());
    int last = -1;
    size_t reused = 0;
    for (size_t i = 0; i < plan.size(); ++i) {
      if (plan[i].old_chunk < 0) {
        EXPECT_FALSE(plan[i].exact);
        continue;
      }
      ++reused;
      EXPECT_GT(plan[i].old_chunk, last);
      last = plan[i].old_chunk;
      EXPECT_TRUE(!plan[i].exact ||
                  (plan[i].old_chunk == static_cast<int>(i) && (i == 0 || plan[i - 1].exact)));
      const auto chunk = static_cast<size_t>(plan[i].old_chunk);
      const auto begin = old.tokens.begin() + static_cast<std::ptrdiff_t>(old.ChunkBegin(chunk));
      const auto end = old.tokens.begin() + old.chunk_ends[chunk];
      EXPECT_TRUE(std::equal(begin, end, text.tokens.begin() + (i == 0 ? 0 : text.ends[i - 1]),
                             text.tokens.begin() + text.ends[i]));
    }
    EXPECT_GE(reused + edits, words.size());
  }
}

}  // namespace
}  // namespace leoam
