#include "runtime/text_stream.h"

#include <gtest/gtest.h>

namespace leoam {
namespace {

struct Shown {
  std::vector<std::string> pieces;
  TextStream Stream(std::vector<std::string> stop) {
    return {std::move(stop), [this](const std::string& text) { pieces.push_back(text); }};
  }
};

TEST(TextStream, ShowsTextAtOnceWhenNothingIsPending) {
  Shown shown;
  TextStream stream = shown.Stream({"\n\n"});
  EXPECT_FALSE(stream.Push("hello"));
  EXPECT_EQ(shown.pieces, std::vector<std::string>{"hello"});
}

TEST(TextStream, NeverShowsHalfOfAStopString) {
  Shown shown;
  TextStream stream = shown.Stream({"END"});
  EXPECT_FALSE(stream.Push("a E"));
  EXPECT_FALSE(stream.Push("N"));
  EXPECT_EQ(stream.text(), "a ");
  EXPECT_TRUE(stream.Push("D and more"));
  stream.Finish();
  EXPECT_EQ(stream.text(), "a ");
}

TEST(TextStream, ShowsWhatOnlyLookedLikeAStopString) {
  Shown shown;
  TextStream stream = shown.Stream({"END"});
  stream.Push("EN");
  stream.Push("OUGH");
  EXPECT_EQ(stream.text(), "ENOUGH");
}

TEST(TextStream, JoinsCharactersThatTokensCut) {
  Shown shown;
  TextStream stream = shown.Stream({});
  stream.Push("\xE2\x82");
  EXPECT_TRUE(shown.pieces.empty());
  stream.Push("\xAC!");
  EXPECT_EQ(stream.text(), "\xE2\x82\xAC!");
}

TEST(TextStream, ReplacesACharacterThatNeverEnds) {
  Shown shown;
  TextStream stream = shown.Stream({});
  stream.Push("x\xF0\x9F");
  stream.Finish();
  EXPECT_EQ(stream.text(), "x\xEF\xBF\xBD");
}

TEST(TextStream, EarliestStopStringWins) {
  Shown shown;
  TextStream stream = shown.Stream({"bb", "a"});
  EXPECT_TRUE(stream.Push("xxabb"));
  stream.Finish();
  EXPECT_EQ(stream.text(), "xx");
}

}  // namespace
}  // namespace leoam
