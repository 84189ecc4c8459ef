#include "selection/block_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "selection/score_kernel.h"

namespace leoam {

BlockChoice::BlockChoice(const ChoiceShape& shape, std::vector<size_t> block_ends)
    : shape_(shape), block_ends_(std::move(block_ends)), parts_(kParts) {}

void BlockChoice::Judge(const KeyBoxes& boxes, const float* q, int rows, int part, int parts) {
  parts = std::min(parts, static_cast<int>(kParts));
  if (part >= parts) {
    return;
  }
  const size_t blocks = block_ends_.size();
  auto& [heads, bounds, shares, best, sums] = parts_[static_cast<size_t>(part)];
  heads = 0;  // of a pass that was given up before it chose
  bounds.resize(boxes.count());
  shares.resize(boxes.count());
  best.assign(blocks, 0.0F);
  sums.assign(blocks, 0.0F);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape_.head_dim));
  const int group = shape_.heads / shape_.kv_heads;
  const int all = rows * shape_.heads;
  for (int i = all * part / parts; i < all * (part + 1) / parts; ++i) {
    const int kv_head = i % shape_.heads / group;
    boxes.Bounds(kv_head, q + static_cast<ptrdiff_t>(i) * shape_.head_dim, bounds.data());
    for (float& bound : bounds) {
      bound = std::isinf(bound) ? -1e30F : bound * scale;
    }
    std::fill(shares.begin(), shares.end(), 0.0F);
    AddSoftmax(bounds, shares);
    size_t box = 0;
    for (size_t block = 0; block < blocks; ++block) {
      for (; box < block_ends_[block]; ++box) {
        best[block] = std::max(best[block], shares[box]);
        sums[block] += shares[box];
      }
    }
    ++heads;
  }
}

size_t BlockChoice::Join() {
  Part& all = parts_.front();
  if (all.heads == 0) {
    all.best.assign(block_ends_.size(), 0.0F);
    all.sums.assign(block_ends_.size(), 0.0F);
  }
  size_t heads = std::exchange(all.heads, 0);
  for (size_t i = 1; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    if (part.heads == 0) {
      continue;
    }
    heads += std::exchange(part.heads, 0);
    for (size_t block = 0; block < block_ends_.size(); ++block) {
      all.best[block] = std::max(all.best[block], part.best[block]);
      all.sums[block] += part.sums[block];
    }
  }
  return heads;
}

std::vector<size_t> BlockChoice::Choose(const KeyBoxes& boxes, size_t count, double mass) {
  const size_t heads = Join();
  std::vector<float>& best = parts_.front().best;
  const std::vector<float>& sums = parts_.front().sums;
  const size_t blocks = block_ends_.size();
  std::vector<size_t> chosen(blocks);
  std::iota(chosen.begin(), chosen.end(), size_t{0});
  size_t box = 0;
  size_t unknown = 0;
  for (size_t block = 0; block < blocks; ++block) {
    bool is_set = true;
    for (; box < block_ends_[block]; ++box) {
      is_set = is_set && boxes.IsSet(box);
    }
    if (!is_set) {
      best[block] = 2.0F;  // above any share
      ++unknown;
    }
  }
  const auto better = [&best](size_t a, size_t b) { return best[a] > best[b]; };
  const size_t kept = std::min(blocks, count + unknown);
  if (kept < blocks) {
    std::nth_element(chosen.begin(), chosen.begin() + static_cast<ptrdiff_t>(kept), chosen.end(),
                     better);
    chosen.resize(kept);
  }
  if (mass < 1.0) {
    std::sort(chosen.begin(), chosen.end(), better);
    const double wanted = mass * static_cast<double>(heads);
    double held = 0.0;
    size_t enough = unknown;  // these stand first
    while (enough < kept && held < wanted) {
      held += sums[chosen[enough++]];
    }
    chosen.resize(enough);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace leoam
