#include "selection/block_choice.h"

#include <algorithm>
#include <cmath>
#include <functional>
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
  own.bounds.resize(boxes.count());
  own.best.assign(blocks, 0.0F);
  own.sums.assign(blocks, 0.0F);
  const float scale = Scale();
  const int group = shape_.heads / shape_.kv_heads;
  const int all = rows * shape_.heads;
  for (int i = all * part / parts; i < all * (part + 1) / parts; ++i) {
    const int kv_head = i % shape_.heads / group;
    const float* query = q + static_cast<ptrdiff_t>(i) * shape_.head_dim;
    boxes.Bounds(kv_head, query, own.bounds.data());
    for (float& bound : own.bounds) {
      bound = std::isinf(bound) ? KeyBoxes::kNoKey : bound * scale;
    }
    const float rest =
        resident.partials == nullptr ? kNoMaximum : resident.LogSum(static_cast<size_t>(i));
    if (boxes.has_codes()) {
      ShareByCodes(boxes, kv_head, query, rest, &own);
    } else {
      ShareByBounds(rest, &own);
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

void BlockChoice::ShareByBounds(float resident, Part* part) {
  part->bounds.push_back(resident);
  part->box_shares.assign(part->bounds.size(), 0.0F);
  AddSoftmax(part->bounds, part->box_shares);
  part->resident += part->box_shares.back();
  part->bounds.pop_back();
}

void BlockChoice::ShareByCodes(const KeyBoxes& boxes, int kv_head, const float* query,
                               float resident, Part* part) const {
  constexpr size_t kFewest = 8;
  const std::vector<float>& bounds = part->bounds;
  const auto wanted =
      static_cast<size_t>(std::ceil(shape_.looked_into * static_cast<double>(bounds.size())));
  const size_t count = std::min(bounds.size(), std::max(wanted, kFewest));
  part->ranked = bounds;
  const auto last = part->ranked.begin() + static_cast<ptrdiff_t>(count) - 1;
  std::nth_element(part->ranked.begin(), last, part->ranked.end(), std::greater<>());
  const float least = std::max(*last, KeyBoxes::kNoKey / 2);  // none that is not set
  part->looked_into.clear();
  for (size_t box = 0; box < bounds.size(); ++box) {
    if (bounds[box] >= least) {
      part->looked_into.push_back(box);
    }
  }
  const size_t keys = part->looked_into.size() * KeyBoxes::kTokens;
  part->scores.resize(keys + 1);
  boxes.Scores(kv_head, query, part->looked_into, part->scores.data());
  const float scale = Scale();
  for (size_t key = 0; key < keys; ++key) {
    part->scores[key] = std::max(part->scores[key] * scale, KeyBoxes::kNoKey);
  }
  part->scores[keys] = resident;
  part->shares.assign(keys + 1, 0.0F);
  AddSoftmax(part->scores, part->shares);
  part->resident += part->shares[keys];
  part->box_shares.assign(bounds.size(), 0.0F);
  const float* shares = part->shares.data();
  for (const size_t box : part->looked_into) {
    part->box_shares[box] = std::accumulate(shares, shares + KeyBoxes::kTokens, 0.0F);
    shares += KeyBoxes::kTokens;
  }
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
