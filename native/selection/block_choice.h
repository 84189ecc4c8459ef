// Which blocks of a context take part in a step, judged from abstracts alone.
#pragma once

#include <cstddef>
#include <vector>

#include "model/attention/sums.h"
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
  // `q`: [rows][heads][head_dim]; `resident`: the attention of each to what takes part anyway.
  //
  // In each head softmax over that and, where boxes have codes, all keys as these have them;
  // without codes over all bounds, as if every box held one key that reaches it.
  void Judge(const KeyBoxes& boxes, const float* q, int rows, const AttentionSums& resident,
             int part, int parts);

  // Of what the parts have judged since the last call, each what it judged last: the blocks with
  // the largest estimated share of any head's attention, ascending: as many as hold, together with
  // what is resident, `mass` of all heads' estimated attention, but at most `count`. Besides these
  // each block of which a box is not set.
  std::vector<size_t> Choose(const KeyBoxes& boxes, size_t count, double mass = 1.0);

 private:
  // Judging may be cut into so many parts.
  static constexpr size_t kParts = 64;

  struct Part {
    size_t heads = 0;               // judged, of all rows
    double resident = 0;            // their attention to what takes part anyway
    std::vector<float> query;       // scaled
    std::vector<float> scores;      // of keys, or bounds of boxes
    std::vector<float> box_scores;  // of each box, the highest
    std::vector<float> box_shares;  // of each box by all of its keys
    std::vector<float> best;        // of each block
    std::vector<float> sums;        // of each block, over heads and rows
  };

  // The boxes' shares of the attention of one head, whose scaled query is set, from their bounds.
  static void ShareByBounds(const KeyBoxes& boxes, int kv_head, float resident, Part* part);
  // The same, from the codes of the keys.
  static void ShareByCodes(const KeyBoxes& boxes, int kv_head, float resident, Part* part);

  // Into the first part. Returns how many heads of all rows were judged.
  size_t Join();

  const ChoiceShape shape_;
  const std::vector<size_t> block_ends_;
  std::vector<Part> parts_;
};

}  // namespace leoam
