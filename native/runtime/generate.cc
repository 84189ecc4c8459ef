#include "runtime/generate.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <utility>

#include "runtime/clock.h"
#include "runtime/prompt_lookup.h"
#include "runtime/text_stream.h"

namespace leoam {
namespace {

// A drafted token whose logit is so little above the next one's ends its draft: all of the evidence
// may well decide otherwise.
constexpr float kUnsure = 0.5F;

// The likeliest token, and by how much its logit is above that of the next one.
std::pair<Token, float> Likeliest(std::span<const float> logits) {
  size_t best = 0;
  float second = -std::numeric_limits<float>::infinity();
  for (size_t token = 1; token < logits.size(); ++token) {
    if (logits[token] > logits[best]) {
      second = logits[best];
      best = token;
    } else {
      second = std::max(second, logits[token]);
    }
  }
  return {static_cast<Token>(best), logits[best] - second};
}

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

// Drafts are verified by all of the evidence; else steps attend to what the tiers are set to.
Session::Attend AttendOf(const Session& session) {
  return session.tiered() != nullptr && session.tiered()->draft_tokens() > 0
             ? Session::Attend::kAll
             : Session::Attend::kShare;
}

uint64_t BytesReadByTiers(const Session& session) {
  return session.tiered() == nullptr ? 0 : session.tiered()->counters().bytes_read;
}

// The token loop of one answer: passes of the last token with guesses behind it, of which those
// count that the sampler would have chosen anyway.
class Answer {
 public:
  Answer(Core& core, JobContext& job, Session& session, const GenerateRequest& request,
         Sampler& sampler, GenerateResult* result)
      : core_(core),
        job_(job),
        session_(session),
        request_(request),
        sampler_(sampler),
        result_(*result),
        context_(request.draft.context) {}

  // `logits`: of the prompt's last token. Returns when the answer has come to its end.
  Status Run(std::vector<float> logits, const Stopwatch& since_start);

 private:
  // Chooses the next token; false when it ends the answer.
  bool Take(std::span<const float> logits, TextStream* stream);
  // Computes the token's KV, and that of guesses behind it.
  Status Advance();
  // Drops what was guessed wrong.
  void Settle();
  // The token is what was guessed: its KV is here already.
  bool WasGuessed() const { return row_ < guess_.size() && guess_[row_] == result_.tokens.back(); }
  // From text that went on like this before.
  std::vector<Token> LookUpGuess() const;
  // From steps that attend to a share of what lies in tiers. Leaves the session as it is.
  Status DraftFromShare(std::vector<Token>* guess);

