#include "runtime/session.h"

#include <cmath>
#include <cstdio>

#include "runtime/generate.h"
#include "runtime/segment_reader.h"
#include "testing/session_fixture.h"

namespace leoam {
namespace {

using SessionTest = testing::SessionFixture;

TEST_F(SessionTest, StoredKvGivesTheLogitsOfText) {
  const Part stored = Stored(1, SampleCode(16));
  const Part question = Text("// What does this file do? It");
  auto from_store = NewSession();
  const Outcome a = Prepare(*from_store, {stored, question}, 1);
  EXPECT_EQ(a.counters.tokens_computed, question.tokens.size());
  EXPECT_GT(a.counters.bytes_from_disk, 0U);
  auto from_text = NewSession();
  const Outcome b = Prepare(*from_text, {AsText(stored), question}, 1);
  EXPECT_EQ(b.counters.bytes_from_disk, 0U);
  // One passage right after the preamble: only F16 rounding of unrotated keys lies between.
  // (libllama's own flash attention on against off: 2.9e-3 on this model.)
  EXPECT_LT(testing::Divergence(b.logits, a.logits), 6e-3);
}

TEST_F(SessionTest, ASecondPassageIsMovedToTheNextPositions) {
  const Part first = Stored(1, SampleCode(10));
  const Part second = Stored(2, SampleCode(10, 60));
  const Part question = Text("// The function above");
  auto session = NewSession();
  const Outcome a = Prepare(*session, {first, second, question}, 2);
  auto text = NewSession();
  const Outcome b = Prepare(*text, {AsText(first), AsText(second), question}, 2);
  const double stored = testing::Divergence(b.logits, a.logits);
  // All of the stored tokens repaired: the same numbers as text, up to rounding.
  auto repaired = NewSession();
  const Outcome c = Prepare(*repaired, {first, second, question}, 2, 1.0);
  EXPECT_EQ(c.counters.tokens_repaired, AsText(first).tokens.size() + AsText(second).tokens.size());
  EXPECT_LT(testing::Divergence(b.logits, c.logits), 5e-3);
  EXPECT_LT(testing::Divergence(b.logits, c.logits), stored);
}

TEST_F(SessionTest, RepairComputesItsShare) {
  const Part first = Stored(1, SampleCode(10));
  const Part second = Stored(2, SampleCode(10, 60));
  const Part question = Text("// The function above");
  auto session = NewSession();
  const Outcome outcome = Prepare(*session, {first, second, question}, 2, 0.15);
  const size_t stored = AsText(first).tokens.size() + AsText(second).tokens.size();
  EXPECT_EQ(outcome.counters.tokens_repaired,
            static_cast<uint64_t>(std::ceil(0.15 * static_cast<double>(stored))));
  EXPECT_EQ(outcome.counters.tokens_computed,
            outcome.counters.tokens_repaired + question.tokens.size());
}

TEST_F(SessionTest, WhatWasLoadedForAQuestionThatFailedIsRepairedByTheNext) {
  const Part first = Stored(1, SampleCode(10));
  const Part second = Stored(2, SampleCode(10, 60));
  const Part question = Text("// The function above");
  auto session = NewSession();
  PromptRequest refused{{first, second, question}, 2, 0.15};
  refused.parts[2].tokens.back() = -1;  // the decoder refuses it after the passages were loaded
  Run([&](JobContext& job) {
    Counters counters;
    Timings timings;
    std::vector<float> logits;
    EXPECT_FALSE(session->Prepare(job, refused, &counters, &timings, &logits).ok());
  });
  const Outcome again = Prepare(*session, {first, second, question}, 2, 0.15);
  EXPECT_EQ(again.counters.bytes_from_disk, 0U);
  auto fresh = NewSession();
  const Outcome wanted = Prepare(*fresh, {first, second, question}, 2, 0.15);
  EXPECT_EQ(again.counters.tokens_repaired, wanted.counters.tokens_repaired);
  EXPECT_EQ(again.logits, wanted.logits);
}

TEST_F(SessionTest, AQuestionThatGoesOnComputesWhatIsNewOfIt) {
  const Part first = Stored(1, SampleCode(10));
  const Part second = Stored(2, SampleCode(10, 60));
  const Part begun = Text("// The function above");
  const Part whole = Text("// The function above returns the sum of");
  auto session = NewSession();
  Prepare(*session, {first, second, begun}, 2, 0.15);
  const Outcome outcome = Prepare(*session, {first, second, whole}, 2, 0.15);
  EXPECT_EQ(outcome.counters.tokens_computed, whole.tokens.size() - begun.tokens.size());
  EXPECT_EQ(outcome.counters.tokens_repaired, 0U);
}

// Each question has nothing of the last one's front: all of it gives way, up to the empty part.
TEST_F(SessionTest, AnEmptyPartDoesNotCostTheEvidenceBeforeIt) {
  const Part passage = Text(SampleCode(6));
  const Part empty;
  const std::vector<Part> questions = {Text("// The function above"), Text("What is it"),
                                       Text("Some more")};
  auto session = NewSession();
  for (const Part& question : questions) {
    const Outcome outcome = Prepare(*session, {passage, empty, question}, 2);
    auto fresh = NewSession();
    EXPECT_EQ(outcome.logits, Prepare(*fresh, {passage, empty, question}, 2).logits);
    EXPECT_EQ(session->size(), fresh->size());
    EXPECT_EQ(session->part_ranges(), fresh->part_ranges());
  }
}

TEST_F(SessionTest, EmptyPartsThatAreAskedForNoMoreAreForgotten) {
  const Part passage = Text(SampleCode(6));
  const Part other = Text(SampleCode(6, 60));
  const Part third = Text(SampleCode(6, 90));
  const Part empty;
  auto session = NewSession();
  Prepare(*session, {passage, empty, empty, Text("// The function above")}, 3);
  const std::vector<Part> parts = {passage, other, third, Text("What is it")};
  const Outcome outcome = Prepare(*session, parts, 3);
  auto fresh = NewSession();
  EXPECT_EQ(outcome.logits, Prepare(*fresh, parts, 3).logits);
  EXPECT_EQ(session->part_ranges(), fresh->part_ranges());
}

// The same stored passages, repair, question and answer over both formats of KV.
TEST_F(SessionTest, EightBitKvIsRepairedAndAnswersNearlyAsF16) {
  const Part first = Stored(1, SampleCode(10));
  const Part second = Stored(2, SampleCode(10, 60));
  const Part question = Text("// The function above");
  const std::vector<Token> answer = Tokens(SampleCode(20, 80));
  constexpr size_t kAtOnce = 8;
  constexpr size_t kAnswered = 48;
  ASSERT_GE(answer.size(), kAnswered);
  std::vector<std::vector<float>> logits;  // of the question's end, then of the answer
  for (const KvFormat format : {KvFormat::kF16, KvFormat::kQ8}) {
    auto session = NewSession(1024, format);
    Outcome outcome = Prepare(*session, {first, second, question}, 2, 0.15);
    EXPECT_GT(outcome.counters.tokens_repaired, 0U);
    logits.push_back(outcome.logits);
    Run([&](JobContext& job) {
      std::vector<float> all;
      for (size_t at = 0; at < kAnswered; at += kAtOnce) {
        std::vector<float> rows;
        const auto tokens = std::span<const Token>(answer).subspan(at, kAtOnce);
        ASSERT_TRUE(session->Append(job, tokens, &rows, nullptr).ok());
        all.insert(all.end(), rows.begin(), rows.end());
      }
      logits.push_back(std::move(all));
    });
  }
  const size_t vocabulary = logits[0].size();
  double sum = 0;
  for (size_t row = 0; row < kAnswered; ++row) {
    const auto slice = [&](const std::vector<float>& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(row * vocabulary);
      return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(vocabulary));
    };
    sum += testing::Divergence(slice(logits[1]), slice(logits[3]));
  }
  const double question_kl = testing::Divergence(logits[0], logits[2]);
  const double answer_kl = sum / static_cast<double>(kAnswered);
  std::printf("figure: session with 8-bit against F16 KV: KL %.2e after the question, mean %.2e\n",
              question_kl, answer_kl);
  EXPECT_LT(question_kl, 1.5e-2);  // three times what was measured
  EXPECT_LT(answer_kl, 3e-3);
}

TEST_F(SessionTest, ALaterTurnComputesOnlyWhatIsNew) {
  const Part stored = Stored(1, SampleCode(12));
  const Part question = Text("// What does this do?");
  auto session = NewSession();
  GenerateRequest request;
  request.parts = {stored, question};
  request.question_part = 1;
  request.max_tokens = 8;
  GenerateResult answer;
  Run([&](JobContext& job) {
    auto result = Generate(*core_, job, *session, request);
    ASSERT_TRUE(result.ok()) << result.status().message();
    answer = *result;
  });
  ASSERT_EQ(answer.tokens.size(), 8U);
  Part said;
  said.tokens = answer.tokens;
  const Part next = Text("\n// And why?");
  const Outcome outcome = Prepare(*session, {stored, question, said, next}, 3);
  // Everything but the answer's last token, whose KV nothing has needed yet.
  EXPECT_LE(outcome.counters.tokens_computed, next.tokens.size() + 1);
  EXPECT_EQ(outcome.counters.bytes_from_disk, 0U);
}

TEST_F(SessionTest, TheSameQuestionAgainComputesOneToken) {
  const Part stored = Stored(1, SampleCode(12));
  const Part question = Text("// What does this do?");
  auto session = NewSession();
  const Outcome first = Prepare(*session, {stored, question}, 1);
  const Outcome second = Prepare(*session, {stored, question}, 1);
  EXPECT_EQ(second.counters.tokens_computed, 1U);
  EXPECT_LT(testing::Divergence(first.logits, second.logits), 5e-3);
}

TEST_F(SessionTest, GreedyAnswersAreTheSameTwice) {
  const Part stored = Stored(1, SampleCode(12));
  GenerateRequest request;
  request.parts = {stored, Text("// What does this do?")};
  request.question_part = 1;
  request.max_tokens = 12;
  std::vector<std::string> answers;
  for (int i = 0; i < 2; ++i) {
    auto session = NewSession();
    std::string streamed;
    request.on_text = [&](const std::string& text) { streamed += text; };
    Run([&](JobContext& job) {
      auto result = Generate(*core_, job, *session, request);
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(result->text, streamed);
      EXPECT_GT(result->part_mass[0], 0.0);
      answers.push_back(result->text);
    });
  }
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(SessionTest, ScoresTheGreedyAnswerAsMostLikely) {
  const Part stored = Stored(1, SampleCode(12));
  GenerateRequest request;
  request.parts = {stored, Text("// What does this do?")};
  request.question_part = 1;
  request.max_tokens = 6;
  auto session = NewSession();
  Run([&](JobContext& job) {
    auto answer = Generate(*core_, job, *session, request);
    ASSERT_TRUE(answer.ok());
    ScoreRequest score;
    score.parts = request.parts;
    score.question_part = 1;
    score.target = answer->tokens;
    auto judged = Score(*core_, job, *session, score);
    ASSERT_TRUE(judged.ok());
    ASSERT_EQ(judged->argmax.size(), answer->tokens.size());
    EXPECT_EQ(judged->argmax[0], 1);
    for (const float log_probability : judged->log_probabilities) {
      EXPECT_LE(log_probability, 0.0F);
    }
  });
}

TEST_F(SessionTest, APromptBeyondTheWindowIsOneClearError) {
  auto session = NewSession(64);
  PromptRequest request{{Text(SampleCode(200))}, 0, 0};
  Run([&](JobContext& job) {
    Counters counters;
    Timings timings;
    std::vector<float> logits;
    const Status status = session->Prepare(job, request, &counters, &timings, &logits);
    EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
    EXPECT_NE(status.message().find("tokens"), std::string::npos);
  });
}

TEST_F(SessionTest, CancellingAnAnswerKeepsWhatWasWritten) {
  auto session = NewSession();
  GenerateRequest request;
  request.parts = {Text(SampleCode(10))};
  request.max_tokens = 2000;
  auto cancel = std::make_shared<CancelFlag>();
  int pieces = 0;
  request.on_text = [&](const std::string&) {
    if (++pieces == 5) {
      cancel->Cancel();
    }
  };
  std::promise<GenerateResult> done;
  scheduler_->Submit(Priority::kChat, cancel, [&](JobContext& job) {
    auto result = Generate(*core_, job, *session, request);
    EXPECT_TRUE(result.ok());
    done.set_value(std::move(result).value());
  });
  const GenerateResult result = done.get_future().get();
  EXPECT_EQ(result.reason, "cancelled");
  EXPECT_GE(result.tokens.size(), 5U);
  EXPECT_LT(result.tokens.size(), 10U);
}

}  // namespace
}  // namespace leoam
