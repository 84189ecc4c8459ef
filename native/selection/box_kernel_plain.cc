#include "selection/box_kernel_loops.h"

namespace leoam {
namespace {

void Score(const int16_t* query, float query_unit, const BoxCodes& box, size_t dim, int bits,
           float* scores) {
  int8_t weights[kMostBoxDim];
  int16_t sums[kBoxKeys];
  int16_t fine_sums[kBoxKeys];
  int middles = 0;
  for (size_t d = 0; d < dim; ++d) {
    middles += query[d] * box.middles[d];
  }
  const int weight = box_loops::Weigh(query, box.extents, dim, weights);
  box_loops::SumCodes(weights, box.codes, dim, bits, sums);
  if (box.fine != nullptr) {
    box_loops::SumCodes(weights, box.fine, dim, bits, fine_sums);
  }
  box_loops::Finish(query_unit, box, bits, middles, weight, sums, fine_sums, scores);
}

}  // namespace

const BoxKernel& PlainBoxKernel() {
  static constexpr BoxKernel kKernel = {box_loops::Sum, Score};
  return kKernel;
}

}  // namespace leoam
