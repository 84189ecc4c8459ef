// Reading a file once: prefill after the preamble, keep K before RoPE and V in the store.
#pragma once

#include <optional>

#include "leoam/engine.h"
#include "leoam/status.h"
#include "runtime/core.h"

namespace leoam {

// A segment that was read, and what is left to be done: to write it.
struct SegmentReading {
  SegmentResult result;
  std::optional<SegmentWrite> write;  // absent where the store holds it already; its `kv` is unset
  SegmentKv kv;                       // of all its tokens
};

// Reads a segment for the store, on the engine thread. Nothing is computed when the store holds it
// already, unless it is there with stale chunks and no `base` is given: then it is read again
// exactly.
//
// With a base, chunks with equal tokens are taken from it (design: fresh at once, exact in
// idle time) and only the others are computed; a chunk behind the first change is stale.
Result<SegmentReading> ComputeSegment(Core& core, JobContext& job, const SegmentRequest& request);

// Makes the store hold it. Any thread: encoding and waiting for a disk cannot give way to a more
// urgent job.
Result<SegmentResult> WriteSegment(SegmentStore& store, SegmentReading read);

// Checks what callers pass: a key of 64 hex digits, ascending chunk ends that cover tokens,
// token ids of the vocabulary.
Status ValidateSegment(const Core& core, const std::string& key, std::span<const Token> tokens,
                       std::span<const uint32_t> chunk_ends);

}  // namespace leoam
