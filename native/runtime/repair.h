// Which stored tokens to compute again. KV that was read file by file lacks what passages
// say of each other; recomputing the tokens that the question attends to most brings the
// answer back to the quality of text prefilled as one piece (CacheBlend's idea with the
// question's own attention as the choice).
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "leoam/status.h"
#include "runtime/core.h"

namespace leoam {

// Runs the question once over the evidence in `kv` (writing scratch rows behind
// kv->size()) and returns the positions, ascending, of the `share` of the rows in `stored`
// that got most of its attention, neighbours counted in.
Result<std::vector<int32_t>> ChooseRepair(Core& core, JobContext& job, KvBuffer* kv,
                                          std::span<const std::pair<size_t, size_t>> stored,
                                          std::span<const Token> question, double share);

}  // namespace leoam
