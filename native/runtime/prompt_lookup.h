// Guesses what a text goes on with from what it went on with before (prompt lookup decoding).
// Code repeats itself: a name, a call, a line that stands elsewhere in the prompt. A guess costs
// a row in a pass that runs anyway, and decoding verifies it: nothing that is written changes.
#pragma once

#include <span>
#include <vector>

#include "leoam/types.h"

namespace leoam {

inline constexpr size_t kShortestMatch = 2;
inline constexpr size_t kLongestMatch = 8;

// The tokens that follow the longest earlier match of the text's end. Of equally long matches
// (`kLongestMatch` tokens count as equal) the last one decides. `history`: where matches are
// looked for, in order; `end`: what the text ends with, oldest first. At most `limit` tokens,
// and as many as are worth a row each after a match of that length; none where fewer than
// `kShortestMatch` tokens match.
std::vector<Token> LookUp(std::span<const std::span<const Token>> history,
                          std::span<const Token> end, size_t limit);

}  // namespace leoam
