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

class BlockChoice {
 public:
  // `block_ends[i]`: the box behind the last one of block i, ascending.
  BlockChoice(const ChoiceShape& shape, std::vector<size_t> block_ends);

  // The blocks with the largest estimated share of any head's attention, ascending: as many as
  // hold `mass` of all heads' estimated attention together, but at most `count`. Besides these
  // each block of which a box is not set. `q`: [rows][heads][head_dim].
  //
  // In each head softmax over the boxes' bounds, as if every box held one key that reaches it;
  // a block counts by its best box in its best head and row.
  std::vector<size_t> Choose(const KeyBoxes& boxes, const float* q, int rows, size_t count,
                             double mass = 1.0);

 private:
  const ChoiceShape shape_;
  const std::vector<size_t> block_ends_;
  std::vector<float> bounds_;
  std::vector<float> shares_;  // of each box, in one head
  std::vector<float> best_;    // of each block
  std::vector<float> sums_;    // of each block, over heads and rows
};

}  // namespace leoam
