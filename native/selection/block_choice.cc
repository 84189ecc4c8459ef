#include "selection/block_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "selection/score_kernel.h"

namespace leoam {

BlockChoice::BlockChoice(const ChoiceShape& shape, std::vector<size_t> block_ends)
    : shape_(shape), block_ends_(std::move(block_ends)), parts_(kParts) {}

void BlockChoice::Judge(const KeyBoxes& boxes, const float* q, int rows,
                        const AttentionSums& resident, int part, int parts) {
  parts = std::min(parts, static_cast<int>(kParts));
  if (part >= parts) {
    return;
  }
  const size_t blocks = block_ends_.size();
  Part& own = parts_[static_cast<size_t>(part)];
  own.heads = 0;  // of a pass that was given up before it chose
  own.resident = 0;
  own.best.assign(blocks, 0.0F);
  own.sums.assign(blocks, 0.0F);
  own.query.resize(static_cast<size_t>(shape_.head_dim));
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape_.head_dim));
  const int group = shape_.heads / shape_.kv_heads;
  const int all = rows * shape_.heads;
  for (int i = all * part / parts; i < all * (part + 1) / parts; ++i) {
    const int kv_head = i % shape_.heads / group;
    const float* query = q + static_cast<ptrdiff_t>(i) * shape_.head_dim;
    std::transform(query, query + shape_.head_dim, own.query.begin(),
                   [scale](float value) { return value * scale; });
    const float rest =
        resident.partials == nullptr ? kNoMaximum : resident.LogSum(static_cast<size_t>(i));
    if (boxes.has_codes()) {
      ShareByCodes(boxes, kv_head, rest, &own);
    } else {
      ShareByBounds(boxes, kv_head, rest, &own);
    }
    size_t box = 0;
    for (size_t block = 0; block < blocks; ++block) {
      float share = 0.0F;
      float best = 0.0F;
      for (; box < block_ends_[block]; ++box) {
        share += own.box_shares[box];
        best = std::max(best, own.box_shares[box]);
      }
      own.best[block] = std::max(own.best[block], boxes.has_codes() ? share : best);
      own.sums[block] += share;
    }
    ++own.heads;
  }
}

void BlockChoice::ShareByBounds(const KeyBoxes& boxes, int kv_head, float resident, Part* part) {
  part->scores.resize(boxes.count());
  boxes.Bounds(kv_head, part->query.data(), part->scores.data());
  for (float& bound : part->scores) {
    bound = std::isinf(bound) ? KeyBoxes::kNoKey : bound;
  }
  part->scores.push_back(resident);
  part->box_shares.assign(part->scores.size(), 0.0F);
  AddSoftmax(part->scores, part->box_shares);
  part->resident += part->box_shares.back();
}

void BlockChoice::ShareByCodes(const KeyBoxes& boxes, int kv_head, float resident, Part* part) {
  static_assert(KeyBoxes::kTokens == 16, "HighestOf16 and SumExpOf16 take so many keys of a box");
  part->scores.resize(boxes.count() * KeyBoxes::kTokens);
  part->box_scores.resize(boxes.count());
  boxes.Scores(kv_head, part->query.data(), part->scores.data());
  HighestOf16(part->scores, part->box_scores);
  const float maximum = std::accumulate(part->box_scores.begin(), part->box_scores.end(), resident,
                                        [](float a, float b) { return std::max(a, b); });
  part->box_shares.resize(boxes.count());
  SumExpOf16(part->scores, part->box_scores, maximum, part->box_shares);
  const float of_resident = std::exp(resident - maximum);
  const float all = std::accumulate(part->box_shares.begin(), part->box_shares.end(), of_resident);
  for (float& share : part->box_shares) {
    share /= all;
  }
  part->resident += of_resident / all;
}

size_t BlockChoice::Join() {
  Part& all = parts_.front();
  if (all.heads == 0) {
    all.best.assign(block_ends_.size(), 0.0F);
    all.sums.assign(block_ends_.size(), 0.0F);
    all.resident = 0;
  }
  size_t heads = std::exchange(all.heads, 0);
  for (size_t i = 1; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    if (part.heads == 0) {
      continue;
    }
    heads += std::exchange(part.heads, 0);
    all.resident += part.resident;
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
    double held = parts_.front().resident;
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
