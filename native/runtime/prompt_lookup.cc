#include "runtime/prompt_lookup.h"

#include <algorithm>

namespace leoam {
namespace {

// How many tokens before `at` are those at the end of the text.
size_t MatchBefore(std::span<const Token> tokens, size_t at, std::span<const Token> end) {
  const size_t most = std::min({at, end.size(), kLongestMatch});
  size_t length = 0;
  while (length < most && tokens[at - 1 - length] == end[end.size() - 1 - length]) {
    ++length;
  }
  return length;
}

}  // namespace

std::vector<Token> LookUp(std::span<const std::span<const Token>> history,
                          std::span<const Token> end, size_t limit) {
  size_t longest = kShortestMatch - 1;
  std::span<const Token> best;
  for (const std::span<const Token> tokens : history) {
    for (size_t at = kShortestMatch; at < tokens.size(); ++at) {
      const size_t length = MatchBefore(tokens, at, end);
      if (length >= kShortestMatch && length >= longest) {
        longest = length;
        best = tokens.subspan(at);
      }
    }
  }
  best = best.first(std::min(best.size(), limit));
  return {best.begin(), best.end()};
}

}  // namespace leoam
