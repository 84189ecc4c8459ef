// One conversation's KV: [preamble][evidence][question][answer][more evidence]…, append-only
// as long as the caller's parts begin with what is here already (design 3.2).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kv/moved_rows.h"
#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/core.h"
#include "tiers/tiered_context.h"

namespace leoam {

class Session {
 public:
  // Holds its KV in `format`. Text that it keeps (Part::Kind::kKeep) was computed attending to
  // that KV, as it was to the evidence before it; neither is part of its key.
  //
  // `tiers.ram_bytes` above 0: the stored chunks that the evidence begins with stay on disk and
  // take no more RAM than that; `context_tokens` is then the room for the rest.
  static Result<std::unique_ptr<Session>> Create(Core& core, size_t context_tokens, KvFormat format,
                                                 const TierOptions& tiers = {});

  // Makes the session hold the prompt and computes the logits of its last token, [vocabulary].
  // What equals the content from the front is reused; the rest is loaded, repaired, prefilled.
  // On failure the session keeps a valid prefix.
  Status Prepare(JobContext& job, const PromptRequest& request, Counters* counters,
                 Timings* timings, std::vector<float>* logits);

  // What a pass sees of evidence that lies in tiers: all of it, or the share that they are set to.
  enum class Attend { kAll, kShare };

  // Runs tokens that follow (an answer's). `logits`: [tokens.size() * vocabulary].
  Status Append(JobContext& job, std::span<const Token> tokens, std::vector<float>* logits,
                std::vector<float>* chunk_mass, Attend attend = Attend::kShare);

  // Runs a token each for several sessions that hold the same tiers, or none, in one pass.
  // `logits`: [sessions.size() * vocabulary].
  static Status AppendTogether(JobContext& job, std::span<Session* const> sessions,
                               std::span<const Token> tokens, std::vector<float>* logits,
                               Attend attend);

  // Forgets everything behind the first `tokens` positions.
  void Truncate(size_t tokens);

  size_t size() const { return kv_->size(); }
  // Tokens that can follow.
  size_t room() const;
  // Of every row, the preamble's first. Valid until the session changes.
  std::span<const Token> tokens() const { return tokens_; }
  // One sentence for the user: the last Prepare could not keep on disk what it computed, or a
  // device has no room or failed. Empty else.
  std::string warning() const;
  // [begin, end) positions of the prompt's parts, in the order of the request.
  // Empty ranges for what lies in tiers.
  const std::vector<std::pair<size_t, size_t>>& part_ranges() const { return part_ranges_; }
  // Null where all is in the buffer. Its ranges are the prompt's first parts.
  TieredContext* tiered() const { return tiered_.get(); }

 private:
  // What lies at [begin, end), and where it came from.
  struct Entry {
    Part part;
    size_t begin = 0;
    size_t end = 0;
    bool moved = false;  // its KV was computed behind another text
  };
  // What is run in one go at the end of a prompt.
  struct Question {
    std::vector<Token> tokens;
    std::vector<int32_t> positions;
    std::vector<size_t> rows;    // of the tokens, ascending
    std::vector<Entry> entries;  // of its parts, to take the place of what is held of them
    std::vector<Token> all;      // of these entries
  };

  Session(Core& core, std::unique_ptr<KvBuffer> kv) : core_(core), kv_(std::move(kv)) {}

  // Prepare, of what the buffer holds.
  Status PrepareRows(JobContext& job, const PromptRequest& request, Counters* counters,
                     Timings* timings, std::vector<float>* logits);
  // Makes the tiers hold the first `count` parts of the request, and no others.
  Status HoldInTiers(JobContext& job, const PromptRequest& request, size_t count);
  Result<std::unique_ptr<TieredContext>> OpenTiers(JobContext& job,
                                                   std::shared_ptr<SegmentStore> store,
                                                   const std::vector<ChunkRange>& ranges,
                                                   size_t begin, const TierOptions& options,
                                                   std::span<const std::vector<uint8_t>> channels);
  // The positions of `count` rows from `row` on, all behind or all before the gap.
  std::vector<int32_t> PositionsOf(size_t row, size_t count) const;
  void Advance(std::span<const Token> tokens);
  // Advance, of an answer.
  void AdvanceAnswer(std::span<const Token> tokens);
  static bool Same(const Part& a, const Part& b);
  Result<std::vector<Token>> PartTokens(const Part& part) const;
  void SplitEntry(size_t at, const Part& wanted);
  size_t MatchParts(const PromptRequest& request);
  void MatchPrefix(const PromptRequest& request, size_t* next_part, size_t* next_token);
  // The part is what lies from `begin` on: the entry that is held of it, or a new last one.
  void Hold(size_t at, Part part, size_t begin);
  Status AppendEvidence(JobContext& job, const Part& part, size_t skip, Counters* counters,
                        Timings* timings);
  Status LoadChunks(JobContext& job, const Part& part, Counters* counters);
  // Into the rows from `row` on, whatever the session's size.
  Status LoadChunksAt(JobContext& job, const Part& part, size_t row, Counters* counters);
  // What was computed of it is there also where it fails.
  Status PrefillText(JobContext& job, std::span<const Token> tokens, Counters* counters);
  Status KeepText(JobContext& job, const Part& part, Counters* counters);
  // Gives way while the store writes, which takes long. Who gives up leaves it to itself.
  struct Writing;
  Status Await(JobContext& job, const std::shared_ptr<Writing>& writing);
  Status CheckMovable(const PromptRequest& request) const;
  // Keeps the rows of the request's movable parts that the session has had, and no others.
  // The first `matched` parts stay where they are.
  void TakeMovable(const PromptRequest& request, size_t matched);
  MovedRows* FindMovable(const Part& part);  // null where there are no such rows
  Result<Question> LayQuestion(JobContext& job, const PromptRequest& request, size_t part,
                               size_t skip, Counters* counters, Timings* timings);
  // `finished`: how many of its tokens have their KV, also where it fails.
  Status RunQuestion(JobContext& job, const PromptRequest& request, Question question,
                     Counters* counters, Timings* timings, std::vector<float>* logits,
                     size_t* finished);

  Core& core_;
  std::unique_ptr<KvBuffer> kv_;
  TierOptions tier_options_;
  std::vector<Part> tiered_parts_;  // in the gap of kv_; entries_ are of its rows alone
  std::shared_ptr<TieredContext> tiered_;
  std::vector<Entry> entries_;
  std::vector<Token> tokens_;  // of every row of kv_, the preamble's first
  // Movable parts of the last prompt and their rows: a Prepare that is cancelled keeps them.
  std::vector<std::pair<Part, MovedRows>> movable_;
  // Rows from the store behind which no question was run yet, also of a Prepare that was given up:
  // what repair chooses from.
  std::vector<std::pair<size_t, size_t>> loaded_;
  std::vector<std::pair<size_t, size_t>> part_ranges_;
  std::string warning_;
  bool appended_ = false;  // the last entry is the answer in progress
};

}  // namespace leoam
