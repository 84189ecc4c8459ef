// Reading a file once: prefill after the preamble, keep K before RoPE and V in the store.
#pragma once

#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/core.h"

namespace leoam {

// Makes the store hold the segment. Nothing is computed when it does already, unless it is
// there with stale chunks and no `base` is given: then it is read again exactly.
//
// With a base, chunks with equal tokens are taken from it (design: fresh at once, exact in
// idle time) and only the others are computed; a chunk behind the first change is stale.
Result<SegmentResult> ReadSegment(Core& core, JobContext& job, const SegmentRequest& request);

// Checks what callers pass: a key of 64 hex digits, ascending chunk ends that cover tokens,
// token ids of the vocabulary.
Status ValidateSegment(const Core& core, const std::string& key, std::span<const Token> tokens,
                       std::span<const uint32_t> chunk_ends);

}  // namespace leoam
