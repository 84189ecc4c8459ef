// A movable part: its KV follows the text before it as that grows and shrinks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "runtime/segment_reader.h"
#include "runtime/session.h"
#include "testing/runtime_fixture.h"

namespace leoam {
namespace {

class SessionMovedTest : public testing::RuntimeTest {
 protected:
  // The prompt of a cursor: before it, a mark, behind it, a last mark.
  PromptRequest Cursor(const std::string& before, const std::string& behind,
                       bool movable = true) const {
    PromptRequest request;
    for (const std::string& text : {before, std::string("// here"), behind, std::string("//")}) {
      Part part;
      part.tokens = Tokens(text);
      request.parts.push_back(std::move(part));
    }
    request.parts[2].movable = movable;
    return request;
  }

  struct Outcome {
    Status status = Status::Ok();
    Counters counters;
    std::vector<float> logits;
  };
  Outcome Prepare(Session& session, const PromptRequest& request,
                  Priority priority = Priority::kChat) {
    Outcome outcome;
    const auto work = [&](JobContext& job) {
      Timings timings;
      outcome.status = session.Prepare(job, request, &outcome.counters, &timings, &outcome.logits);
    };
    Run(work, priority);
    return outcome;
  }

  std::unique_ptr<Session> NewSession() {
    auto session = Session::Create(*core_, 4096, KvFormat::kF16);
    EXPECT_TRUE(session.ok());
    return std::move(session).value();
  }

  static size_t TokensOf(const PromptRequest& request) {
    size_t tokens = 0;
    for (const Part& part : request.parts) {
      tokens += part.tokens.size();
    }
    return tokens;
  }

  // Tokens before the cursor of `to` that are not those of `from`.
  static size_t Changed(const PromptRequest& from, const PromptRequest& to) {
    const auto& a = from.parts[0].tokens;
    const auto& b = to.parts[0].tokens;
    const auto same = std::mismatch(b.begin(), b.end(), a.begin(), a.end()).first;
    return static_cast<size_t>(b.end() - same);
  }

  static size_t Marks(const PromptRequest& request) {
    return request.parts[1].tokens.size() + request.parts[3].tokens.size();
  }

