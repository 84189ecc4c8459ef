#include "model/piece_index.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "testing/models.h"

namespace leoam {
namespace {

TEST(PieceIndex, FindsWhatATextMayBeginWith) {
  for (const std::string& path : {testing::LlamaModelPath(), testing::Qwen2ModelPath()}) {
    const auto vocabulary = Vocabulary::Load(path);
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().message();
    const PieceIndex index(**vocabulary);
    for (const std::string text : {" is", "(", "é", " isDeliveredFor"}) {
      const std::vector<Token> found = index.Beginning(text);
      const std::set<Token> tokens(found.begin(), found.end());
      EXPECT_EQ(tokens.size(), found.size());
      for (Token token = 0; token < (*vocabulary)->size(); ++token) {
        const std::string piece = (*vocabulary)->Piece(token);
        const bool may = !piece.empty() && !(*vocabulary)->IsControl(token) &&
                         !(*vocabulary)->IsEndOfGeneration(token) &&
                         (piece.starts_with(text) || text.starts_with(piece));
        EXPECT_EQ(tokens.contains(token), may) << text << " and " << piece;
      }
      EXPECT_FALSE(found.empty()) << text;
    }
    EXPECT_TRUE(index.Beginning("").empty());
  }
}

}  // namespace
}  // namespace leoam
