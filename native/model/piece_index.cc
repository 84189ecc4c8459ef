#include "model/piece_index.h"

#include <algorithm>

namespace leoam {

PieceIndex::PieceIndex(const Vocabulary& vocabulary) {
  pieces_.reserve(static_cast<size_t>(vocabulary.size()));
  for (Token token = 0; token < vocabulary.size(); ++token) {
    if (vocabulary.IsControl(token) || vocabulary.IsEndOfGeneration(token)) {
      continue;
    }
    std::string piece = vocabulary.Piece(token);
    piece.shrink_to_fit();
    if (!piece.empty()) {
      pieces_.emplace_back(std::move(piece), token);
    }
  }
  std::sort(pieces_.begin(), pieces_.end());
}

std::vector<Token> PieceIndex::Beginning(const std::string& bytes) const {
  std::vector<Token> tokens;
  if (bytes.empty()) {
    return tokens;
  }
  const auto from = [this](const std::string& piece) {
    return std::lower_bound(pieces_.begin(), pieces_.end(), std::pair(piece, Token{0}));
  };
  for (size_t length = 1; length < bytes.size(); ++length) {
    const std::string part = bytes.substr(0, length);
    for (auto at = from(part); at != pieces_.end() && at->first == part; ++at) {
      tokens.push_back(at->second);
    }
  }
  for (auto at = from(bytes); at != pieces_.end() && at->first.starts_with(bytes); ++at) {
    tokens.push_back(at->second);
  }
  return tokens;
}

}  // namespace leoam
