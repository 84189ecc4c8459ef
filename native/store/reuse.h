// What of a stored segment can be taken over when its file was edited.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leoam/types.h"
#include "store/segment_store.h"

namespace leoam {

// Where one chunk of the new text comes from.
struct ChunkReuse {
  int old_chunk = -1;  // of the old segment, with the same tokens; -1: must be computed
  // True while everything before the chunk is the same too and was exact: its KV is what
  // a new computation would give. Otherwise it was read under an older text: stale.
  bool exact = false;

  bool operator==(const ChunkReuse&) const = default;
};

// One entry for each new chunk. Matches keep their order and together hold as many tokens
// as possible. Chunks that lie in front of the first change match without search, so the
// cost grows with what changed: (changed old chunks) * (changed new chunks).
// `chunk_ends` ascends and ends at tokens.size().
std::vector<ChunkReuse> PlanReuse(const SegmentInfo& old, std::span<const Token> tokens,
                                  std::span<const uint32_t> chunk_ends);

}  // namespace leoam
