// The token loop of one answer: passes of the last token with guesses behind it, of which those
// count that the sampler would have chosen anyway.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "leoam/engine.h"
#include "leoam/status.h"
#include "model/vocabulary.h"
#include "runtime/clock.h"
#include "runtime/core.h"
#include "runtime/session.h"
#include "runtime/text_stream.h"

namespace leoam {

// Drafts are verified by all of the evidence; else steps attend to what the tiers are set to.
Session::Attend AttendOf(const Session& session);

// What is passed in must outlive it; it writes text, tokens, reason, counters of decoding and mass
// of parts into `result`.
class Answer {
 public:
  Answer(Core& core, JobContext& job, Session& session, const GenerateRequest& request,
         Sampler& sampler, GenerateResult* result);

  // `logits`: of the prompt's last token. `since_start`: runs since the question was asked.
  void Begin(std::vector<float> logits, const Stopwatch& since_start);
  // Chooses tokens for as long as it is known what follows them. False: the answer has come to its
  // end. Else a pass is needed: its own, or one of several answers.
  bool TakeWhatIsKnown();
  // Computes the last token's KV, and that of guesses behind it.
  Status Advance();
  // The last token's KV was computed without guesses, with these logits [vocabulary].
  void Advanced(std::span<const float> logits);
  // After its last token.
  void Finish();

  Session& session() const { return session_; }
  Token last_token() const { return result_.tokens.back(); }
  GenerateResult& result() const { return result_; }

 private:
  // Chooses the next token; false when it ends the answer.
  bool Take(std::span<const float> logits);
  // Of `logits` those of tokens that what is to be healed may go on with; the others cannot be
  // chosen. False where there are none.
  bool Heal(std::span<const float> logits, std::vector<float>* allowed) const;
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
  std::string healed_;  // what of it is still to be written
  TextStream stream_;
  const Stopwatch* since_start_ = nullptr;
  Stopwatch decode_;
  int taken_ = 0;
  bool has_text_ = false;       // a token has said more than what was healed
  std::vector<Token> context_;  // what the text ends with, for guesses
  std::vector<Token> guess_;    // behind the last computed token
  size_t row_ = 0;              // of the logits that choose the next token; guesses before it hold
  std::vector<float> logits_;   // [1 + guess_.size()][vocabulary]
};

}  // namespace leoam
