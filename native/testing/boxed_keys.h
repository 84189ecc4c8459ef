// Random keys and their abstracts, for tests of what follows from these.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "selection/key_boxes.h"

namespace leoam::testing {

inline constexpr int kKvHeads = 2;

// Keys of [boxes][kTokens][heads * dim], about a centre of each box; the last one has fewer tokens.
struct BoxedKeys {
  BoxedKeys(size_t boxes, int head_dim, uint32_t seed, float size = 1.0F, float spread = 1.0F,
            int code_bits = 0)
      : dim(head_dim), random(seed) {
    std::normal_distribution<float> value(0.3F, size);
    values.resize(boxes * KeyBoxes::kTokens * Row());
    std::vector<float> centre(Row());
    for (size_t i = 0; i < values.size(); ++i) {
      if (i % (KeyBoxes::kTokens * Row()) == 0) {
        std::generate(centre.begin(), centre.end(), [&] { return value(random); });
      }
      const float outlier = random() % 200 == 0 ? 50.0F : 1.0F;
      values[i] = centre[i % Row()] + spread * value(random) * outlier;
    }
    made = std::make_unique<KeyBoxes>(kKvHeads, dim, boxes, code_bits);
    for (size_t box = 0; box < boxes; ++box) {
      made->Set(box, Key(box, 0), Tokens(box));
    }
  }

  size_t Row() const { return static_cast<size_t>(kKvHeads) * static_cast<size_t>(dim); }
  size_t Tokens(size_t box) const { return box + 1 == made->count() ? 5 : KeyBoxes::kTokens; }
  const float* Key(size_t box, size_t token) const {
    return values.data() + (box * KeyBoxes::kTokens + token) * Row();
  }
  std::vector<float> Query() {
    std::normal_distribution<float> value;
    std::vector<float> query(static_cast<size_t>(dim));
    for (float& x : query) {
      x = value(random) * (random() % 30 == 0 ? 20.0F : 1.0F);
    }
    return query;
  }
  double Product(size_t box, size_t token, int head, const std::vector<float>& query) const {
    const float* key = Key(box, token) + static_cast<ptrdiff_t>(head) * dim;
    double product = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      product += static_cast<double>(query[d]) * key[d];
    }
    return product;
  }
  double Best(size_t box, int head, const std::vector<float>& query) const {
    double best = -std::numeric_limits<double>::infinity();
    for (size_t token = 0; token < Tokens(box); ++token) {
      best = std::max(best, Product(box, token, head, query));
    }
    return best;
  }
  // What codes of so many bits may miss a product by: half of a part of the box in each channel,
  // where middles are rounded to 8 bits, extents outward to 8, and both together times the query.
  double Slack(size_t box, int head, const std::vector<float>& query, int code_bits) const {
    double middle_unit = 0;
    double extent_unit = 0;
    double size = 0;
    double extents = 0;  // times the query
    double queries = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      float least = std::numeric_limits<float>::max();
      float largest = -least;
      for (size_t token = 0; token < Tokens(box); ++token) {
        const float value = Key(box, token)[static_cast<size_t>(head * dim) + d];
        least = std::min(least, value);
        largest = std::max(largest, value);
      }
      const double q = std::abs(static_cast<double>(query[d]));
      middle_unit = std::max(middle_unit, std::abs(least + largest) / 2.0 / 127);
      extent_unit = std::max(extent_unit, (largest - least) / 255.0);
      size = std::max(size, q);
      extents += q * (largest - least);
      queries += q;
    }
    extent_unit += middle_unit / 255;
    const double parts = (extents + queries * (middle_unit + extent_unit)) / (2 << code_bits);
    const double weights = 0.51 * std::max(1.0, dim / 64.0) * dim;  // fewer levels, more channels
    return (parts + size * extent_unit * weights) * 1.01;
  }

  int dim;
  std::mt19937 random;
  std::vector<float> values;
  std::unique_ptr<KeyBoxes> made;
};

}  // namespace leoam::testing
