// Scores of chunks by retrieval heads: the stored key planes of some heads must say what the
// full keys of all heads say, and what is not stored must say so.
#include "runtime/head_scores.h"

#include <cmath>
#include <cstdio>
#include <numeric>

#include "runtime/segment_reader.h"
#include "testing/runtime_fixture.h"

namespace leoam {
namespace {

const std::vector<RetrievalHead> kHeads = {{3, 1}, {12, 4}, {12, 5}, {20, 8}};
constexpr size_t kLinesOfAChunk = 6;

double Correlation(const std::vector<float>& a, const std::vector<float>& b) {
  const double n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double both = 0.0;
  double square_a = 0.0;
  double square_b = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    square_a += (a[i] - mean_a) * (a[i] - mean_a);
    square_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return both / std::sqrt(square_a * square_b);
}

class HeadScores : public testing::RuntimeTest {
 protected:
  void TearDown() override {
    core_->set_retrieval_heads({});
    RuntimeTest::TearDown();
  }

  // Reads `lines` of code under Key(key), with key planes for `heads`; one candidate a chunk.
  std::vector<ChunkCandidate> Read(int key, size_t lines, std::vector<RetrievalHead> heads) {
    core_->set_retrieval_heads(std::move(heads));
    SegmentRequest request;
    request.key = Key(key);
    Cut(SampleCode(lines), kLinesOfAChunk, &request.tokens, &request.chunk_ends);
    Run([&](JobContext& job) {
      const auto read = ReadIntoStore(job, request);
      ASSERT_TRUE(read.ok()) << read.status().message();
    });
    std::vector<ChunkCandidate> candidates;
    for (size_t chunk = 0; chunk < request.chunk_ends.size(); ++chunk) {
      candidates.push_back({request.key, chunk, chunk + 1});
    }
    return candidates;
  }

  Result<std::vector<float>> Score(const std::vector<ChunkCandidate>& candidates,
                                   const std::vector<RetrievalHead>& heads = kHeads) {
    Result<std::vector<float>> scores = Status(StatusCode::kInternal, "not run");
    Run([&](JobContext& job) {
      scores = ScoreChunks(*core_, job, heads, Tokens("Where is the buffer freed?"), Tokens("N/A"),
                           candidates);
    });
    return scores;
  }

  // As Score, from the chunks' full keys.
  std::vector<float> ScoreByAllHeads(const std::vector<ChunkCandidate>& candidates) {
    std::vector<float> all;
    Run([&](JobContext& job) {
      auto scores = ScoreAllHeads(*core_, job, Tokens("Where is the buffer freed?"), Tokens("N/A"),
                                  candidates);
      ASSERT_TRUE(scores.ok()) << scores.status().message();
      all = std::move(*scores);
    });
    const auto& config = core_->model().config();
    const auto stride = static_cast<size_t>(config.layers) * static_cast<size_t>(config.heads);
    EXPECT_EQ(all.size(), candidates.size() * stride);
    std::vector<float> means;
    for (size_t i = 0; i < candidates.size(); ++i) {
      float sum = 0.0F;
      for (const auto& [layer, head] : kHeads) {
        sum += all[i * stride + static_cast<size_t>(layer * config.heads + head)];
      }
      means.push_back(sum / static_cast<float>(kHeads.size()));
    }
    return means;
  }
};

TEST_F(HeadScores, KeyPlanesSayWhatTheFullKeysSay) {
  const auto candidates = Read(1, 48, kHeads);
  const auto scores = Score(candidates);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  const std::vector<float> full = ScoreByAllHeads(candidates);
  ASSERT_EQ(scores->size(), full.size());
  // Planes hold four bits, so the figures differ; what they say of chunks must not.
  const double alike = Correlation(*scores, full);
  std::printf("figure: scores from key planes against those from full keys: correlation %.3f\n",
              alike);
  EXPECT_GT(alike, 0.9);
}

TEST_F(HeadScores, TheMassOfAllCandidatesAddsUpToNothingOnceTheNullQueryIsTakenOff) {
  const auto scores = Score(Read(1, 30, kHeads));
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  EXPECT_NEAR(std::accumulate(scores->begin(), scores->end(), 0.0), 0.0, 1e-4);
}

TEST_F(HeadScores, WhatIsNotStoredHasNoScoreAndTheOthersHaveTheirs) {
  std::vector<ChunkCandidate> candidates = Read(1, 30, kHeads);
  const auto alone = Score(candidates);
  ASSERT_TRUE(alone.ok());
  const size_t chunks = candidates.size();
  candidates.push_back({Key(9), 0, 1});                     // never read
  candidates.push_back({Key(1), chunks, chunks + 1});       // behind the last chunk
  candidates.push_back(Read(2, 12, /*heads=*/{}).front());  // read without planes
  const auto scores = Score(candidates);
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  for (size_t i = 0; i < chunks; ++i) {
    EXPECT_FLOAT_EQ((*scores)[i], (*alone)[i]);
  }
  for (size_t i = chunks; i < candidates.size(); ++i) {
    EXPECT_TRUE(std::isnan((*scores)[i])) << i;
  }
}

TEST_F(HeadScores, NothingStoredIsNoFailure) {
  const auto scores = Score({{Key(7), 0, 1}, {Key(8), 0, 2}});
  ASSERT_TRUE(scores.ok()) << scores.status().message();
  EXPECT_TRUE(std::isnan((*scores)[0]) && std::isnan((*scores)[1]));
}

TEST_F(HeadScores, WithoutHeadsItIsRefused) {
  const auto scores = Score(Read(1, 12, kHeads), /*heads=*/{});
  EXPECT_EQ(scores.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace leoam
