#include "runtime/head_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "selection/score_kernel.h"

namespace leoam {
namespace {

// Keys of one (layer, KV head) of all candidates, one after the other.
struct CandidateKeys {
  std::vector<float> values;  // [key][head_dim], with bias
  std::vector<size_t> ends;   // per candidate, offset of its last key + 1
};

// Adds to scores[candidate * stride] the mean mass per question row of each candidate's keys.
void AddHeadScores(const KeyBlocks& blocks, const std::vector<size_t>& ends,
                   const std::vector<float>& queries, size_t heads, size_t head, size_t dim,
                   float weight, float* scores, size_t stride) {
  const size_t rows = queries.size() / (heads * dim);
  std::vector<float> mass(blocks.count(), 0.0F);
  std::vector<float> row_scores(blocks.count());
  for (size_t row = 0; row < rows; ++row) {
    blocks.Score(queries.data() + (row * heads + head) * dim, row_scores.data());
    AddSoftmax(row_scores, mass);
  }
  size_t begin = 0;
  for (size_t candidate = 0; candidate < ends.size(); ++candidate) {
    const size_t end = ends[candidate];
    if (end > begin) {
      const float sum = std::accumulate(mass.begin() + static_cast<std::ptrdiff_t>(begin),
                                        mass.begin() + static_cast<std::ptrdiff_t>(end), 0.0F);
      scores[candidate * stride] += weight * sum / static_cast<float>(rows);
    }
    begin = end;
  }
}

void AppendWithBias(const Core& core, int layer, int kv_head, std::span<const float> keys,
                    std::vector<float>* out) {
  const auto dim = static_cast<size_t>(core.model().config().head_dim);
  const auto& bias = core.model().key_bias().layers;
  const float* add =
      bias.empty() ? nullptr
                   : bias[static_cast<size_t>(layer)].data() + static_cast<size_t>(kv_head) * dim;
  for (size_t i = 0; i < keys.size(); ++i) {
    out->push_back(keys[i] + (add == nullptr ? 0.0F : add[i % dim]));
  }
}

}  // namespace

Result<std::vector<std::vector<float>>> QuestionQueries(Core& core, JobContext& job,
                                                        std::span<const Token> question,
                                                        std::span<const int> layers) {
  question = question.first(std::min<size_t>(question.size(), kUbatchTokens));
  auto kv = core.NewSequence(question.size(), KvFormat::kF16);
  if (!kv.ok()) {
    return kv.status();
  }
  const auto positions = ConsecutivePositions((*kv)->size(), question.size());
  std::vector<std::vector<float>> queries;
  DecodeRequest request;
  request.tokens = question;
  request.positions = positions;
  request.kv = kv->get();
  request.query_layers = layers;
  request.queries = &queries;
  request.layers = *std::max_element(layers.begin(), layers.end()) + 1;
  LEOAM_RETURN_IF_ERROR(RunPass(core, job, std::move(request)));
  const auto& config = core.model().config();
  const auto dim = static_cast<size_t>(config.head_dim);
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));
  RopeAngles rope(config.rope);
  rope.SetPosition(kCanonicalDistance);
  for (auto& layer : queries) {
    for (size_t at = 0; at < layer.size(); at += dim) {
      rope.Rotate(layer.data() + at);
    }
    std::for_each(layer.begin(), layer.end(), [scale](float& value) { value *= scale; });
  }
  return queries;
}

