#include "runtime/prompt_lookup.h"

#include <gtest/gtest.h>

namespace leoam {
namespace {

std::vector<Token> Find(const std::vector<std::vector<Token>>& history,
                        const std::vector<Token>& end, size_t limit = 4) {
  const std::vector<std::span<const Token>> spans(history.begin(), history.end());
  return LookUp(spans, end, limit);
}

using Tokens = std::vector<Token>;

TEST(PromptLookupTest, GoesOnAsTheTextWentOnBefore) {
  EXPECT_EQ(Find({{1, 2, 3, 4, 5, 6, 7, 8}}, {1, 2, 3}), (Tokens{4, 5}));
}

TEST(PromptLookupTest, GuessesFurtherAfterALongerMatch) {
  const Tokens text = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  EXPECT_EQ(Find({text}, {0, 3, 4}, 8).size(), 1U);
  EXPECT_EQ(Find({text}, {0, 1, 2, 3, 4, 5}, 8).size(), 3U);
  EXPECT_EQ(Find({text}, {1, 2, 3, 4, 5, 6, 7, 8}, 8).size(), 8U);
  EXPECT_EQ(Find({text}, {1, 2, 3, 4, 5, 6, 7, 8}, 5).size(), 5U);
}

TEST(PromptLookupTest, TakesTheLongestMatchAndOfEqualOnesTheLast) {
  EXPECT_EQ(Find({{1, 2, 3, 10, 0, 2, 3, 11}}, {1, 2, 3}, 1), (Tokens{10}));
  EXPECT_EQ(Find({{0, 2, 3, 10, 0, 2, 3, 11}}, {1, 2, 3}, 1), (Tokens{11}));
  EXPECT_EQ(Find({{2, 3, 10}, {2, 3, 12}}, {2, 3}, 1), (Tokens{12}));
}

TEST(PromptLookupTest, GuessesNothingFromOneToken) {
  EXPECT_EQ(Find({{1, 2, 3, 4}}, {9, 3}), Tokens{});
  EXPECT_EQ(Find({{1, 2, 3, 4}}, {}), Tokens{});
  EXPECT_EQ(Find({{}, {1}}, {1, 2}), Tokens{});
}

TEST(PromptLookupTest, FindsNothingBehindTheEndOfWhatItSearches) {
  EXPECT_EQ(Find({{1, 2, 3}}, {2, 3}), Tokens{});
  EXPECT_EQ(Find({{1, 2, 3, 4}}, {2, 3}), (Tokens{4}));
}

}  // namespace
}  // namespace leoam
