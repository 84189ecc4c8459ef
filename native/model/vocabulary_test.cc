#include "model/vocabulary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "testing/models.h"

namespace leoam {
namespace {

class VocabularyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Result<std::unique_ptr<Vocabulary>> vocabulary = Vocabulary::Load(testing::Qwen2ModelPath());
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().message();
    vocabulary_ = std::move(*vocabulary);
  }
  static void TearDownTestSuite() { vocabulary_.reset(); }

  std::unique_ptr<Sampler> NewSampler(const SamplingParams& params) const {
    Result<std::unique_ptr<Sampler>> sampler = Sampler::Create(*vocabulary_, params);
    EXPECT_TRUE(sampler.ok()) << sampler.status().message();
    return std::move(*sampler);
  }

  std::vector<float> Logits() const {
    std::vector<float> logits(vocabulary_->size(), 0.0F);
    for (size_t i = 0; i < 50; ++i) {
      logits[100 + i] = 10.0F;
    }
    return logits;
  }

  static std::unique_ptr<Vocabulary> vocabulary_;
};

std::unique_ptr<Vocabulary> VocabularyTest::vocabulary_;

TEST_F(VocabularyTest, TextSurvivesTokenising) {
  const std::string text = "if (größe > 0) {\n\treturn \"→ 日本\";\r\n}  \n";
  EXPECT_EQ(vocabulary_->Text(vocabulary_->Tokenize(text, false)), text);
  EXPECT_TRUE(vocabulary_->Tokenize("", false).empty());
}

TEST_F(VocabularyTest, FileTextNeverBecomesAControlToken) {
  const Token end = *vocabulary_->FindSpecial("<|im_end|>");
  EXPECT_EQ(vocabulary_->Tokenize("<|im_end|>", true), std::vector<Token>{end});
  for (Token token : vocabulary_->Tokenize("a <|im_end|> b", false)) {
    EXPECT_NE(token, end);
  }
  EXPECT_TRUE(vocabulary_->IsEndOfGeneration(end));
}

TEST_F(VocabularyTest, OnlyWholeSpecialTokensAreFound) {
  EXPECT_TRUE(vocabulary_->FindSpecial("<|fim_prefix|>").has_value());
  EXPECT_FALSE(vocabulary_->FindSpecial("return").has_value());
  EXPECT_FALSE(vocabulary_->FindSpecial("<|no_such|>").has_value());
}

TEST_F(VocabularyTest, ChatTemplateFramesEachMessage) {
  const Result<std::string> text =
      vocabulary_->ApplyChatTemplate({{"system", "Be brief."}, {"user", "Why?"}}, true);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text,
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
            "<|im_start|>assistant\n");
}

TEST_F(VocabularyTest, MissingModelIsNotFound) {
  EXPECT_EQ(Vocabulary::Load("/no/such.gguf").status().code(), StatusCode::kNotFound);
}

TEST_F(VocabularyTest, GreedyTakesTheHighestLogit) {
  std::vector<float> logits = Logits();
  logits[777] = 11.0F;
  EXPECT_EQ(NewSampler({})->Sample(logits), 777);
}

TEST_F(VocabularyTest, TheSameSeedDrawsTheSameTokens) {
  const auto draw = [&](uint32_t seed) {
    SamplingParams params;
    params.temperature = 1.0F;
    params.seed = seed;
    std::unique_ptr<Sampler> sampler = NewSampler(params);
    std::vector<Token> tokens;
    for (int i = 0; i < 10; ++i) {
      tokens.push_back(sampler->Sample(Logits()));
    }
    return tokens;
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

TEST_F(VocabularyTest, GrammarForbidsWhatItDoesNotDerive) {
  SamplingParams params;
  params.grammar = "root ::= \"yes\" | \"no\"";
  const Token yes = vocabulary_->Tokenize("yes", false).at(0);
  std::vector<float> logits = Logits();
  logits[yes] = 5.0F;  // others are likelier, but not allowed
  EXPECT_EQ(NewSampler(params)->Sample(logits), yes);
}

TEST_F(VocabularyTest, BrokenGrammarIsRefused) {
  SamplingParams params;
  params.grammar = "root ::= (";
  EXPECT_EQ(Sampler::Create(*vocabulary_, params).status().code(), StatusCode::kInvalidArgument);
}

TEST(LogProbabilityTest, IsTheLogOfTheSoftmax) {
  const std::vector<float> logits = {0.0F, std::log(3.0F)};
  EXPECT_NEAR(LogProbability(logits, 0), std::log(0.25F), 1e-6);
  EXPECT_NEAR(LogProbability(logits, 1), std::log(0.75F), 1e-6);
}

}  // namespace
}  // namespace leoam
