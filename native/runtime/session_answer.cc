// What follows the prompt in a session: the tokens of an answer.
#include <algorithm>
#include <utility>

#include "runtime/session.h"

namespace leoam {

Status Session::Append(JobContext& job, std::span<const Token> tokens, std::vector<float>* logits,
                       std::vector<float>* chunk_mass, Attend attend) {
  if (tokens.size() > room()) {
    return {StatusCode::kOutOfRange, "The conversation's window is full."};
  }
  const auto positions = PositionsOf(kv_->size(), tokens.size());
  std::vector<int32_t> rows = ConsecutivePositions(0, tokens.size());
  DecodeRequest request;
  request.tokens = tokens;
  request.positions = positions;
  request.kv = kv_.get();
  request.tiered = tiered_.get();
  request.all_tiered = attend == Attend::kAll;
  request.logit_rows = rows;
  request.logits = logits;
  request.chunk_mass = chunk_mass;
  LEOAM_RETURN_IF_ERROR(RunPass(core_, job, std::move(request)));
  AdvanceAnswer(tokens);
  return Status::Ok();
}

Status Session::AppendTogether(JobContext& job, std::span<Session* const> sessions,
                               std::span<const Token> tokens, std::vector<float>* logits,
                               Attend attend) {
  const Session& first = *sessions.front();
  std::vector<SequenceRows> sequences;
  std::vector<int32_t> positions;
  for (const Session* session : sessions) {
    if (session->tiered_ != first.tiered_) {
      return {StatusCode::kInvalidArgument,
              "Answers that are written together need the same evidence in the same tiers."};
    }
    if (session->room() == 0) {
      return {StatusCode::kOutOfRange, "The conversation's window is full."};
    }
    sequences.push_back({session->kv_.get(), 1});
    positions.push_back(static_cast<int32_t>(session->kv_->Position(session->kv_->size())));
  }
  const std::vector<int32_t> rows = ConsecutivePositions(0, tokens.size());
  DecodeRequest request;
  request.tokens = tokens;
  request.positions = positions;
  request.sequences = sequences;
  request.tiered = first.tiered_.get();
  request.all_tiered = attend == Attend::kAll;
  request.logit_rows = rows;
  request.logits = logits;
  LEOAM_RETURN_IF_ERROR(RunPass(first.core_, job, std::move(request)));
  for (size_t i = 0; i < sessions.size(); ++i) {
    sessions[i]->AdvanceAnswer(tokens.subspan(i, 1));
  }
  return Status::Ok();
}

void Session::AdvanceAnswer(std::span<const Token> tokens) {
  Entry entry;
  entry.part.tokens.assign(tokens.begin(), tokens.end());
  entry.begin = kv_->size();
  entry.end = entry.begin + tokens.size();
  if (!entries_.empty() && appended_) {
    Entry& last = entries_.back();
    last.part.tokens.insert(last.part.tokens.end(), tokens.begin(), tokens.end());
    last.end = entry.end;
  } else {
    entries_.push_back(std::move(entry));
    appended_ = true;
  }
  Advance(tokens);
}

}  // namespace leoam
