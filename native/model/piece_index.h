// The vocabulary by what its tokens say, for text that is to begin in a given way.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "leoam/types.h"
#include "model/vocabulary.h"

namespace leoam {

// Immutable. Making one takes some 100 ms.
class PieceIndex {
 public:
  explicit PieceIndex(const Vocabulary& vocabulary);

  // The tokens with which a text may begin that begins with these bytes: those that begin with
  // them, and those with which they begin. Never a mark of the format. None for no bytes.
  std::vector<Token> Beginning(const std::string& bytes) const;

 private:
  std::vector<std::pair<std::string, Token>> pieces_;  // sorted
};

}  // namespace leoam
