#include "selection/key_boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "kv/cpu_features.h"
#include "selection/box_kernel.h"

namespace leoam {
namespace {

constexpr float kLevels = 127.0F;
// So that dividing by the scale never comes to more than kLevels by rounding.
constexpr float kScaleSlack = 1.0F + 1e-6F;
// The largest error of adding up a few hundred products, of their sizes' sum.
constexpr float kSumSlack = 2e-5F;

// As many as BoxKernel can do with.
float QueryLevels(const BoxChannels& channels) {
  constexpr size_t kMost = 127;
  return static_cast<float>(std::min(kMost, 32767 / (3 * std::max<size_t>(channels.coded, 1)) - 1) *
                            128);
}

// The first multiple of `unit` that is not below `share` of `all`, which is one itself.
size_t ShareOf(size_t all, double share, size_t unit) {
  const auto units =
      static_cast<size_t>(std::ceil(share * static_cast<double>(all) / static_cast<double>(unit)));
  return std::min(all, units * unit);
}

const BoxKernel& Kernel() {
#if defined(__x86_64__) || defined(_M_X64)
  static const bool avx2 = CpuHasAvx2();
  return avx2 ? Avx2BoxKernel() : PlainBoxKernel();
#else
  return PlainBoxKernel();
#endif
}

}  // namespace

BoxChannels KeyBoxes::Channels(size_t head_dim, double code_share) {
  // A few channels hold most of what codes can say.
  constexpr double kFineShare = 0.125;
  if (code_share <= 0) {
    return {head_dim, 0, 0};
  }
  const size_t coded = ShareOf(head_dim, code_share, 16);
  return {head_dim, coded, std::min(coded, ShareOf(head_dim, kFineShare, 8))};
}

KeyBoxes::KeyBoxes(int kv_heads, int head_dim, size_t boxes, double code_share,
                   std::span<const uint8_t> order)
    : heads_(static_cast<size_t>(kv_heads)),
      dim_(static_cast<size_t>(head_dim)),
      count_(boxes),
      groups_((boxes + kLanes - 1) / kLanes),
      channels_(Channels(dim_, code_share)),
      order_(order.begin(), order.end()),
      planes_(has_codes() ? 0 : heads_ * groups_ * 2 * dim_ * kLanes),
      scales_(has_codes() ? 0 : heads_ * groups_ * kLanes),
      codes_(has_codes() ? heads_ * boxes * CodeBytes(channels_) : 0),
      units_(has_codes() ? heads_ * boxes * 2 : 0),
      tokens_(has_codes() ? boxes : 0),
      set_(std::make_unique<std::atomic<bool>[]>(boxes)) {
  if (order_.empty()) {
    for (size_t i = 0; i < heads_ * dim_; ++i) {
      order_.push_back(static_cast<uint8_t>(i % dim_));
    }
  }
}

size_t KeyBoxes::Bytes(size_t kv_heads, const BoxChannels& channels, size_t boxes) {
  if (channels.coded > 0) {
    return boxes * (kv_heads * (CodeBytes(channels) + 2 * sizeof(float)) + 1);
  }
  const size_t lanes = (boxes + kLanes - 1) / kLanes * kLanes;
  return kv_heads * lanes * (2 * channels.all + sizeof(float));
}

void KeyBoxes::Set(size_t box, const float* keys, size_t tokens) {
  if (has_codes()) {
    SetCodes(box, keys, tokens);
  } else {
    SetBounds(box, keys, tokens);
  }
  set_[box].store(true, std::memory_order_release);
}

std::vector<float> KeyBoxes::BoundsOf(const float* keys, size_t tokens) const {
  std::vector<float> bounds(2 * dim_);
  float* least = bounds.data();
  float* largest = least + dim_;
  std::copy_n(keys, dim_, least);
  std::copy_n(keys, dim_, largest);
  for (size_t token = 1; token < tokens; ++token) {
    const float* key = keys + token * heads_ * dim_;
    for (size_t d = 0; d < dim_; ++d) {
      least[d] = std::min(least[d], key[d]);
      largest[d] = std::max(largest[d], key[d]);
    }
  }
  return bounds;
}

void KeyBoxes::SetBounds(size_t box, const float* keys, size_t tokens) {
  const size_t group = box / kLanes;
  const size_t lane = box % kLanes;
  for (size_t head = 0; head < heads_; ++head) {
    const std::vector<float> bounds = BoundsOf(keys + head * dim_, tokens);
    float extent = 0.0F;
    for (const float bound : bounds) {
      extent = std::max(extent, std::abs(bound));
    }
    const float scale = extent / kLevels * kScaleSlack;
    const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
    const std::unique_lock lock(mutex_);
    scales_[(head * groups_ + group) * kLanes + lane] = scale;
    for (size_t d = 0; d < dim_; ++d) {
      Plane(head, group, false)[d * kLanes + lane] =
          static_cast<int8_t>(std::max(-kLevels, std::floor(bounds[d] * inverse)));
      Plane(head, group, true)[d * kLanes + lane] =
          static_cast<int8_t>(std::min(kLevels, std::ceil(bounds[dim_ + d] * inverse)));
    }
  }
}

void KeyBoxes::SetCodes(size_t box, const float* keys, size_t tokens) {
  std::vector<uint8_t> codes(CodeBytes(channels_));
  for (size_t head = 0; head < heads_; ++head) {
    std::fill(codes.begin(), codes.end(), uint8_t{0});
    const auto [middle_unit, extent_unit] = Encode(head, keys + head * dim_, tokens, codes.data());
    const std::unique_lock lock(mutex_);
    std::copy(codes.begin(), codes.end(), Codes(head, box));
    units_[2 * (head * count_ + box)] = middle_unit;
    units_[2 * (head * count_ + box) + 1] = extent_unit;
  }
  const std::unique_lock lock(mutex_);
  tokens_[box] = static_cast<uint8_t>(tokens);
}

std::vector<float> KeyBoxes::MiddlesOf(size_t head, const float* keys, size_t tokens,
                                       std::span<const float> bounds) const {
  std::vector<float> middles(dim_);
  for (size_t i = 0; i < dim_; ++i) {
    const size_t d = order_[head * dim_ + i];
    if (i < channels_.coded) {
      middles[i] = (bounds[d] + bounds[dim_ + d]) / 2;
      continue;
    }
    for (size_t token = 0; token < tokens; ++token) {
      middles[i] += keys[token * heads_ * dim_ + d] / static_cast<float>(tokens);
    }
  }
  return middles;
}

std::pair<float, float> KeyBoxes::Encode(size_t head, const float* keys, size_t tokens,
                                         uint8_t* to) const {
  constexpr float kExtents = 255.0F;
  constexpr float kLeast = 1e-30F;
  const uint8_t* order = order_.data() + head * dim_;
  const std::vector<float> bounds = BoundsOf(keys, tokens);
  std::vector<float> middles = MiddlesOf(head, keys, tokens, bounds);
  const float size = std::accumulate(middles.begin(), middles.end(), kLeast,
                                     [](float a, float b) { return std::max(a, std::abs(b)); });
  const float middle_unit = size / kLevels;
  // About the middle as it is rounded, so that all keys lie inside.
  std::vector<float> extents(channels_.coded);
  float widest = kLeast;
  for (size_t i = 0; i < dim_; ++i) {
    const float level = std::round(middles[i] / middle_unit);
    to[i] = static_cast<uint8_t>(static_cast<int8_t>(level));
    middles[i] = level * middle_unit;
    if (i < channels_.coded) {
      const size_t d = order[i];
      extents[i] = 2 * std::max(bounds[dim_ + d] - middles[i], middles[i] - bounds[d]);
      widest = std::max(widest, extents[i]);
    }
  }
  const float extent_unit = widest / kExtents;
  constexpr float kParts = 16.0F;
  constexpr size_t kPairs = 8;  // channels whose codes share two bytes
  uint8_t* codes = to + dim_ + channels_.coded;
  uint8_t* fine = codes + channels_.coded * kPlaneBytes;
  for (size_t i = 0; i < channels_.coded; ++i) {
    const float level = std::clamp(std::ceil(extents[i] / extent_unit), 1.0F, kExtents);
    to[dim_ + i] = static_cast<uint8_t>(level);
    const float extent = level * extent_unit;
    const size_t shift = i % kPairs / 2 * 2;
    for (size_t token = 0; token < tokens; ++token) {
      const float part = (keys[token * heads_ * dim_ + order[i]] - middles[i]) / extent + 0.5F;
      const auto code = static_cast<uint32_t>(std::clamp(part * kParts, 0.0F, kParts - 1.0F));
      const size_t at = (i / kPairs * kTokens + token) * 2 + i % 2;
      codes[at] |= static_cast<uint8_t>((code >> 2) << shift);
      if (i < channels_.finely) {
        fine[at] |= static_cast<uint8_t>((code & 3) << shift);
      }
    }
  }
  return {middle_unit, extent_unit};
}

void KeyBoxes::Bounds(int kv_head, const float* query, float* bounds) const {
  const auto head = static_cast<size_t>(kv_head);
  float sizes = 0.0F;
  for (size_t d = 0; d < dim_; ++d) {
    sizes += std::abs(query[d]);
  }
  const float slack = sizes * kLevels * kSumSlack;
  const auto sum = Kernel().sum;
  const std::shared_lock lock(mutex_);
  for (size_t group = 0; group < groups_; ++group) {
    float sums[kLanes];
    sum(query, Plane(head, group, false), Plane(head, group, true), dim_, sums);
    const float* scales = scales_.data() + (head * groups_ + group) * kLanes;
    const size_t end = std::min(count_ - group * kLanes, kLanes);
    for (size_t lane = 0; lane < end; ++lane) {
      const size_t box = group * kLanes + lane;
      bounds[box] =
          IsSet(box) ? scales[lane] * (sums[lane] + slack) : std::numeric_limits<float>::infinity();
    }
  }
}

void KeyBoxes::Scores(int kv_head, const float* query, float* scores) const {
  const auto head = static_cast<size_t>(kv_head);
  float size = 1e-30F;
  for (size_t d = 0; d < dim_; ++d) {
    size = std::max(size, std::abs(query[d]));
  }
  const float unit = size / QueryLevels(channels_);
  int16_t levels[kMostBoxDim];
  for (size_t i = 0; i < dim_; ++i) {
    const float level = query[order_[head * dim_ + i]] / unit;
    levels[i] = static_cast<int16_t>(level + (level < 0 ? -0.5F : 0.5F));
  }
  const auto score = Kernel().score;
  const std::shared_lock lock(mutex_);
  for (size_t box = 0; box < count_; ++box) {
    const uint8_t* stored = Codes(head, box);
    BoxCodes codes;
    codes.middles = reinterpret_cast<const int8_t*>(stored);
    codes.extents = stored + dim_;
    codes.codes = codes.extents + channels_.coded;
    codes.fine = codes.codes + channels_.coded * kPlaneBytes;
    codes.middle_unit = units_[2 * (head * count_ + box)];
    codes.extent_unit = units_[2 * (head * count_ + box) + 1];
    score(levels, unit, codes, channels_, scores);
    std::fill(scores + tokens_[box], scores + kTokens, kNoKey);
    scores += kTokens;
  }
}

}  // namespace leoam
