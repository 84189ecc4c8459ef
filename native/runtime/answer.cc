#include "runtime/answer.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <utility>

#include "runtime/prompt_lookup.h"

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
void AddPartMass(std::span<const float> chunk_mass,
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

Session::Attend AttendOf(const Session& session) {
  return session.tiered() != nullptr && session.tiered()->draft_tokens() > 0
             ? Session::Attend::kAll
             : Session::Attend::kShare;
}

Answer::Answer(Core& core, JobContext& job, Session& session, const GenerateRequest& request,
               Sampler& sampler, GenerateResult* result)
    : core_(core),
      job_(job),
      session_(session),
      request_(request),
      sampler_(sampler),
      result_(*result),
      healed_(request.healed),
      stream_(request.stop, request.on_text),
      context_(request.draft.context) {}

void Answer::Begin(std::vector<float> logits, const Stopwatch& since_start) {
  logits_ = std::move(logits);
  since_start_ = &since_start;
  result_.reason = "length";
}

bool Answer::TakeWhatIsKnown() {
  const auto vocabulary = static_cast<size_t>(core_.model().config().vocabulary);
  while (taken_ < request_.max_tokens) {
    const bool goes_on =
        Take(std::span<const float>(logits_).subspan(row_ * vocabulary, vocabulary));
    if (taken_++ == 0) {
      decode_ = Stopwatch();
    }
    if (!has_text_) {
      result_.timings.ttft_ms = since_start_->Milliseconds();
      has_text_ = !goes_on || result_.tokens.size() > result_.healed_tokens;
    }
    if (!goes_on) {
      return false;
    }
    if (!WasGuessed()) {
      Settle();
      // Else nothing follows that would need this token's KV.
      return taken_ < request_.max_tokens && session_.room() > 1;
    }
    ++row_;
    ++result_.counters.tokens_accepted;
  }
  return false;
}

void Answer::Finish() {
  Settle();
  stream_.Finish();
  result_.text = stream_.text();
  result_.timings.decode_ms = decode_.Milliseconds();
}

void Answer::Settle() {
  session_.Truncate(session_.size() - (guess_.size() - row_));
  guess_.clear();
  row_ = 0;
}

bool Answer::Heal(std::span<const float> logits, std::vector<float>* allowed) const {
  const std::vector<Token> tokens = core_.pieces().Beginning(healed_);
  allowed->assign(logits.size(), -std::numeric_limits<float>::infinity());
  bool is_any = false;
  for (const Token token : tokens) {
    const auto index = static_cast<size_t>(token);
    if (index < logits.size()) {
      (*allowed)[index] = logits[index];
      is_any = true;
    }
  }
  return is_any;
}

bool Answer::Take(std::span<const float> logits) {
  std::vector<float> allowed;
  if (!healed_.empty()) {
    if (!Heal(logits, &allowed)) {
      result_.reason = "end";  // no token says these bytes
      return false;
    }
    logits = allowed;
  }
  const Token token = sampler_.Sample(logits);
  if (core_.vocabulary().IsEndOfGeneration(token)) {
    result_.reason = "end";
    return false;
  }
  ++result_.counters.tokens_decoded;
  result_.tokens.push_back(token);
  context_.push_back(token);
  std::string piece = core_.vocabulary().Piece(token);
  const bool is_healed = !healed_.empty() && piece.size() <= healed_.size();
  const size_t given = std::min(healed_.size(), piece.size());
  healed_.erase(0, given);
  piece.erase(0, given);
  if (is_healed) {
    ++result_.healed_tokens;
    return true;
  }
  if (request_.measure_probability) {
    result_.log_probability += LogProbability(logits, token);
    const size_t count = result_.tokens.size() - result_.healed_tokens;
    if (count >= request_.min_judged_tokens &&
        result_.log_probability / static_cast<double>(count) < request_.min_mean_log_probability) {
      result_.reason = "unlikely";
      return false;
    }
  }
  if (stream_.Push(piece)) {
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

void Answer::Advanced(std::span<const float> logits) {
  logits_.assign(logits.begin(), logits.end());
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

}  // namespace leoam
