// Answers: prompt, then tokens one by one. And their judgement, for evaluation.
#pragma once

#include <span>
#include <vector>

#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/session.h"

namespace leoam {

// A cancelled generation is not an error: it returns what was written, reason "cancelled";
// the session then holds the partial answer. Failures before the first token are errors.
Result<GenerateResult> Generate(Core& core, JobContext& job, Session& session,
                                const GenerateRequest& request);

// Answers several prompts, each in its own session: every pass computes a token of each, so that
// weights are read once for all, and what lies in tiers, which must be the same in all sessions
// or in none, as well. Nothing is guessed ahead, and which parts an answer rests on is not
// measured. Of each answer `bytes_from_disk` has an equal part of what these passes read, and
// `ttft_ms` counts from the start of the job, which prepares all before it writes. Cancelled as
// Generate is.
Result<std::vector<GenerateResult>> GenerateTogether(Core& core, JobContext& job,
                                                     std::span<Session* const> sessions,
                                                     std::span<const GenerateRequest> requests);

// Log probabilities of `target` after the prompt, teacher forced. The session is left at
// the prompt's end.
Result<ScoreResult> Score(Core& core, JobContext& job, Session& session,
                          const ScoreRequest& request);

}  // namespace leoam
