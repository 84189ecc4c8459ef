#include "runtime/session.h"

#include <algorithm>
#include <utility>

#include "runtime/clock.h"
#include "runtime/repair.h"

namespace leoam {

Result<std::unique_ptr<Session>> Session::Create(Core& core, size_t context_tokens, KvFormat format,
                                                 const TierOptions& tiers) {
  const auto window = static_cast<size_t>(core.model().config().context);
  auto kv = core.NewSequence(std::min(context_tokens, window), format);
  if (!kv.ok()) {
    return kv.status();
  }
  std::unique_ptr<Session> session(new Session(core, std::move(kv).value()));
  session->tokens_ = core.preamble();
  session->tier_options_ = tiers;
  return session;
}

size_t Session::room() const {
  const auto window = static_cast<size_t>(core_.model().config().context);
  const size_t rows = std::min(kv_->capacity(), window - kv_->gap_tokens());
  return rows - std::min(rows, kv_->size());
}

void Session::Truncate(size_t tokens) {
  if (tokens >= kv_->size()) {
    return;
  }
  tokens = std::max(tokens, core_.preamble().size());
  // An empty part that ends here stays.
  while (!entries_.empty() && entries_.back().begin >= tokens && entries_.back().end > tokens) {
    entries_.pop_back();
    appended_ = false;  // the answer in progress is the last one
  }
  if (!entries_.empty() && entries_.back().end > tokens) {
    Entry& last = entries_.back();
    if (last.part.kind == Part::Kind::kText) {
      last.part.tokens.resize(tokens - last.begin);
      last.end = tokens;
    } else {
      tokens = last.begin;  // a stored piece is there whole or not at all
      entries_.pop_back();
    }
  }
  kv_->set_size(tokens);
  tokens_.resize(tokens);
  std::erase_if(loaded_, [tokens](const auto& rows) { return rows.second > tokens; });
}

void Session::Advance(std::span<const Token> tokens) {
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  kv_->set_size(tokens_.size());
}

bool Session::Same(const Part& a, const Part& b) {
  if (a.kind != b.kind) {
    return false;
  }
  switch (a.kind) {
    case Part::Kind::kChunks:
      return a.key == b.key && a.first == b.first && a.last == b.last;
    case Part::Kind::kKeep:
      return a.key == b.key;
    case Part::Kind::kText:
      return a.tokens == b.tokens;
  }
  return false;
}

Result<std::vector<Token>> Session::PartTokens(const Part& part) const {
  if (part.kind != Part::Kind::kChunks) {
    return part.tokens;
  }
  const auto store = core_.store();
  if (store == nullptr) {
    return Status(StatusCode::kInvalidArgument, "Open the store before its chunks are used.");
  }
  const auto info = store->Info(part.key);
  if (!info.ok()) {
    return info.status();
  }
  if (part.first >= part.last || part.last > (*info)->chunk_ends.size()) {
    return Status(StatusCode::kInvalidArgument,
                  "Chunks " + std::to_string(part.first) + ".." + std::to_string(part.last) +
                      " are not in segment " + part.key + ", which has " +
                      std::to_string((*info)->chunk_ends.size()) + ".");
  }
  const auto& tokens = (*info)->tokens;
  const auto begin = tokens.begin() + static_cast<ptrdiff_t>((*info)->ChunkBegin(part.first));
  const auto end = tokens.begin() + static_cast<ptrdiff_t>((*info)->chunk_ends[part.last - 1]);
  return std::vector<Token>(begin, end);
}

// A movable part that is the start of a longer text here becomes a part of its own here too.
void Session::SplitEntry(size_t at, const Part& wanted) {
  const Entry& held = entries_[at];
  const auto& tokens = held.part.tokens;
  const size_t size = wanted.tokens.size();
  if (!wanted.movable || wanted.kind != Part::Kind::kText || held.moved ||
      held.part.kind != Part::Kind::kText || size == 0 || size >= tokens.size() ||
      !std::equal(wanted.tokens.begin(), wanted.tokens.end(), tokens.begin())) {
    return;
  }
  Entry rest = held;
  const auto cut = rest.part.tokens.begin() + static_cast<ptrdiff_t>(size);
  rest.part.tokens.erase(rest.part.tokens.begin(), cut);
  rest.begin += size;
  entries_[at].part.tokens.resize(size);
  entries_[at].end = rest.begin;
  entries_.insert(entries_.begin() + static_cast<ptrdiff_t>(at) + 1, std::move(rest));
}

// How many of the request's parts are here already, from the front.
size_t Session::MatchParts(const PromptRequest& request) {
  size_t part = 0;
  for (; part < request.parts.size() && part < entries_.size(); ++part) {
    const Part& wanted = request.parts[part];
    SplitEntry(part, wanted);
    // What was moved here serves for as long as the caller takes it as it is.
    if (!Same(entries_[part].part, wanted) || (entries_[part].moved && !wanted.movable)) {
      break;
    }
  }
  return part;
}

// Keeps what of the request is here already: whole parts, then tokens of a text part.
void Session::MatchPrefix(const PromptRequest& request, size_t* next_part, size_t* next_token) {
  const size_t part = MatchParts(request);
  size_t keep = part == 0 ? core_.preamble().size() : entries_[part - 1].end;
  *next_part = part;
  *next_token = 0;
  if (part < request.parts.size() && part < entries_.size() &&
      request.parts[part].kind == Part::Kind::kText &&
      entries_[part].part.kind == Part::Kind::kText && !entries_[part].moved &&
      (!request.parts[part].movable || FindMovable(request.parts[part]) == nullptr)) {
    const auto& wanted = request.parts[part].tokens;
    const auto& held = entries_[part].part.tokens;
    const auto end = std::mismatch(wanted.begin(), wanted.end(), held.begin(), held.end()).first;
    *next_token = static_cast<size_t>(end - wanted.begin());
    keep += *next_token;
  }
  // Empty parts too that the request has not: Truncate leaves those that end where it cuts.
  entries_.resize(std::min(entries_.size(), part + (*next_token > 0 ? 1 : 0)));
  Truncate(keep);
}

void Session::Hold(size_t at, Part part, size_t begin) {
  if (entries_.size() > at) {
    entries_[at].part = std::move(part);
    entries_[at].end = kv_->size();
  } else {
    entries_.push_back({std::move(part), begin, kv_->size()});
  }
}

Status Session::PrepareRows(JobContext& job, const PromptRequest& request, Counters* counters,
                            Timings* timings, std::vector<float>* logits) {
  if (request.question_part >= request.parts.size()) {
    return {StatusCode::kInvalidArgument, "A prompt needs a question after its evidence."};
  }
  size_t total = core_.preamble().size();
  for (size_t i = 0; i < request.parts.size(); ++i) {
    const auto tokens = PartTokens(request.parts[i]);
    if (!tokens.ok()) {
      return tokens.status();
    }
    total += tokens->size();
  }
  const size_t rows = kv_->size() + room();
  if (total >= rows) {
    return {StatusCode::kOutOfRange,
            "The prompt has " + std::to_string(total) + " tokens; this conversation holds " +
                std::to_string(rows) + ". Ask a shorter question or start anew."};
  }

  LEOAM_RETURN_IF_ERROR(CheckMovable(request));
  TakeMovable(request, MatchParts(request));
  size_t part = 0;
  size_t skip = 0;
  MatchPrefix(request, &part, &skip);
  if (part > request.question_part || (part == request.question_part && skip > 0)) {
    // The question itself is here: its last token is computed again for its logits.
    if (kv_->size() == total) {
      Truncate(total - 1);
      MatchPrefix(request, &part, &skip);
    }
  }
  counters->tokens_reused += kv_->size();

  appended_ = false;
  for (; part < request.question_part; ++part, skip = 0) {
    const size_t begin = kv_->size() - skip;
    Part held = request.parts[part];
    const Status appended = AppendEvidence(job, held, skip, counters, timings);
    if (!appended.ok()) {
      // Who types on asks for nearly the same again: what was computed of a text stays.
      if (held.kind == Part::Kind::kText && kv_->size() > begin) {
        held.tokens.resize(kv_->size() - begin);
        Hold(part, std::move(held), begin);
      }
      return appended;
    }
    Hold(part, std::move(held), begin);
  }

  auto question = LayQuestion(job, request, part, skip, counters, timings);
  if (!question.ok()) {
    return question.status();
  }
  if (question->tokens.empty()) {
    return {StatusCode::kInvalidArgument, "The question is empty."};
  }
  const std::vector<Entry> entries = std::move(question->entries);
  const std::vector<Token> all = std::move(question->all);
  const std::vector<size_t> computed = std::move(question->rows);
  size_t finished = 0;
  Status ran =
      RunQuestion(job, request, std::move(question).value(), counters, timings, logits, &finished);
  Advance(all);
  entries_.resize(part);
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  if (!ran.ok()) {
    // Who types on asks for nearly the same again: what was computed of it stays.
    Truncate(computed[finished]);
    return ran;
  }
  part_ranges_.clear();
  for (size_t i = 0; i < request.parts.size(); ++i) {
    part_ranges_.emplace_back(entries_[i].begin, entries_[i].end);
  }
  return Status::Ok();
}

Status Session::RunQuestion(JobContext& job, const PromptRequest& request, Question question,
                            Counters* counters, Timings* timings, std::vector<float>* logits,
                            size_t* finished) {
  std::vector<Token>& tokens = question.tokens;
  std::vector<int32_t>& positions = question.positions;
  size_t repairs = 0;
  Stopwatch watch;
  if (request.repair_share > 0 && !loaded_.empty()) {
    auto repaired = ChooseRepair(core_, job, kv_.get(), loaded_, tokens, request.repair_share);
    if (!repaired.ok()) {
      return repaired.status();
    }
    counters->tokens_repaired += repaired->size();
    std::vector<Token> all;
    for (const int32_t position : *repaired) {
      all.push_back(tokens_[static_cast<size_t>(position)]);
    }
    tokens.insert(tokens.begin(), all.begin(), all.end());
    positions.insert(positions.begin(), repaired->begin(), repaired->end());
    repairs = repaired->size();
    timings->repair_ms += watch.Milliseconds();
    watch = Stopwatch();
  }
  size_t run = 0;
  const Status status = RunPrefill(core_, job,
                                   {.kv = kv_.get(),
                                    .tiered = tiered_.get(),
                                    .tokens = tokens,
                                    .positions = positions,
                                    .first_logit_row = tokens.size() - 1,
                                    .logits = logits,
                                    .finished = &run});
  *finished = run - std::min(run, repairs);
  counters->tokens_computed += run;
  timings->prefill_ms += watch.Milliseconds();
  if (status.ok()) {
    loaded_.clear();
  }
  return status;
}

}  // namespace leoam
