// The engine's public C++ interface: what the Node-API edge (and a C++ host) uses.
// Plain requests and results; the work itself runs in jobs on the engine thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "leoam/status.h"
#include "leoam/tier_counters.h"
#include "leoam/types.h"

namespace leoam {

// A piece of a prompt, appended at the next positions.
struct Part {
  enum class Kind {
    kText,    // tokens, prefilled
    kChunks,  // chunks [first, last) of a stored segment, moved to these positions
    kKeep,    // tokens, prefilled here and then stored as a segment under `key`
  };
  Kind kind = Kind::kText;
  std::string key;
  size_t first = 0;
  size_t last = 0;
  std::vector<Token> tokens;
  std::vector<uint32_t> chunk_ends;  // kKeep
  // In the question, and not together with repair: where the session's last prompt had the same
  // part behind another text, its KV is moved instead of computed or loaded. It still holds what
  // it attended to then (design: the kept suffix). A question's kChunks must be movable.
  bool movable = false;
};

struct SegmentRequest {
  std::string key;
  std::vector<Token> tokens;
  std::vector<uint32_t> chunk_ends;
  std::string base;  // an older segment of the same file, or empty
};

struct SegmentResult {
  uint64_t tokens_computed = 0;
  uint64_t tokens_reused = 0;
  uint64_t bytes_written = 0;
  uint64_t stale_chunks = 0;
  std::string warning;
};

struct Counters {
  uint64_t tokens_computed = 0;  // through the model before the first token of the answer
  uint64_t tokens_repaired = 0;  // of these, stored tokens that were recomputed
  uint64_t tokens_reused = 0;    // KV taken from the store or from the session
  uint64_t tokens_moved = 0;     // of these, a movable part's that stood elsewhere
  uint64_t bytes_from_disk = 0;
  uint64_t tokens_decoded = 0;
  uint64_t tokens_drafted = 0;   // guessed, and verified while decoding
  uint64_t tokens_accepted = 0;  // of these, right ones: they took no pass of their own
};

struct PromptRequest {
  std::vector<Part> parts;
  size_t question_part = 0;  // parts before it are evidence
  double repair_share = 0;   // of the stored tokens, 0..1
};

// Guesses from what stands in the session and in `corpus`, which decoding verifies: what is
// written is the same with and without.
struct DraftOptions {
  int max_tokens = 0;          // of one guess; 0: none
  std::vector<Token> context;  // what the answer goes on from; empty: from nothing
  std::vector<Token> corpus;   // more text to guess from
};

struct GenerateRequest : PromptRequest {
  int max_tokens = 256;
  float temperature = 0;
  int top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float repeat_penalty = 1;
  uint32_t seed = 0;
  std::string grammar;
  std::vector<std::string> stop;
  // What the answer begins with, in whichever tokens the model likes best (token healing): it was
  // taken from the prompt's end, since the tokens of a half word are not those of the whole one. No
  // part of the result's text, but of its tokens. Not together with a grammar.
  std::string healed;
  DraftOptions draft;
  // Log probabilities of what is written are added up, a softmax for each token. The answer
  // ends, with reason "unlikely", once the mean of so many or more of its tokens is below the given
  // one; fewer the caller judges.
  bool measure_probability = false;
  double min_mean_log_probability = -std::numeric_limits<double>::infinity();
  size_t min_judged_tokens = 1;
  std::function<void(const std::string&)> on_text;  // engine thread; whole UTF-8 characters
};

struct Timings {
  double queued_ms = 0;  // from the request to the job's start: other work went first
  double load_kv_ms = 0;
  double repair_ms = 0;   // choosing and recomputing
  double prefill_ms = 0;  // text of evidence and question
  double ttft_ms = 0;     // from the job's start to the first token
  double decode_ms = 0;
};

struct GenerateResult {
  std::string text;
  std::vector<Token> tokens;  // of the answer, for the next turn's prompt
  std::string reason;         // "end", "stop", "length", "unlikely", "cancelled"
  size_t healed_tokens = 0;   // the first ones of `tokens`, which say nothing but what was healed
  // Natural, of the others together, of the first of them among those allowed; 0 where not
  // measured.
  double log_probability = 0;
  Counters counters;
  Timings timings;
  std::vector<double> part_mass;
  // Of the context, which sessions may share, since it was opened; where evidence is on disk.
  std::optional<TierCounters> tiers;
  std::string warning;  // evidence is kept in memory only, or not at all: the disk refuses it
};

struct ScoreRequest : PromptRequest {
  std::vector<Token> target;
  bool keep_logits = false;  // to compare all that was thought likely, not the target alone
};

struct ScoreResult {
  std::vector<float> log_probabilities;
  std::vector<uint8_t> argmax;
  std::vector<float> logits;  // [target.size()][vocabulary], with keep_logits
  Counters counters;
  Timings timings;
};

struct ChunkCandidate {
  std::string key;
  size_t first = 0;
  size_t last = 0;
};

}  // namespace leoam
