// Random keys and their abstracts, for tests of what follows from these.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
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
            double code_share = 0)
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
    for (size_t i = 0; i < Row(); ++i) {
      const size_t at = i % static_cast<size_t>(dim);
      const size_t head = i / static_cast<size_t>(dim);
      order.push_back(static_cast<uint8_t>((static_cast<size_t>(dim) - 1 - at + head) %
                                           static_cast<size_t>(dim)));
    }
    made = std::make_unique<KeyBoxes>(kKvHeads, dim, boxes, code_share, order);
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
  // What codes may miss a product by: in a channel that has them half of a part of the box, in the
  // others all of it, where middles are rounded to 8 bits, extents outward to 8, and both
  // together times the query.
  double Slack(size_t box, int head, const std::vector<float>& query) const {
    const BoxChannels& channels = made->channels();
    double middle_unit = 0;
    double extent_unit = 0;
    double size = 0;
    std::vector<double> extents;
    for (size_t d = 0; d < query.size(); ++d) {
      float least = std::numeric_limits<float>::max();
      float largest = -least;
      for (size_t token = 0; token < Tokens(box); ++token) {
        const float value = Key(box, token)[static_cast<size_t>(head * dim) + d];
        least = std::min(least, value);
        largest = std::max(largest, value);
      }
      middle_unit = std::max(middle_unit, std::max(std::abs(least), std::abs(largest)) / 127.0);
      extent_unit = std::max(extent_unit, (largest - least) / 255.0);
      size = std::max(size, std::abs(static_cast<double>(query[d])));
      extents.push_back(largest - least);
    }
    extent_unit += middle_unit / 255;
    double parts = 0;
    for (size_t i = 0; i < query.size(); ++i) {
      const size_t d = order[static_cast<size_t>(head * dim) + i];
      const double part = i < channels.finely ? 32.0 : i < channels.coded ? 8.0 : 1.0;
      parts += std::abs(query[d]) * (extents[d] + middle_unit + extent_unit) / part;
    }
    // Fewer levels of the query where more channels have codes.
    const double levels = std::max(1.0, static_cast<double>(channels.coded) / 64.0);
    const double weights = 0.51 * extent_unit * static_cast<double>(channels.coded) +
                           0.01 * middle_unit * static_cast<double>(channels.all);
    return (parts + size * levels * weights) * 1.01;
  }

  int dim;
  std::mt19937 random;
  std::vector<float> values;
  std::vector<uint8_t> order;  // of channels, in each head another one
  std::unique_ptr<KeyBoxes> made;
};

}  // namespace leoam::testing
