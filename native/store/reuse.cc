#include "store/reuse.h"

#include <algorithm>

namespace leoam {

namespace {

// Above this many pairs of changed chunks only the common front and back are matched: a
// rewritten giant is not worth the memory.
constexpr size_t kMaxPairs = size_t{1} << 24;

// The chunks of one text.
class Chunks {
 public:
  Chunks(std::span<const Token> tokens, std::span<const uint32_t> ends)
      : tokens_(tokens), ends_(ends) {}

  size_t size() const { return ends_.size(); }
  std::span<const Token> operator[](size_t chunk) const {
    const size_t begin = chunk == 0 ? 0 : ends_[chunk - 1];
    return tokens_.subspan(begin, ends_[chunk] - begin);
  }

 private:
  std::span<const Token> tokens_;
  std::span<const uint32_t> ends_;
};

bool Same(std::span<const Token> a, std::span<const Token> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// Longest common subsequence, weighed by tokens, of before[begin..old_end) and
// after[begin..new_end).
void MatchMiddle(const Chunks& before, const Chunks& after, size_t begin, size_t old_end,
                 size_t new_end, std::vector<ChunkReuse>* plan) {
  const size_t rows = old_end - begin;
  const size_t columns = new_end - begin;
  if (rows == 0 || columns == 0 || rows > kMaxPairs / columns) {
    return;
  }
  // best[i][j]: tokens that can match from old chunk begin+i and new chunk begin+j on.
  std::vector<uint32_t> best((rows + 1) * (columns + 1), 0);
  const auto at = [&](size_t i, size_t j) -> uint32_t& { return best[i * (columns + 1) + j]; };
  for (size_t i = rows; i-- > 0;) {
    const std::span<const Token> old_chunk = before[begin + i];
    for (size_t j = columns; j-- > 0;) {
      at(i, j) = std::max(at(i + 1, j), at(i, j + 1));
      if (Same(old_chunk, after[begin + j])) {
        at(i, j) = std::max(at(i, j), at(i + 1, j + 1) + static_cast<uint32_t>(old_chunk.size()));
      }
    }
  }
  for (size_t i = 0, j = 0; i < rows && j < columns;) {
    if (Same(before[begin + i], after[begin + j]) &&
        at(i, j) == at(i + 1, j + 1) + before[begin + i].size()) {
      (*plan)[begin + j].old_chunk = static_cast<int>(begin + i);
      ++i;
      ++j;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      ++i;
    } else {
      ++j;
    }
  }
}

}  // namespace

std::vector<ChunkReuse> PlanReuse(const SegmentInfo& old, std::span<const Token> tokens,
                                  std::span<const uint32_t> chunk_ends) {
  const Chunks before(old.tokens, old.chunk_ends);
  const Chunks after(tokens, chunk_ends);
  std::vector<ChunkReuse> plan(after.size());

  size_t front = 0;
  bool exact = true;
  while (front < before.size() && front < after.size() && Same(before[front], after[front])) {
    exact = exact && (old.chunk_stale.empty() || old.chunk_stale[front] == 0);
    plan[front] = {static_cast<int>(front), exact};
    ++front;
  }
  size_t old_end = before.size();
  size_t new_end = after.size();
  while (old_end > front && new_end > front && Same(before[old_end - 1], after[new_end - 1])) {
    --old_end;
    --new_end;
    plan[new_end].old_chunk = static_cast<int>(old_end);
  }
  MatchMiddle(before, after, front, old_end, new_end, &plan);
  return plan;
}

}  // namespace leoam
