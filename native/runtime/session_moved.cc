// The question's parts in their places: what is moved, what is loaded, what is to be run.
#include <algorithm>
#include <utility>

#include "runtime/clock.h"
#include "runtime/session.h"

namespace leoam {

Status Session::CheckMovable(const PromptRequest& request) const {
  for (size_t i = 0; i < request.parts.size(); ++i) {
    const Part& part = request.parts[i];
    const bool in_question = i >= request.question_part;
    if (in_question && part.kind != Part::Kind::kText &&
        !(part.movable && part.kind == Part::Kind::kChunks)) {
      return {StatusCode::kInvalidArgument, "The question's parts must be text."};
    }
    if (part.movable &&
        (!in_question || i + 1 == request.parts.size() || request.repair_share > 0)) {
      return {StatusCode::kInvalidArgument,
              "Parts of the question may be movable, with text behind them and without repair."};
    }
  }
  return Status::Ok();
}

void Session::TakeMovable(const PromptRequest& request, size_t matched) {
  std::vector<std::pair<Part, MovedRows>> kept;
  for (size_t i = 0; i < request.parts.size(); ++i) {
    const Part& part = request.parts[i];
    const bool stays = i < matched && !entries_[i].moved;
    const bool is_kept = std::any_of(kept.begin(), kept.end(),
                                     [&](const auto& other) { return Same(other.first, part); });
    if (!part.movable || stays || is_kept) {
      continue;
    }
    // Always from where it was computed or loaded: rounding does not add up over many moves.
    const auto held = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return !entry.moved && Same(entry.part, part);
    });
    if (held != entries_.end()) {
      kept.emplace_back(part, MovedRows::Take(*kv_, held->begin, held->end));
    } else if (MovedRows* rows = FindMovable(part); rows != nullptr) {
      kept.emplace_back(part, std::move(*rows));
    }
  }
  movable_ = std::move(kept);
}

MovedRows* Session::FindMovable(const Part& part) {
  const auto found = std::find_if(movable_.begin(), movable_.end(),
                                  [&](const auto& kept) { return Same(kept.first, part); });
  return found == movable_.end() ? nullptr : &found->second;
}

// The question's parts are run as one piece, around what is moved or loaded into its place.
Result<Session::Question> Session::LayQuestion(JobContext& job, const PromptRequest& request,
                                               size_t part, size_t skip, Counters* counters,
                                               Timings* timings) {
  Question question;
  size_t row = kv_->size();
  for (; part < request.parts.size(); ++part, skip = 0) {
    const Part& wanted = request.parts[part];
    auto tokens = PartTokens(wanted);
    if (!tokens.ok()) {
      return tokens.status();
    }
    const size_t begin = row - skip;
    tokens->erase(tokens->begin(), tokens->begin() + static_cast<ptrdiff_t>(skip));
    const MovedRows* moved = wanted.movable ? FindMovable(wanted) : nullptr;
    if (moved != nullptr) {
      moved->Put(core_.model().config().rope, row, kv_.get());
      counters->tokens_reused += tokens->size();
      counters->tokens_moved += tokens->size();
    } else if (wanted.kind == Part::Kind::kChunks) {
      const Stopwatch watch;
      LEOAM_RETURN_IF_ERROR(LoadChunksAt(job, wanted, row, counters));
      timings->load_kv_ms += watch.Milliseconds();
    } else {
      const auto positions = PositionsOf(row, tokens->size());
      question.tokens.insert(question.tokens.end(), tokens->begin(), tokens->end());
      question.positions.insert(question.positions.end(), positions.begin(), positions.end());
      for (size_t i = 0; i < tokens->size(); ++i) {
        question.rows.push_back(row + i);
      }
    }
    question.all.insert(question.all.end(), tokens->begin(), tokens->end());
    row += tokens->size();
    question.entries.push_back({wanted, begin, row, moved != nullptr});
  }
  return question;
}

}  // namespace leoam
