#include "runtime/generate.h"

#include <algorithm>
#include <utility>

#include "runtime/clock.h"
#include "runtime/text_stream.h"

namespace leoam {
namespace {

// Splits the mass of kernel chunks over parts by the rows that they share.
void AddPartMass(const std::vector<float>& chunk_mass,
                 const std::vector<std::pair<size_t, size_t>>& ranges, std::vector<double>* parts) {
  for (size_t part = 0; part < ranges.size(); ++part) {
    const auto [begin, end] = ranges[part];
    for (size_t chunk = begin / kKernelChunkTokens;
         chunk < chunk_mass.size() && chunk * kKernelChunkTokens < end; ++chunk) {
      const size_t chunk_begin = chunk * kKernelChunkTokens;
      const size_t shared =
          std::min(end, chunk_begin + kKernelChunkTokens) - std::max(begin, chunk_begin);
      (*parts)[part] +=
          static_cast<double>(chunk_mass[chunk]) * static_cast<double>(shared) / kKernelChunkTokens;
    }
  }
}

}  // namespace

Result<GenerateResult> Generate(Core& core, JobContext& job, Session& session,
                                const GenerateRequest& request) {
  const Stopwatch total;
  SamplingParams sampling;
  sampling.temperature = request.temperature;
  sampling.top_k = request.top_k;
  sampling.top_p = request.top_p;
  sampling.min_p = request.min_p;
  sampling.repeat_penalty = request.repeat_penalty;
  sampling.seed = request.seed;
  sampling.grammar = request.grammar;
  auto sampler = Sampler::Create(core.vocabulary(), sampling);
  if (!sampler.ok()) {
    return sampler.status();
  }

  GenerateResult result;
  std::vector<float> logits;
  LEOAM_RETURN_IF_ERROR(session.Prepare(job, request, &result.counters, &result.timings, &logits));
  result.warning = session.warning();
  result.part_mass.assign(request.parts.size(), 0.0);

  TextStream stream(request.stop, request.on_text);
  result.reason = "length";
  Stopwatch decode;
  for (int step = 0; step < request.max_tokens; ++step) {
    const Token token = (*sampler)->Sample(logits);
    if (step == 0) {
      result.timings.ttft_ms = total.Milliseconds();
      decode = Stopwatch();
    }
    if (core.vocabulary().IsEndOfGeneration(token)) {
      result.reason = "end";
      break;
    }
    ++result.counters.tokens_decoded;
    result.tokens.push_back(token);
    if (stream.Push(core.vocabulary().Piece(token))) {
      result.reason = "stop";
      break;
    }
    if (step + 1 == request.max_tokens || session.size() + 1 >= session.capacity()) {
      break;  // nothing follows that would need this token's KV
    }
    std::vector<float> chunk_mass;
    const Status status = session.Append(job, {&token, 1}, &logits, &chunk_mass);
    if (status.code() == StatusCode::kCancelled) {
      result.reason = "cancelled";
      break;
    }
    LEOAM_RETURN_IF_ERROR(status);
    AddPartMass(chunk_mass, session.part_ranges(), &result.part_mass);
  }
  stream.Finish();
  result.text = stream.text();
  result.timings.decode_ms = decode.Milliseconds();
  return result;
}

Result<ScoreResult> Score(Core& core, JobContext& job, Session& session,
                          const ScoreRequest& request) {
  if (request.target.empty()) {
    return Status(StatusCode::kInvalidArgument, "Nothing to judge: the target is empty.");
  }
  const Stopwatch total;
  ScoreResult result;
  std::vector<float> logits;
  LEOAM_RETURN_IF_ERROR(session.Prepare(job, request, &result.counters, &result.timings, &logits));
  result.timings.ttft_ms = total.Milliseconds();
  const size_t end = session.size();
  if (request.target.size() > 1) {
    std::vector<float> rest;
    const std::span<const Token> run(request.target.data(), request.target.size() - 1);
    LEOAM_RETURN_IF_ERROR(session.Append(job, run, &rest, nullptr));
    session.Truncate(end);
    logits.insert(logits.end(), rest.begin(), rest.end());
  }
  const auto vocabulary = static_cast<size_t>(core.model().config().vocabulary);
  for (size_t i = 0; i < request.target.size(); ++i) {
    const std::span<const float> row(logits.data() + i * vocabulary, vocabulary);
    const Token token = request.target[i];
    if (token < 0 || static_cast<size_t>(token) >= vocabulary) {
      return Status(StatusCode::kInvalidArgument, "A target token is not in the vocabulary.");
    }
    result.log_probabilities.push_back(LogProbability(row, token));
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    result.argmax.push_back(best == token ? 1 : 0);
  }
  return result;
}

}  // namespace leoam