Result<std::vector<float>> ScoreChunks(Core& core, JobContext& job,
                                       std::span<const RetrievalHead> heads,
                                       std::span<const Token> question,
                                       std::span<const Token> null_query,
                                       std::span<const ChunkCandidate> candidates) {
  const auto store = core.store();
  if (heads.empty() || store == nullptr) {
    return Status(StatusCode::kInvalidArgument, "Scoring needs retrieval heads and an open store.");
  }
  const auto& config = core.model().config();
  const auto dim = static_cast<size_t>(config.head_dim);
  const auto head_count = static_cast<size_t>(config.heads);
  const int group = config.heads / config.kv_heads;

  std::vector<int> layers;
  std::map<std::pair<int, int>, std::vector<int>> by_plane;
  for (const RetrievalHead& head : heads) {
    by_plane[{head.layer, head.head / group}].push_back(head.head);
    if (std::find(layers.begin(), layers.end(), head.layer) == layers.end()) {
      layers.push_back(head.layer);
    }
  }
  std::sort(layers.begin(), layers.end());
  auto queries = QuestionQueries(core, job, question, layers);
  if (!queries.ok()) {
    return queries.status();
  }
  auto null_queries = QuestionQueries(core, job, null_query, layers);
  if (!null_queries.ok()) {
    return null_queries.status();
  }

  std::vector<float> scores(candidates.size(), 0.0F);
  std::vector<uint8_t> missing(candidates.size(), 0);
  const float weight = 1.0F / static_cast<float>(heads.size());
  for (const auto& [plane, plane_heads] : by_plane) {
    CandidateKeys keys;
    std::map<std::string, std::vector<float>> segments;  // planes read once per segment
    for (size_t i = 0; i < candidates.size(); ++i) {
      LEOAM_RETURN_IF_ERROR(job.Yield());
      const ChunkCandidate& candidate = candidates[i];
      const auto info = store->Info(candidate.key);
      auto found = segments.find(candidate.key);
      if (info.ok() && found == segments.end()) {
        std::vector<float> values;
        if (store->ReadKeyPlane(candidate.key, plane.first, plane.second, &values).ok()) {
          found = segments.emplace(candidate.key, std::move(values)).first;
        }
      }
      if (info.ok() && found != segments.end() && candidate.first < candidate.last &&
          candidate.last <= (*info)->chunk_ends.size()) {
        const size_t begin = (*info)->ChunkBegin(candidate.first);
        const size_t end = (*info)->chunk_ends[candidate.last - 1];
        AppendWithBias(
            core, plane.first, plane.second,
            std::span<const float>(found->second).subspan(begin * dim, (end - begin) * dim),
            &keys.values);
      } else {
        missing[i] = 1;
      }
      keys.ends.push_back(keys.values.size() / dim);
    }
    const KeyBlocks blocks(keys.values, keys.values.size() / dim, dim);
    const auto layer_index =
        static_cast<size_t>(std::find(layers.begin(), layers.end(), plane.first) - layers.begin());
    for (const int head : plane_heads) {
      AddHeadScores(blocks, keys.ends, (*queries)[layer_index], head_count,
                    static_cast<size_t>(head), dim, weight, scores.data(), 1);
      AddHeadScores(blocks, keys.ends, (*null_queries)[layer_index], head_count,
                    static_cast<size_t>(head), dim, -weight, scores.data(), 1);
    }
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    if (missing[i] != 0) {
      scores[i] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  return scores;
}

Result<std::vector<float>> ScoreAllHeads(Core& core, JobContext& job,
                                         std::span<const Token> question,
                                         std::span<const Token> null_query,
                                         std::span<const ChunkCandidate> candidates) {
  const auto store = core.store();
  if (store == nullptr) {
    return Status(StatusCode::kInvalidArgument, "Scoring needs an open store.");
  }
  const auto& config = core.model().config();
  const auto dim = static_cast<size_t>(config.head_dim);
  const auto head_count = static_cast<size_t>(config.heads);
  const size_t group = head_count / static_cast<size_t>(config.kv_heads);
  std::vector<int> layers(static_cast<size_t>(config.layers));
  std::iota(layers.begin(), layers.end(), 0);
  auto queries = QuestionQueries(core, job, question, layers);
  if (!queries.ok()) {
    return queries.status();
  }
  auto null_queries = QuestionQueries(core, job, null_query, layers);
  if (!null_queries.ok()) {
    return null_queries.status();
  }

  SegmentKv all;
  all.Reset(config.kv_shape());
  std::vector<size_t> ends;
  for (const ChunkCandidate& candidate : candidates) {
    LEOAM_RETURN_IF_ERROR(job.Yield());
    const auto info = store->Info(candidate.key);
    if (!info.ok()) {
      return info.status();
    }
    std::vector<std::vector<uint8_t>> data;
    LEOAM_RETURN_IF_ERROR(store->ReadChunks(candidate.key, candidate.first, candidate.last,
                                            (*info)->precision, &data));
    for (size_t i = 0; i < data.size(); ++i) {
      const size_t chunk = candidate.first + i;
      LEOAM_RETURN_IF_ERROR(DecodeChunkRaw(data[i], (*info)->shape, (*info)->precision,
                                           (*info)->chunk_ends[chunk] - (*info)->ChunkBegin(chunk),
                                           &all));
    }
    ends.push_back(all.tokens);
  }

  const size_t stride = layers.size() * head_count;
  std::vector<float> scores(candidates.size() * stride, 0.0F);
  for (const int layer : layers) {
    for (size_t kv_head = 0; kv_head < static_cast<size_t>(config.kv_heads); ++kv_head) {
      LEOAM_RETURN_IF_ERROR(job.Yield());
      std::vector<float> keys;
      const auto& rows = all.k[static_cast<size_t>(layer)];
      for (size_t token = 0; token < all.tokens; ++token) {
        AppendWithBias(core, layer, static_cast<int>(kv_head),
                       std::span<const float>(rows).subspan(
                           token * all.shape.RowValues() + kv_head * dim, dim),
                       &keys);
      }
      const KeyBlocks blocks(keys, all.tokens, dim);
      for (size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        float* out = scores.data() + static_cast<size_t>(layer) * head_count + head;
        const auto at = static_cast<size_t>(layer);
        AddHeadScores(blocks, ends, (*queries)[at], head_count, head, dim, 1.0F, out, stride);
        AddHeadScores(blocks, ends, (*null_queries)[at], head_count, head, dim, -1.0F, out, stride);
      }
    }
  }
  return scores;
}

}  // namespace leoam
