#include "selection/key_boxes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

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
float QueryLevels(size_t dim) {
  constexpr size_t kMost = 127;
  return static_cast<float>(std::min(kMost, 32767 / (3 * std::max<size_t>(dim, 1)) - 1) * 128);
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

KeyBoxes::KeyBoxes(int kv_heads, int head_dim, size_t boxes, int code_bits)
    : heads_(static_cast<size_t>(kv_heads)),
      dim_(static_cast<size_t>(head_dim)),
      count_(boxes),
      groups_((boxes + kLanes - 1) / kLanes),
      bits_(static_cast<size_t>(code_bits)),
      planes_(has_codes() ? 0 : heads_ * groups_ * 2 * dim_ * kLanes),
      scales_(has_codes() ? 0 : heads_ * groups_ * kLanes),
      codes_(has_codes() ? heads_ * boxes * CodeBytes(dim_, bits_) : 0),
      units_(has_codes() ? heads_ * boxes * 2 : 0),
      tokens_(has_codes() ? boxes : 0),
      set_(std::make_unique<std::atomic<bool>[]>(boxes)) {}

size_t KeyBoxes::Bytes(size_t kv_heads, size_t head_dim, size_t boxes, int code_bits) {
  if (code_bits > 0) {
    const size_t codes = CodeBytes(head_dim, static_cast<size_t>(code_bits));
    return boxes * (kv_heads * (codes + 2 * sizeof(float)) + 1);
  }
  const size_t lanes = (boxes + kLanes - 1) / kLanes * kLanes;
  return kv_heads * lanes * (2 * head_dim + sizeof(float));
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
  std::vector<uint8_t> codes(CodeBytes(dim_, bits_));
  for (size_t head = 0; head < heads_; ++head) {
    std::fill(codes.begin(), codes.end(), uint8_t{0});
    const auto [middle_unit, extent_unit] = Encode(keys + head * dim_, tokens, codes.data());
    const std::unique_lock lock(mutex_);
    std::copy(codes.begin(), codes.end(), Codes(head, box));
    units_[2 * (head * count_ + box)] = middle_unit;
    units_[2 * (head * count_ + box) + 1] = extent_unit;
  }
  const std::unique_lock lock(mutex_);
  tokens_[box] = static_cast<uint8_t>(tokens);
}

std::pair<float, float> KeyBoxes::Encode(const float* keys, size_t tokens, uint8_t* to) const {
  constexpr float kExtents = 255.0F;
  constexpr float kLeast = 1e-30F;
  const std::vector<float> bounds = BoundsOf(keys, tokens);
  const float* least = bounds.data();
  const float* largest = least + dim_;
  float size = kLeast;
  for (size_t d = 0; d < dim_; ++d) {
    size = std::max(size, std::abs(least[d] + largest[d]) / 2);
  }
  const float middle_unit = size / kLevels;
  // About the middle as it is rounded, so that all keys lie inside.
  std::vector<float> middles(dim_);
  std::vector<float> extents(dim_);
  float widest = kLeast;
  for (size_t d = 0; d < dim_; ++d) {
    const float level = std::round((least[d] + largest[d]) / 2 / middle_unit);
    to[d] = static_cast<uint8_t>(static_cast<int8_t>(level));
    middles[d] = level * middle_unit;
    extents[d] = 2 * std::max(largest[d] - middles[d], middles[d] - least[d]);
    widest = std::max(widest, extents[d]);
  }
  const float extent_unit = widest / kExtents;
  const size_t bits = plane_bits();
  const size_t channels = 16 / bits;  // of two bytes
  const size_t plane_bytes = dim_ * bits * kTokens / 8;
  const auto parts = static_cast<float>(1U << bits_);
  for (size_t d = 0; d < dim_; ++d) {
    const float level = std::clamp(std::ceil(extents[d] / extent_unit), 1.0F, kExtents);
    to[dim_ + d] = static_cast<uint8_t>(level);
    const float extent = level * extent_unit;
    const size_t shift = d % channels / 2 * bits;
    for (size_t token = 0; token < tokens; ++token) {
      const float part = (keys[token * heads_ * dim_ + d] - middles[d]) / extent + 0.5F;
      const auto code = static_cast<uint32_t>(std::clamp(part * parts, 0.0F, parts - 1.0F));
      uint8_t* plane = to + 2 * dim_ + (d / channels * kTokens + token) * 2 + d % 2;
      // The highest bits into the first plane.
      for (size_t rest = bits_; rest > 0; plane += plane_bytes) {
        rest -= bits;
        *plane |= static_cast<uint8_t>(((code >> rest) & ((1U << bits) - 1)) << shift);
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

void KeyBoxes::Scores(int kv_head, const float* query, std::span<const size_t> boxes, bool fine,
                      float* scores) const {
  const auto head = static_cast<size_t>(kv_head);
  float size = 1e-30F;
  for (size_t d = 0; d < dim_; ++d) {
    size = std::max(size, std::abs(query[d]));
  }
  const float unit = size / QueryLevels(dim_);
  int16_t levels[kMostBoxDim];
  for (size_t d = 0; d < dim_; ++d) {
    const float level = query[d] / unit;
    levels[d] = static_cast<int16_t>(level + (level < 0 ? -0.5F : 0.5F));
  }
  const size_t plane_bytes = dim_ * plane_bits() * kTokens / 8;
  const auto score = Kernel().score;
  const std::shared_lock lock(mutex_);
  for (const size_t box : boxes) {
    const uint8_t* stored = Codes(head, box);
    BoxCodes codes;
    codes.middles = reinterpret_cast<const int8_t*>(stored);
    codes.extents = stored + dim_;
    codes.codes = stored + 2 * dim_;
    codes.fine = fine && has_fine_codes() ? codes.codes + plane_bytes : nullptr;
    codes.middle_unit = units_[2 * (head * count_ + box)];
    codes.extent_unit = units_[2 * (head * count_ + box) + 1];
    score(levels, unit, codes, dim_, static_cast<int>(plane_bits()), scores);
    std::fill(scores + tokens_[box], scores + kTokens, kNoKey);
    scores += kTokens;
  }
}

}  // namespace leoam