  const std::string before_ = SampleCode(12);
  const std::string behind_ = SampleCode(12, 40);
};

TEST_F(SessionMovedTest, WhatIsTypedComputesItsOwnTokensAndTheMarks) {
  auto session = NewSession();
  const PromptRequest first = Cursor(before_, behind_);
  EXPECT_EQ(Prepare(*session, first).counters.tokens_computed, TokensOf(first));
  const PromptRequest typed = Cursor(before_ + "\nreturn 1;", behind_);
  const Outcome outcome = Prepare(*session, typed);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.message();
  EXPECT_EQ(outcome.counters.tokens_moved, typed.parts[2].tokens.size());
  EXPECT_EQ(outcome.counters.tokens_computed, Changed(first, typed) + Marks(typed));
}

TEST_F(SessionMovedTest, WhatIsDeletedComputesTheMarksAlone) {
  auto session = NewSession();
  const PromptRequest typed = Cursor(before_ + "\nreturn 1;", behind_);
  Prepare(*session, typed);
  const PromptRequest deleted = Cursor(before_, behind_);
  const Outcome outcome = Prepare(*session, deleted);
  EXPECT_EQ(outcome.counters.tokens_moved, deleted.parts[2].tokens.size());
  EXPECT_EQ(outcome.counters.tokens_computed, Changed(typed, deleted) + Marks(deleted));
}

TEST_F(SessionMovedTest, LogitsStayNearTheExactOnes) {
  auto session = NewSession();
  Prepare(*session, Cursor(before_, behind_));
  const PromptRequest typed = Cursor(before_ + "\nreturn 1;", behind_);
  const Outcome moved = Prepare(*session, typed);
  auto fresh = NewSession();
  const Outcome exact = Prepare(*fresh, typed);
  EXPECT_EQ(exact.counters.tokens_moved, 0U);
  const double divergence = testing::Divergence(exact.logits, moved.logits);
  std::printf("figure: a suffix moved by a typed line: KL %.2e nats\n", divergence);
  EXPECT_LT(divergence, 0.05);
}

TEST_F(SessionMovedTest, GoingBackGivesTheLogitsOfBefore) {
  auto session = NewSession();
  const PromptRequest first = Cursor(before_, behind_);
  const Outcome exact = Prepare(*session, first);
  Prepare(*session, Cursor(before_ + "\nreturn 1;", behind_));
  const Outcome back = Prepare(*session, first);
  // Moved there and back it is what it was: only the passes' shapes differ.
  EXPECT_LT(testing::Divergence(exact.logits, back.logits), 5e-3);
}

TEST_F(SessionMovedTest, IsComputedAnewWhereItMustBeExact) {
  auto session = NewSession();
  Prepare(*session, Cursor(before_, behind_));
  const PromptRequest typed = Cursor(before_ + "\nreturn 1;", behind_);
  const Outcome moved = Prepare(*session, typed);
  EXPECT_GT(moved.counters.tokens_moved, 0U);
  const PromptRequest wanted = Cursor(before_ + "\nreturn 1;", behind_, /*movable=*/false);
  const Outcome again = Prepare(*session, wanted);
  EXPECT_EQ(again.counters.tokens_moved, 0U);
  EXPECT_EQ(again.counters.tokens_computed,
            wanted.parts[2].tokens.size() + wanted.parts[3].tokens.size());
  auto fresh = NewSession();
  const Outcome exact = Prepare(*fresh, wanted);
  // Passes of other shapes round otherwise; what was moved lies further off.
  EXPECT_LT(testing::Divergence(exact.logits, again.logits),
            testing::Divergence(exact.logits, moved.logits));
}

TEST_F(SessionMovedTest, IsNotLostToACancelledRequest) {
  auto session = NewSession();
  const PromptRequest first = Cursor(before_, behind_);
  Prepare(*session, first);
  const PromptRequest typed = Cursor(before_ + "\nreturn 1;", behind_);
  PromptRequest refused = typed;
  refused.parts[0].tokens.back() = -1;  // the decoder refuses it after the rows were taken
  EXPECT_FALSE(Prepare(*session, refused).status.ok());
  EXPECT_EQ(Prepare(*session, typed).counters.tokens_moved, typed.parts[2].tokens.size());
}

// A first sight of a file, given up because somebody typed on.
TEST_F(SessionMovedTest, WhatARequestThatWasGivenUpHadComputedStays) {
  const PromptRequest request = Cursor(SampleCode(50), behind_);
  ASSERT_GT(request.parts[0].tokens.size(), 230U);
  PromptRequest refused = request;
  refused.parts[0].tokens[200] = -1;  // the decoder refuses the fourth ubatch
  auto session = NewSession();
  const Outcome outcome = Prepare(*session, refused, Priority::kCompletion);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(outcome.counters.tokens_computed, 192U);
  EXPECT_EQ(session->size(), core_->preamble().size() + 192);
  const Outcome again = Prepare(*session, request, Priority::kCompletion);
  ASSERT_TRUE(again.status.ok()) << again.status.message();
  EXPECT_EQ(again.counters.tokens_computed, TokensOf(request) - 192);
  auto fresh = NewSession();
  EXPECT_EQ(Prepare(*fresh, request, Priority::kCompletion).logits, again.logits);
}

// Evidence as text, such as what is not saved in another file.
TEST_F(SessionMovedTest, WhatWasComputedOfEvidenceStays) {
  PromptRequest request;
  request.parts.resize(2);
  request.parts[0].tokens = Tokens(SampleCode(50));
  request.parts[1].tokens = Tokens(before_);
  request.question_part = 1;
  PromptRequest refused = request;
  refused.parts[0].tokens[200] = -1;
  auto session = NewSession();
  const Outcome outcome = Prepare(*session, refused, Priority::kCompletion);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(outcome.counters.tokens_computed, 192U);
  const Outcome again = Prepare(*session, request, Priority::kCompletion);
  ASSERT_TRUE(again.status.ok()) << again.status.message();
  EXPECT_EQ(again.counters.tokens_computed, TokensOf(request) - 192);
  auto fresh = NewSession();
  EXPECT_EQ(Prepare(*fresh, request, Priority::kCompletion).logits, again.logits);
  // And where it was given up twice.
  refused.parts[0].tokens[200] = request.parts[0].tokens[200];
  refused.parts[0].tokens[220] = -1;
  auto twice = NewSession();
  refused.parts[0].tokens[100] = -1;
  EXPECT_FALSE(Prepare(*twice, refused, Priority::kCompletion).status.ok());
  refused.parts[0].tokens[100] = request.parts[0].tokens[100];
  EXPECT_FALSE(Prepare(*twice, refused, Priority::kCompletion).status.ok());
  EXPECT_EQ(Prepare(*twice, request, Priority::kCompletion).counters.tokens_computed,
            TokensOf(request) - 192);
}

TEST_F(SessionMovedTest, IsPartOfTheQuestionWithoutRepair) {
  auto session = NewSession();
  PromptRequest evidence = Cursor(before_, behind_);
  evidence.question_part = 3;
  EXPECT_EQ(Prepare(*session, evidence).status.code(), StatusCode::kInvalidArgument);
  PromptRequest repaired = Cursor(before_, behind_);
  repaired.repair_share = 0.15;
  EXPECT_EQ(Prepare(*session, repaired).status.code(), StatusCode::kInvalidArgument);
  PromptRequest last = Cursor(before_, behind_);
  last.parts.pop_back();
  EXPECT_EQ(Prepare(*session, last).status.code(), StatusCode::kInvalidArgument);
}

// A prompt whose text before the cursor lies in blocks: `lines` each, the last one is not movable.
class SessionBlocksTest : public SessionMovedTest {
 protected:
  PromptRequest Blocks(const std::vector<std::string>& blocks) const {
    PromptRequest request;
    for (const std::string& text : blocks) {
      Part part;
      part.tokens = Tokens(text);
      part.movable = true;
      request.parts.push_back(std::move(part));
    }
    request.parts.back().movable = false;
    return request;
  }
};

TEST_F(SessionBlocksTest, AnEditAboveComputesItsBlockAndTheLastOne) {
  auto session = NewSession();
  const PromptRequest first = Blocks({before_, behind_, "// here\n"});
  Prepare(*session, first);
  const PromptRequest edited = Blocks({"// new\n" + before_, behind_, "// here\n"});
  const Outcome outcome = Prepare(*session, edited);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.message();
  EXPECT_EQ(outcome.counters.tokens_moved, edited.parts[1].tokens.size());
  EXPECT_EQ(outcome.counters.tokens_computed,
            edited.parts[0].tokens.size() + edited.parts[2].tokens.size());
}

TEST_F(SessionBlocksTest, ABlockThatWasTheStartOfALongerTextIsHereAlready) {
  auto session = NewSession();
  const PromptRequest cut = Blocks({before_, behind_, "// here\n"});
  PromptRequest whole = Blocks({before_, ""});
  whole.parts[1].tokens = cut.parts[1].tokens;
  Prepare(*session, whole);
  whole.parts[1].tokens.push_back(cut.parts[2].tokens[0]);
  Prepare(*session, whole);
  const Outcome outcome = Prepare(*session, cut);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.message();
  EXPECT_EQ(outcome.counters.tokens_moved, 0U);
  EXPECT_EQ(outcome.counters.tokens_computed, cut.parts[2].tokens.size() - 1);
}

TEST_F(SessionBlocksTest, ABlockOfWhichTheStartIsHereComputesItsRest) {
  auto session = NewSession();
  const PromptRequest whole = Blocks({before_, behind_, "// here\n"});
  PromptRequest typed = Blocks({before_, ""});
  typed.parts[1].tokens = whole.parts[1].tokens;
  typed.parts[1].tokens.resize(typed.parts[1].tokens.size() - 5);
  Prepare(*session, typed);
  const Outcome outcome = Prepare(*session, whole);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.message();
  EXPECT_EQ(outcome.counters.tokens_computed, 5 + whole.parts[2].tokens.size());
}

class SessionStoredSuffixTest : public SessionMovedTest {
 protected:
  // The file is stored as before + behind; its end is taken from there.
  void SetUp() override {
    SessionMovedTest::SetUp();
    SegmentRequest request;
    request.key = Key(7);
    Cut(before_ + behind_, 4, &request.tokens, &request.chunk_ends);
    Run([&](JobContext& job) {
      const auto result = ReadIntoStore(job, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
    });
    stored_.kind = Part::Kind::kChunks;
    stored_.key = request.key;
    stored_.first = 3;
    stored_.last = request.chunk_ends.size();
    stored_.movable = true;
    stored_tokens_.assign(request.tokens.begin() + request.chunk_ends[2], request.tokens.end());
  }

  // Before the cursor, a mark, what is left of the line, the stored end, a last mark.
  PromptRequest Stored(const std::string& before) const {
    PromptRequest request = Cursor(before, "\n");
    request.parts.insert(request.parts.begin() + 3, stored_);
    return request;
  }

  Part stored_;
  std::vector<Token> stored_tokens_;
};

TEST_F(SessionStoredSuffixTest, ComputesNothingOfItAndMovesItAsOtherText) {
  auto session = NewSession();
  const PromptRequest first = Stored(before_);
  const Outcome loaded = Prepare(*session, first);
  ASSERT_TRUE(loaded.status.ok()) << loaded.status.message();
  EXPECT_EQ(loaded.counters.tokens_computed, TokensOf(first));
  EXPECT_EQ(loaded.counters.tokens_reused, core_->preamble().size() + stored_tokens_.size());
  EXPECT_GT(loaded.counters.bytes_from_disk, 0U);
  EXPECT_EQ(session->size(), core_->preamble().size() + TokensOf(first) + stored_tokens_.size());

  const PromptRequest typed = Stored(before_ + "\nreturn 1;");
  const Outcome moved = Prepare(*session, typed);
  EXPECT_EQ(moved.counters.bytes_from_disk, 0U);
  EXPECT_EQ(moved.counters.tokens_moved, stored_tokens_.size() + typed.parts[2].tokens.size());
  EXPECT_EQ(moved.counters.tokens_computed,
            Changed(first, typed) + typed.parts[1].tokens.size() + typed.parts[4].tokens.size());
}

TEST_F(SessionStoredSuffixTest, SaysNearlyWhatTheTextWould) {
  auto session = NewSession();
  const Outcome stored = Prepare(*session, Stored(before_));
  PromptRequest text = Stored(before_);
  text.parts[3] = {};
  text.parts[3].tokens = stored_tokens_;
  auto fresh = NewSession();
  const Outcome exact = Prepare(*fresh, text);
  const double divergence = testing::Divergence(exact.logits, stored.logits);
  std::printf("figure: a suffix from the store: KL %.2e nats\n", divergence);
  EXPECT_LT(divergence, 0.05);
}

TEST_F(SessionStoredSuffixTest, MustBeMovableAndInTheStore) {
  auto session = NewSession();
  PromptRequest fixed = Stored(before_);
  fixed.parts[3].movable = false;
  EXPECT_EQ(Prepare(*session, fixed).status.code(), StatusCode::kInvalidArgument);
  PromptRequest missing = Stored(before_);
  missing.parts[3].key = Key(8);
  EXPECT_FALSE(Prepare(*session, missing).status.ok());
  EXPECT_TRUE(Prepare(*session, Stored(before_)).status.ok());
}

}  // namespace
}  // namespace leoam
