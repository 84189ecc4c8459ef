// Several sequences in one pass.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "testing/decoder_fixture.h"
#include "testing/models.h"
#include "testing/runtime_fixture.h"
#include "testing/tiny_model.h"

namespace leoam {
namespace {

class DecoderSequencesTest : public testing::DecoderTest {};

TEST_P(DecoderSequencesTest, SeeTheirOwnRowsAlone) {
  const std::vector<int> lengths = {20, 70, 33};  // so many rows are there before
  std::vector<std::unique_ptr<KvBuffer>> alone;
  std::vector<std::unique_ptr<KvBuffer>> together;
  std::vector<std::vector<float>> expected;
  std::vector<SequenceRows> sequences;
  std::vector<Token> tokens;
  std::vector<int32_t> positions;
  for (const int length : lengths) {
    for (auto* buffers : {&alone, &together}) {
      buffers->push_back(NewKv());
      Run(Rows(buffers->back().get(), 0, length));
    }
    Run(Rows(alone.back().get(), length, 2));
    expected.push_back(logits_);
    sequences.push_back({together.back().get(), 2});
    for (const int position : {length, length + 1}) {
      positions.push_back(position);
      tokens.push_back(tokens_[position]);
    }
  }
  const std::vector<int32_t> last_rows = {1, 3, 5};
  DecodeRequest request;
  request.tokens = tokens;
  request.positions = positions;
  request.sequences = sequences;
  request.logit_rows = last_rows;
  request.logits = &logits_;
  std::vector<float> mass;
  request.chunk_mass = &mass;
  Run(request);
  const size_t vocabulary = logits_.size() / lengths.size();
  for (size_t i = 0; i < lengths.size(); ++i) {
    const std::vector<float> own(logits_.begin() + static_cast<ptrdiff_t>(i * vocabulary),
                                 logits_.begin() + static_cast<ptrdiff_t>((i + 1) * vocabulary));
    // Products with other numbers of rows are rounded otherwise.
    EXPECT_LT(testing::Divergence(expected[i], own), 0.01) << "sequence " << i;
    EXPECT_LT(LargestKvDifference(*alone[i], *together[i], 0, lengths[i] + 2), 0.6F);
  }
  // A chunk of the first sequence, two of the second, one of the third: all their attention.
  ASSERT_EQ(mass.size(), 4U);
  const ModelConfig& config = model_->config();
  EXPECT_NEAR(mass[0], 2.0F * config.layers * config.heads, 0.1F);
  EXPECT_NEAR(mass[1] + mass[2], mass[0], 0.1F);
  EXPECT_NEAR(mass[3], mass[0], 0.1F);

  for (const auto& wrong : std::vector<std::vector<SequenceRows>>{
           {sequences[0], sequences[0], sequences[2]},
           {sequences[0], sequences[1]},
           {sequences[0], sequences[1], {nullptr, 2}},
           {sequences[0], sequences[1], sequences[2], {alone[0].get(), 1}},
           {{alone[0].get(), 0}, sequences[0], sequences[1], sequences[2]}}) {
    request.sequences = wrong;
    EXPECT_EQ(decoder_->Run(request).code(), StatusCode::kInvalidArgument);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, DecoderSequencesTest,
                         ::testing::Values(testing::LlamaModelPath, testing::Qwen2ModelPath,
                                           testing::TinyQwen3ModelPath),
                         testing::FamilyName);

}  // namespace
}  // namespace leoam
