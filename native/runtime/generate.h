// Answers: prompt, then tokens one by one. And their judgement, for evaluation.
#pragma once

#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/session.h"

namespace leoam {

// A cancelled generation is not an error: it returns what was written, reason "cancelled";
// the session then holds the partial answer. Failures before the first token are errors.
Result<GenerateResult> Generate(Core& core, JobContext& job, Session& session,
                                const GenerateRequest& request);

// Log probabilities of `target` after the prompt, teacher forced. The session is left at
// the prompt's end.
Result<ScoreResult> Score(Core& core, JobContext& job, Session& session,
                          const ScoreRequest& request);

}  // namespace leoam