  Core& core_;
  JobContext& job_;
  Session& session_;
  const GenerateRequest& request_;
  Sampler& sampler_;
  GenerateResult& result_;
  std::vector<Token> context_;  // what the text ends with, for guesses
  std::vector<Token> guess_;    // behind the last computed token
  size_t row_ = 0;              // of the logits that choose the next token; guesses before it hold
  std::vector<float> logits_;   // [1 + guess_.size()][vocabulary]
};

Status Answer::Run(std::vector<float> logits, const Stopwatch& since_start) {
  logits_ = std::move(logits);
  const size_t vocabulary = logits_.size();
  TextStream stream(request_.stop, request_.on_text);
  result_.reason = "length";
  Stopwatch decode;
  for (int step = 0; step < request_.max_tokens; ++step) {
    const std::span<const float> row(logits_.data() + row_ * vocabulary, vocabulary);
    const bool goes_on = Take(row, &stream);
    if (step == 0) {
      result_.timings.ttft_ms = since_start.Milliseconds();
      decode = Stopwatch();
    }
    if (!goes_on) {
      break;
    }
    if (WasGuessed()) {
      ++row_;
      ++result_.counters.tokens_accepted;
      continue;
    }
    Settle();
    if (step + 1 == request_.max_tokens || session_.room() <= 1) {
      break;  // nothing follows that would need this token's KV
    }
    const Status status = Advance();
    if (status.code() == StatusCode::kCancelled) {
      result_.reason = "cancelled";
      break;
    }
    LEOAM_RETURN_IF_ERROR(status);
  }
  Settle();
  stream.Finish();
  result_.text = stream.text();
  result_.timings.decode_ms = decode.Milliseconds();
  return Status::Ok();
}

void Answer::Settle() {
  session_.Truncate(session_.size() - (guess_.size() - row_));
  guess_.clear();
  row_ = 0;
}

bool Answer::Take(std::span<const float> logits, TextStream* stream) {
  const Token token = sampler_.Sample(logits);
  if (core_.vocabulary().IsEndOfGeneration(token)) {
    result_.reason = "end";
    return false;
  }
  ++result_.counters.tokens_decoded;
  result_.tokens.push_back(token);
  context_.push_back(token);
  if (request_.measure_probability) {
    result_.log_probability += LogProbability(logits, token);
    if (result_.log_probability / static_cast<double>(result_.tokens.size()) <
        request_.min_mean_log_probability) {
      result_.reason = "unlikely";
      return false;
    }
  }
  if (stream->Push(core_.vocabulary().Piece(token))) {
    result_.reason = "stop";
    return false;
  }
  return true;
}

Status Answer::Advance() {
  std::vector<Token> run = {result_.tokens.back()};
  std::vector<Token> guess = LookUpGuess();
  if (guess.empty() && AttendOf(session_) == Session::Attend::kAll) {
    LEOAM_RETURN_IF_ERROR(DraftFromShare(&guess));
  }
  run.insert(run.end(), guess.begin(), guess.end());
  std::vector<float> chunk_mass;
  LEOAM_RETURN_IF_ERROR(session_.Append(job_, run, &logits_, &chunk_mass, AttendOf(session_)));
  result_.counters.tokens_drafted += guess.size();
  guess_ = std::move(guess);
  AddPartMass(chunk_mass, session_.part_ranges(), &result_.part_mass);
  if (session_.tiered() != nullptr) {
    const std::vector<double> mass = session_.tiered()->TakeMass();
    std::transform(mass.begin(), mass.end(), result_.part_mass.begin(), result_.part_mass.begin(),
                   std::plus<>());
  }
  return Status::Ok();
}

Status Answer::DraftFromShare(std::vector<Token>* guess) {
  const size_t size = session_.size();
  const size_t limit =
      std::min(static_cast<size_t>(session_.tiered()->draft_tokens()), session_.room() - 1);
  Token token = result_.tokens.back();
  std::vector<float> logits;
  Status status;
  bool is_sure = true;
  while (is_sure && guess->size() < limit) {
    status = session_.Append(job_, {&token, 1}, &logits, nullptr, Session::Attend::kShare);
    if (!status.ok()) {
      break;
    }
    const auto [likeliest, margin] = Likeliest(logits);
    token = likeliest;
    if (core_.vocabulary().IsControl(token)) {
      break;
    }
    is_sure = margin >= kUnsure;
    guess->push_back(token);
  }
  session_.Truncate(size);
  return status;
}

std::vector<Token> Answer::LookUpGuess() const {
  const size_t room = session_.room() - 1;
  const size_t limit = std::min(static_cast<size_t>(std::max(request_.draft.max_tokens, 0)), room);
  if (limit == 0) {
    return {};
  }
  const std::array<std::span<const Token>, 3> history = {
      request_.draft.corpus,
      session_.tiered() == nullptr ? std::span<const Token>() : session_.tiered()->token_ids(),
      session_.tokens()};
  std::vector<Token> guess = LookUp(history, context_, limit);
  // A mark of the format ended the text there; here it says nothing.
  const auto mark = std::find_if(guess.begin(), guess.end(), [this](Token token) {
    return core_.vocabulary().IsControl(token);
  });
  guess.erase(mark, guess.end());
  return guess;
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
  const uint64_t read = BytesReadByTiers(session);
  Answer answer(core, job, session, request, **sampler, &result);
  LEOAM_RETURN_IF_ERROR(answer.Run(std::move(logits), total));
  result.counters.bytes_from_disk += BytesReadByTiers(session) - read;
  if (session.tiered() != nullptr) {
    result.tiers = session.tiered()->counters();
  }
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
  return result;
}

}  // namespace leoam
