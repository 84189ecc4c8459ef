// Retrieval heads: where a question's own queries look among stored keys (design 3.2).
#pragma once

#include <span>
#include <vector>

#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/core.h"

namespace leoam {

// Distance at which every key is scored, tokens: keys stay unrotated (position 0) and the
// queries are rotated here, so that where a file lies in the store does not matter.
inline constexpr int32_t kCanonicalDistance = 512;

// Queries of some layers for the question alone, after the preamble; [row][heads * head_dim]
// each, rotated to kCanonicalDistance and scaled by 1/sqrt(head_dim).
Result<std::vector<std::vector<float>>> QuestionQueries(Core& core, JobContext& job,
                                                        std::span<const Token> question,
                                                        std::span<const int> layers);

// One score per candidate: per head, the softmax mass (over all candidates' keys, mean over
// the question's rows) of its keys per token, minus that of the null query, then the mean
// over heads. NaN where the segment or its key plane is not stored.
Result<std::vector<float>> ScoreChunks(Core& core, JobContext& job,
                                       std::span<const RetrievalHead> heads,
                                       std::span<const Token> question,
                                       std::span<const Token> null_query,
                                       std::span<const ChunkCandidate> candidates);

// The same for every head of the model, from the chunks' full keys: [candidate][layer * heads
// + head]. For finding the heads; reads and decodes all of the candidates' KV.
Result<std::vector<float>> ScoreAllHeads(Core& core, JobContext& job,
                                         std::span<const Token> question,
                                         std::span<const Token> null_query,
                                         std::span<const ChunkCandidate> candidates);

}  // namespace leoam
