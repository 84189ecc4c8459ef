#include "selection/box_kernel_loops.h"

namespace leoam {
namespace {

void Score(const int16_t* query, float query_unit, const BoxCodes& box, const BoxChannels& channels,
           float* scores) {
  int8_t weights[kMostBoxDim] = {};
  int middles = 0;
  for (size_t d = 0; d < channels.all; ++d) {
    middles += query[d] * box.middles[d];
  }
  box_loops::Weigh(query, box.extents, channels.coded, weights);
  box_loops::CodeSums codes;
  box_loops::CodeSums fine;
  codes.weights = box_loops::SumOf(weights, channels.coded);
  fine.weights = box_loops::SumOf(weights, channels.finely);
  box_loops::SumCodes(weights, box.codes, channels.coded, codes.keys);
  box_loops::SumCodes(weights, box.fine, channels.finely, fine.keys);
  box_loops::Finish(query_unit, box, middles, codes, fine, scores);
}

}  // namespace

const BoxKernel& PlainBoxKernel() {
  static constexpr BoxKernel kKernel = {box_loops::Sum, Score};
  return kKernel;
}

}  // namespace leoam
