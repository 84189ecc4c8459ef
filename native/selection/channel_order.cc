#include "selection/channel_order.h"

#include <algorithm>
#include <numeric>

#include "selection/box_kernel.h"

namespace leoam {
namespace {

// The channel that RoPE turns together with this one; itself where it turns none.
size_t Partner(size_t channel, const RopeParams& rope) {
  const auto dims = static_cast<size_t>(rope.dims);
  if (channel >= dims) {
    return channel;
  }
  return rope.kind == RopeKind::kNeox ? (channel + dims / 2) % dims : channel ^ 1U;
}

// Of the queries that see a KV head, in each channel.
std::vector<double> MeanSquares(const ChannelSample& sample, size_t kv_head) {
  const auto dim = static_cast<size_t>(sample.head_dim);
  const auto heads = static_cast<size_t>(sample.heads);
  const size_t group = heads / static_cast<size_t>(sample.kv_heads);
  std::vector<double> squares(dim, 0.0);
  for (size_t row = 0; row < sample.q.size() / (heads * dim); ++row) {
    const float* q = sample.q.data() + (row * heads + kv_head * group) * dim;
    for (size_t i = 0; i < group * dim; ++i) {
      squares[i % dim] += static_cast<double>(q[i]) * q[i];
    }
  }
  return squares;
}

// Within boxes of a KV head, in each channel.
std::vector<double> Variances(const ChannelSample& sample, size_t kv_head) {
  const auto dim = static_cast<size_t>(sample.head_dim);
  const size_t row = static_cast<size_t>(sample.kv_heads) * dim;
  const size_t tokens = sample.keys.size() / row;
  std::vector<double> variances(dim, 0.0);
  for (size_t first = 0; first < tokens; first += kBoxKeys) {
    const size_t count = std::min(kBoxKeys, tokens - first);
    for (size_t d = 0; d < dim; ++d) {
      double sum = 0;
      double squares = 0;
      for (size_t token = first; token < first + count; ++token) {
        const double key = sample.keys[token * row + kv_head * dim + d];
        sum += key;
        squares += key * key;
      }
      variances[d] += squares - sum * sum / static_cast<double>(count);
    }
  }
  return variances;
}

}  // namespace

std::vector<uint8_t> OrderChannels(const ChannelSample& sample, const RopeParams& rope) {
  const auto dim = static_cast<size_t>(sample.head_dim);
  std::vector<uint8_t> order;
  for (size_t head = 0; head < static_cast<size_t>(sample.kv_heads); ++head) {
    const std::vector<double> squares = MeanSquares(sample, head);
    const std::vector<double> variances = Variances(sample, head);
    std::vector<double> told(dim);
    for (size_t d = 0; d < dim; ++d) {
      const size_t partner = Partner(d, rope);
      told[d] = (squares[d] + squares[partner]) * variances[d];
    }
    std::vector<uint8_t> channels(dim);
    std::iota(channels.begin(), channels.end(), uint8_t{0});
    std::stable_sort(channels.begin(), channels.end(),
                     [&told](uint8_t a, uint8_t b) { return told[a] > told[b]; });
    order.insert(order.end(), channels.begin(), channels.end());
  }
  return order;
}

}  // namespace leoam
