// The token loop: guesses change the passes, not the answer; an unlikely answer ends early.
#include "runtime/generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "testing/runtime_fixture.h"

namespace leoam {
namespace {

class GenerateTest : public testing::RuntimeTest {
 protected:
  // A prompt whose text begins again: what follows can be looked up.
  GenerateRequest Again() const {
    const std::string code = SampleCode(16);
    GenerateRequest request;
    request.parts.resize(1);
    request.parts[0].tokens = Tokens(code + "\n" + code.substr(0, code.find('\n', 200) + 1));
    request.max_tokens = 40;
    return request;
  }

  struct Outcome {
    GenerateResult result;
    std::vector<Token> held;  // what the session holds afterwards
  };
  Outcome Answer(const GenerateRequest& request) {
    Outcome outcome;
    auto session = Session::Create(*core_, 4096, KvFormat::kF16);
    EXPECT_TRUE(session.ok());
    Run([&](JobContext& job) {
      auto result = Generate(*core_, job, **session, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
      outcome.result = std::move(result).value();
    });
    const auto held = (*session)->tokens();
    outcome.held.assign(held.begin(), held.end());
    return outcome;
  }
};

TEST_F(GenerateTest, GuessesSavePassesAndChangeNothing) {
  GenerateRequest request = Again();
  const Outcome plain = Answer(request);
  request.draft.max_tokens = 8;
  request.draft.context = request.parts[0].tokens;
  const Outcome drafted = Answer(request);
  EXPECT_EQ(drafted.result.tokens, plain.result.tokens);
  EXPECT_EQ(drafted.result.text, plain.result.text);
  EXPECT_EQ(plain.result.counters.tokens_drafted, 0U);
  EXPECT_GT(drafted.result.counters.tokens_accepted, 10U);
  EXPECT_LE(drafted.result.counters.tokens_accepted, drafted.result.counters.tokens_drafted);
  std::printf("figure: guessed %llu, right %llu of %zu tokens\n",
              static_cast<unsigned long long>(drafted.result.counters.tokens_drafted),
              static_cast<unsigned long long>(drafted.result.counters.tokens_accepted),
              drafted.result.tokens.size());
}

TEST_F(GenerateTest, KeepsNoWrongGuess) {
  GenerateRequest request = Again();
  request.draft.max_tokens = 8;
  // Guesses of something else: what stands there, shifted.
  request.draft.context = request.parts[0].tokens;
  request.draft.context.resize(request.draft.context.size() / 2);
  const Outcome outcome = Answer(request);
  EXPECT_GT(outcome.result.counters.tokens_drafted, outcome.result.counters.tokens_accepted);
  std::vector<Token> expected = core_->preamble();
  const auto& prompt = request.parts[0].tokens;
  expected.insert(expected.end(), prompt.begin(), prompt.end());
  const auto& said = outcome.result.tokens;
  expected.insert(expected.end(), said.begin(), said.end());
  ASSERT_LE(outcome.held.size(), expected.size());
  ASSERT_GE(outcome.held.size() + 1, expected.size());  // the last token's KV may be missing
  expected.resize(outcome.held.size());
  EXPECT_EQ(outcome.held, expected);
}

TEST_F(GenerateTest, GuessesFromMoreTextThanItsOwn) {
  GenerateRequest request = Again();
  const Outcome plain = Answer(request);
  request.draft.max_tokens = 8;
  request.parts[0].tokens = Tokens("// An example.\n");
  const Outcome other = Answer(request);
  request.draft.corpus = other.result.tokens;
  request.draft.context = Tokens("// An example.\n");
  const Outcome helped = Answer(request);
  EXPECT_EQ(helped.result.tokens, other.result.tokens);
  EXPECT_GT(helped.result.counters.tokens_accepted, other.result.counters.tokens_accepted);
}

TEST_F(GenerateTest, BeginsWithWhatIsHealed) {
  GenerateRequest request = Again();
  request.max_tokens = 12;
  const Outcome whole = Answer(request);
  ASSERT_GT(whole.result.text.size(), 12U);
  for (const size_t bytes : {1U, 5U}) {
    // Taken from the end of what it would write anyway: it is written, and is no part of the text.
    request.healed = whole.result.text.substr(0, bytes);
    const Outcome healed = Answer(request);
    EXPECT_EQ(healed.result.tokens, whole.result.tokens);
    EXPECT_EQ(healed.result.text, whole.result.text.substr(bytes));
    request.draft.max_tokens = 8;
    request.draft.context = request.parts[0].tokens;
    EXPECT_EQ(Answer(request).result.text, healed.result.text);
    request.draft = {};
  }
  // Whatever the model would rather write, and however tokens are chosen.
  request.healed = "// Zürich";
  request.measure_probability = true;
  for (const float temperature : {0.0F, 0.8F}) {
    request.temperature = temperature;
    const GenerateResult other = Answer(request).result;
    const auto& words = core_->vocabulary();
    EXPECT_EQ(words.Text(other.tokens), request.healed + other.text);
    const std::span<const Token> begun(other.tokens.data(), other.healed_tokens);
    EXPECT_GT(begun.size(), 0U);
    EXPECT_TRUE(request.healed.starts_with(words.Text(begun)));
    EXPECT_TRUE(std::isfinite(other.log_probability));
  }
  // What is healed says nothing of how likely the rest is.
  request.temperature = 0;
  request.min_mean_log_probability = 0.0;
  const GenerateResult none = Answer(request).result;
  EXPECT_EQ(none.reason, "unlikely");
  EXPECT_EQ(none.tokens.size(), none.healed_tokens + 1);
  request.grammar = "root ::= [a-z]";
  auto session = Session::Create(*core_, 256, KvFormat::kF16);
  ASSERT_TRUE(session.ok());
  Run([&](JobContext& job) {
    EXPECT_EQ(Generate(*core_, job, **session, request).status().code(),
              StatusCode::kInvalidArgument);
  });
}

TEST_F(GenerateTest, EndsWhatIsUnlikely) {
  GenerateRequest request = Again();
  request.measure_probability = true;
  const Outcome sure = Answer(request);
  EXPECT_LT(sure.result.log_probability, 0.0);
  EXPECT_EQ(sure.result.reason, "length");
  request.min_mean_log_probability = 0.0;
  const Outcome none = Answer(request);
  EXPECT_EQ(none.result.reason, "unlikely");
  EXPECT_EQ(none.result.tokens.size(), 1U);
  request.min_judged_tokens = 4;
  const Outcome later = Answer(request);
  EXPECT_EQ(later.result.reason, "unlikely");
  EXPECT_EQ(later.result.tokens.size(), 4U);
}

}  // namespace
}  // namespace leoam
