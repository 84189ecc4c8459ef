// A movable part: its KV follows the text before it as that grows and shrinks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

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
  Outcome Prepare(Session& session, const PromptRequest& request) {
    Outcome outcome;
    Run([&](JobContext& job) {
      Timings timings;
      outcome.status = session.Prepare(job, request, &outcome.counters, &timings, &outcome.logits);
    });
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

TEST_F(SessionMovedTest, IsOnePartOfTheQuestionWithoutRepair) {
  auto session = NewSession();
  PromptRequest two = Cursor(before_, behind_);
  two.parts[0].movable = true;
  EXPECT_EQ(Prepare(*session, two).status.code(), StatusCode::kInvalidArgument);
  PromptRequest repaired = Cursor(before_, behind_);
  repaired.repair_share = 0.15;
  EXPECT_EQ(Prepare(*session, repaired).status.code(), StatusCode::kInvalidArgument);
  PromptRequest last = Cursor(before_, behind_);
  last.parts.pop_back();
  EXPECT_EQ(Prepare(*session, last).status.code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace leoam
