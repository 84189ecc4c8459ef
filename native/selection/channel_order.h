// Which channels of its keys an abstract tells most about.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "leoam/types.h"

namespace leoam {

// Of a layer, some queries and keys as a model has them for any text.
struct ChannelSample {
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;          // up to 256
  std::span<const float> q;  // [rows][heads][head_dim], before or after RoPE
  // [tokens][kv_heads][head_dim] of tokens that follow each other, after RoPE
  std::span<const float> keys;
};

// The channels of each KV head, [kv_heads][head_dim], those first in which keys that stand side by
// side differ most as queries see it: variance among 16 keys times the mean square of the query.
// Which these are hardly depends on the text (ARCHITECTURE.md). A query's size is that of the pair
// of channels which RoPE turns, as it moves between these from position to position.
std::vector<uint8_t> OrderChannels(const ChannelSample& sample, const RopeParams& rope);

}  // namespace leoam
