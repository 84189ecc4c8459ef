#include "runtime/prompt_lookup.h"

#include <algorithm>
#include <array>

namespace leoam {
namespace {

// By the length of the match, from none on. A row costs 0.29 of a pass (0.5B, two cores), so a
// guess is worth it as long as it is right that often: measured over JavaScript of two
// repositories, 17,000 places. After two equal tokens the first guess is right at 44 %, the second
// at 25 %; after eight, 82 % and, of the eighth, 30 %.
constexpr std::array<size_t, kLongestMatch + 1> kWorthGuessing = {0, 0, 1, 2, 2, 3, 3, 5, 8};

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
  const size_t worth = best.empty() ? 0 : kWorthGuessing[longest];
  best = best.first(std::min({best.size(), limit, worth}));
  return {best.begin(), best.end()};
}

}  // namespace leoam
