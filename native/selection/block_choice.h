// Which blocks of a context take part in a step, judged from abstracts alone.
#pragma once

#include <cstddef>
#include <vector>

#include "selection/key_boxes.h"

namespace leoam {

struct ChoiceShape {
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
};

// Several threads judge, each a part of the query heads; then one chooses.
class BlockChoice {
 public:
  // `block_ends[i]`: the box behind the last one of block i, ascending.
  BlockChoice(const ChoiceShape& shape, std::vector<size_t> block_ends);

  // What part `part` of `parts` finds of the blocks; each part on one thread, any number at once.
  // `q`: [rows][heads][head_dim].
  //
  // In each head softmax over the boxes' bounds, as if every box held one key that reaches it;
  // a block counts by its best box in its best head and row.
  void Judge(const KeyBoxes& boxes, const float* q, int rows, int part, int parts);

  // Of what the parts have judged since the last call, each what it judged last: the blocks with
  // the largest estimated share of any head's attention, ascending: as many as hold `mass` of all
  // heads' estimated attention together, but at most `count`. Besides these each block of which a
  // box is not set.
  std::vector<size_t> Choose(const KeyBoxes& boxes, size_t count, double mass = 1.0);

 private:
  // Judging may be cut into so many parts.
  static constexpr size_t kParts = 64;

  struct Part {
    size_t heads = 0;           // judged, of all rows
    std::vector<float> bounds;  // of each box, in one head
    std::vector<float> shares;  // the same
    std::vector<float> best;    // of each block
    std::vector<float> sums;    // of each block, over heads and rows
  };

  // Into the first part. Returns how many heads of all rows were judged.
  size_t Join();

  const ChoiceShape shape_;
  const std::vector<size_t> block_ends_;
  std::vector<Part> parts_;
};

}  // namespace leoam
