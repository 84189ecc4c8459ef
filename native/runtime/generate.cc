#include "runtime/generate.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "runtime/answer.h"
#include "runtime/clock.h"

namespace leoam {
namespace {

uint64_t BytesReadByTiers(const Session& session) {
  return session.tiered() == nullptr ? 0 : session.tiered()->counters().bytes_read;
}

Result<std::unique_ptr<Sampler>> SamplerFor(const Core& core, const GenerateRequest& request) {
  if (!request.healed.empty() && !request.grammar.empty()) {
    return Status(StatusCode::kInvalidArgument,
                  "What is healed may be no text of the grammar: leave one of them out.");
  }
  SamplingParams sampling;
  sampling.temperature = request.temperature;
  sampling.top_k = request.top_k;
  sampling.top_p = request.top_p;
  sampling.min_p = request.min_p;
  sampling.repeat_penalty = request.repeat_penalty;
  sampling.seed = request.seed;
  sampling.grammar = request.grammar;
  return Sampler::Create(core.vocabulary(), sampling);
}

Status CheckTogether(std::span<Session* const> sessions, size_t requests) {
  const std::set<Session*> different(sessions.begin(), sessions.end());
  if (requests == 0 || requests > kOwnKernelRows || sessions.size() != requests ||
      different.size() != requests) {
    return {StatusCode::kInvalidArgument,
            "1 to " + std::to_string(kOwnKernelRows) +
                " answers are written together, each in a session of its own."};
  }
  return Status::Ok();
}

// One pass for the last token of each answer that goes on, until none does.
Status WriteTogether(JobContext& job, std::deque<Answer>* answers) {
  std::vector<Answer*> alive;
  const auto take = [](Answer* answer) {
    const bool goes_on = answer->TakeWhatIsKnown();
    if (!goes_on) {
      answer->Finish();
    }
    return goes_on;
  };
  for (Answer& answer : *answers) {
    alive.push_back(&answer);
  }
  std::erase_if(alive, std::not_fn(take));
  while (!alive.empty()) {
    std::vector<Session*> sessions;
    std::vector<Token> tokens;
    for (const Answer* answer : alive) {
      sessions.push_back(&answer->session());
      tokens.push_back(answer->last_token());
    }
    std::vector<float> logits;
    const Status status =
        Session::AppendTogether(job, sessions, tokens, &logits, AttendOf(*sessions.front()));
    if (status.code() == StatusCode::kCancelled) {
      for (Answer* answer : alive) {
        answer->result().reason = "cancelled";
        answer->Finish();
      }
      return Status::Ok();
    }
    LEOAM_RETURN_IF_ERROR(status);
    const size_t vocabulary = logits.size() / alive.size();
    for (size_t i = 0; i < alive.size(); ++i) {
      alive[i]->Advanced(std::span<const float>(logits).subspan(i * vocabulary, vocabulary));
    }
    std::erase_if(alive, std::not_fn(take));
  }
  return Status::Ok();
}

}  // namespace

Result<GenerateResult> Generate(Core& core, JobContext& job, Session& session,
                                const GenerateRequest& request) {
  const Stopwatch total;
  auto sampler = SamplerFor(core, request);
  if (!sampler.ok()) {
    return sampler.status();
  }

  GenerateResult result;
  result.timings.queued_ms = job.queued_ms();
  std::vector<float> logits;
  LEOAM_RETURN_IF_ERROR(session.Prepare(job, request, &result.counters, &result.timings, &logits));
  result.part_mass.assign(request.parts.size(), 0.0);
  const uint64_t read = BytesReadByTiers(session);
  Answer answer(core, job, session, request, **sampler, &result);
  answer.Begin(std::move(logits), total);
  while (answer.TakeWhatIsKnown()) {
    const Status status = answer.Advance();
    if (status.code() == StatusCode::kCancelled) {
      result.reason = "cancelled";
      break;
    }
    LEOAM_RETURN_IF_ERROR(status);
  }
  answer.Finish();
  result.warning = session.warning();
  result.counters.bytes_from_disk += BytesReadByTiers(session) - read;
  if (session.tiered() != nullptr) {
    result.tiers = session.tiered()->counters();
  }
  return result;
}

Result<std::vector<GenerateResult>> GenerateTogether(Core& core, JobContext& job,
                                                     std::span<Session* const> sessions,
                                                     std::span<const GenerateRequest> requests) {
  LEOAM_RETURN_IF_ERROR(CheckTogether(sessions, requests.size()));
  const Stopwatch total;
  std::vector<GenerateResult> results(requests.size());
  std::vector<std::unique_ptr<Sampler>> samplers;
  std::deque<Answer> answers;
  for (size_t i = 0; i < requests.size(); ++i) {
    auto sampler = SamplerFor(core, requests[i]);
    if (!sampler.ok()) {
      return sampler.status();
    }
    samplers.push_back(std::move(sampler).value());
    GenerateResult& result = results[i];
    result.timings.queued_ms = job.queued_ms();
    std::vector<float> logits;
    LEOAM_RETURN_IF_ERROR(
        sessions[i]->Prepare(job, requests[i], &result.counters, &result.timings, &logits));
    result.part_mass.assign(requests[i].parts.size(), 0.0);
    answers.emplace_back(core, job, *sessions[i], requests[i], *samplers.back(), &result);
    answers.back().Begin(std::move(logits), total);
  }
  const uint64_t read = BytesReadByTiers(*sessions.front());
  LEOAM_RETURN_IF_ERROR(WriteTogether(job, &answers));
  const uint64_t shared = BytesReadByTiers(*sessions.front()) - read;
  for (size_t i = 0; i < results.size(); ++i) {
    results[i].warning = sessions[i]->warning();
    results[i].counters.bytes_from_disk +=
        shared * (i + 1) / results.size() - shared * i / results.size();
    if (sessions[i]->tiered() != nullptr) {
      results[i].tiers = sessions[i]->tiered()->counters();
    }
  }
  return results;
}

Result<ScoreResult> Score(Core& core, JobContext& job, Session& session,
                          const ScoreRequest& request) {
  if (request.target.empty()) {
    return Status(StatusCode::kInvalidArgument, "Nothing to judge: the target is empty.");
  }
  const Stopwatch total;
  ScoreResult result;
  result.timings.queued_ms = job.queued_ms();
  std::vector<float> logits;
  LEOAM_RETURN_IF_ERROR(session.Prepare(job, request, &result.counters, &result.timings, &logits));
  result.timings.ttft_ms = total.Milliseconds();
  const size_t end = session.size();
  if (request.target.size() > 1) {
    std::vector<float> rest;
    const std::span<const Token> run(request.target.data(), request.target.size() - 1);
    // Where steps choose what they attend to, each chooses for itself, as an answer's do.
    const Session::Attend attend = AttendOf(session);
    const bool is_sparse = session.tiered() != nullptr && attend == Session::Attend::kShare;
    const size_t step = is_sparse ? 1 : run.size();
    for (size_t i = 0; i < run.size(); i += step) {
      LEOAM_RETURN_IF_ERROR(session.Append(job, run.subspan(i, step), &rest, nullptr, attend));
      logits.insert(logits.end(), rest.begin(), rest.end());
    }
    session.Truncate(end);
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
  if (request.keep_logits) {
    result.logits = std::move(logits);
  }
  return result;
}

}  // namespace leoam
