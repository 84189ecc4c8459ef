#include "selection/block_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "selection/score_kernel.h"

namespace leoam {

BlockChoice::BlockChoice(const ChoiceShape& shape, std::vector<size_t> block_ends)
    : shape_(shape),
      block_ends_(std::move(block_ends)),
      best_(block_ends_.size()),
      sums_(block_ends_.size()) {}

std::vector<size_t> BlockChoice::Choose(const KeyBoxes& boxes, const float* q, int rows,
                                        size_t count, double mass) {
  const size_t blocks = block_ends_.size();
  std::vector<size_t> chosen(blocks);
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  if (count >= blocks && mass >= 1.0) {
    return chosen;
  }
  bounds_.resize(boxes.count());
  shares_.resize(boxes.count());
  std::fill(best_.begin(), best_.end(), 0.0F);
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape_.head_dim));
  const int group = shape_.heads / shape_.kv_heads;
  for (int i = 0; i < rows * shape_.heads; ++i) {
    const int kv_head = i % shape_.heads / group;
    boxes.Bounds(kv_head, q + static_cast<ptrdiff_t>(i) * shape_.head_dim, bounds_.data());
    for (float& bound : bounds_) {
      bound = std::isinf(bound) ? -1e30F : bound * scale;
    }
    std::fill(shares_.begin(), shares_.end(), 0.0F);
    AddSoftmax(bounds_, shares_);
    size_t box = 0;
    for (size_t block = 0; block < blocks; ++block) {
      for (; box < block_ends_[block]; ++box) {
        best_[block] = std::max(best_[block], shares_[box]);
        sums_[block] += shares_[box];
      }
    }
  }
  size_t box = 0;
  size_t unknown = 0;
  for (size_t block = 0; block < blocks; ++block) {
    bool is_set = true;
    for (; box < block_ends_[block]; ++box) {
      is_set = is_set && boxes.IsSet(box);
    }
    if (!is_set) {
      best_[block] = 2.0F;  // above any share
      ++unknown;
    }
  }
  const size_t kept = std::min(blocks, count + unknown);
  std::nth_element(chosen.begin(), chosen.begin() + static_cast<ptrdiff_t>(kept), chosen.end(),
                   [this](size_t a, size_t b) { return best_[a] > best_[b]; });
  chosen.resize(kept);
  if (mass < 1.0) {
    std::sort(chosen.begin(), chosen.end(),
              [this](size_t a, size_t b) { return best_[a] > best_[b]; });
    const double wanted = mass * rows * shape_.heads;
    double held = 0.0;
    size_t enough = unknown;  // these stand first
    while (enough < kept && held < wanted) {
      held += sums_[chosen[enough++]];
    }
    chosen.resize(enough);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace leoam
