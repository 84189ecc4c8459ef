#include "selection/key_boxes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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

const BoxKernel& Kernel() {
#if defined(__x86_64__) || defined(_M_X64)
  static const bool avx2 = CpuHasAvx2();
  return avx2 ? Avx2BoxKernel() : PlainBoxKernel();
#else
  return PlainBoxKernel();
#endif
}

}  // namespace

KeyBoxes::KeyBoxes(int kv_heads, int head_dim, size_t boxes, bool has_codes)
    : heads_(static_cast<size_t>(kv_heads)),
      dim_(static_cast<size_t>(head_dim)),
      count_(boxes),
      groups_((boxes + kLanes - 1) / kLanes),
      planes_(heads_ * groups_ * 2 * dim_ * kLanes),
      scales_(heads_ * groups_ * kLanes),
      codes_(has_codes ? heads_ * boxes * CodeBytes(dim_) : 0),
      tokens_(has_codes ? boxes : 0),
      set_(std::make_unique<std::atomic<bool>[]>(boxes)) {}

size_t KeyBoxes::Bytes(size_t kv_heads, size_t head_dim, size_t boxes, bool has_codes) {
  const size_t lanes = (boxes + kLanes - 1) / kLanes * kLanes;
  const size_t codes = has_codes ? boxes * (kv_heads * CodeBytes(head_dim) + 1) : 0;
  return kv_heads * lanes * (2 * head_dim + sizeof(float)) + codes;
}

void KeyBoxes::Set(size_t box, const float* keys, size_t tokens) {
  const size_t group = box / kLanes;
  const size_t lane = box % kLanes;
  std::vector<float> least(dim_);
  std::vector<float> largest(dim_);
  std::vector<float> scales(heads_);
  std::vector<int8_t> bounds(heads_ * 2 * dim_);
  std::vector<uint8_t> codes(has_codes() ? heads_ * CodeBytes(dim_) : 0);
  for (size_t head = 0; head < heads_; ++head) {
    const float* first = keys + head * dim_;
    std::copy_n(first, dim_, least.begin());
    std::copy_n(first, dim_, largest.begin());
    for (size_t token = 1; token < tokens; ++token) {
      const float* key = first + token * heads_ * dim_;
      for (size_t d = 0; d < dim_; ++d) {
        least[d] = std::min(least[d], key[d]);
        largest[d] = std::max(largest[d], key[d]);
      }
    }
    float extent = 0.0F;
    for (size_t d = 0; d < dim_; ++d) {
      extent = std::max({extent, -least[d], largest[d]});
    }
    const float scale = extent / kLevels * kScaleSlack;
    const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
    scales[head] = scale;
    int8_t* to = bounds.data() + head * 2 * dim_;
    for (size_t d = 0; d < dim_; ++d) {
      to[d] = static_cast<int8_t>(std::max(-kLevels, std::floor(least[d] * inverse)));
      to[dim_ + d] = static_cast<int8_t>(std::min(kLevels, std::ceil(largest[d] * inverse)));
    }
    if (has_codes()) {
      uint8_t* code_bytes = codes.data() + head * CodeBytes(dim_);
      std::memcpy(code_bytes, to, 2 * dim_);
      code_bytes += 2 * dim_;
      for (size_t token = 0; token < tokens; ++token) {
        const float* key = first + token * heads_ * dim_;
        for (size_t d = 0; d < dim_; ++d) {
          const float range = std::max(1.0F, static_cast<float>(to[dim_ + d] - to[d]));
          const float part = (key[d] * inverse - static_cast<float>(to[d])) / range;
          const auto code = static_cast<uint32_t>(std::clamp(part * 4.0F, 0.0F, 3.0F));
          code_bytes[d / 4 * kTokens + token] |= static_cast<uint8_t>(code << (d % 4 * 2));
        }
      }
    }
  }
  const std::unique_lock lock(mutex_);
  for (size_t head = 0; head < heads_; ++head) {
    scales_[(head * groups_ + group) * kLanes + lane] = scales[head];
    const int8_t* from = bounds.data() + head * 2 * dim_;
    for (size_t d = 0; d < dim_; ++d) {
      Plane(head, group, false)[d * kLanes + lane] = from[d];
      Plane(head, group, true)[d * kLanes + lane] = from[dim_ + d];
    }
    if (has_codes()) {
      std::copy_n(codes.data() + head * CodeBytes(dim_), CodeBytes(dim_), Codes(head, box));
    }
  }
  if (has_codes()) {
    tokens_[box] = static_cast<uint8_t>(tokens);
  }
  set_[box].store(true, std::memory_order_release);
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

void KeyBoxes::Scores(int kv_head, const float* query, std::span<const size_t> boxes,
                      float* scores) const {
  const auto head = static_cast<size_t>(kv_head);
  const BoxKernel& kernel = Kernel();
  float extent = 1e-30F;
  for (size_t d = 0; d < dim_; ++d) {
    extent = std::max(extent, std::abs(query[d]));
  }
  std::vector<int16_t> levels(3 * dim_);
  int16_t* fine = levels.data();
  int16_t* coarse = fine + dim_;
  int16_t* weights = coarse + dim_;
  for (size_t d = 0; d < dim_; ++d) {
    fine[d] = static_cast<int16_t>(std::lround(query[d] / extent * kFineLevels));
    coarse[d] = static_cast<int16_t>(std::lround(query[d] / extent * kCoarseLevels));
  }
  const float fine_unit = extent / kFineLevels / 2.0F;      // of the sum of both bounds
  const float coarse_unit = extent / kCoarseLevels / 4.0F;  // of quarters of a box
  const std::shared_lock lock(mutex_);
  for (const size_t box : boxes) {
    const uint8_t* codes = Codes(head, box);
    const auto* least = reinterpret_cast<const int8_t*>(codes);
    const BoxWeights made = kernel.weigh(fine, coarse, least, least + dim_, dim_, weights);
    int16_t sums[kTokens];
    kernel.sum_codes(weights, codes + 2 * dim_, dim_, sums);
    const float scale = scales_[(head * groups_ + box / kLanes) * kLanes + box % kLanes];
    const float unit = scale * coarse_unit * static_cast<float>(1 << made.shift);
    // Codes 0..3 stand for the middles of quarters: 1.5 is the middle of the box.
    const float middle = scale * fine_unit * static_cast<float>(made.middles) -
                         unit * 1.5F * static_cast<float>(made.sum);
    for (size_t token = 0; token < kTokens; ++token) {
      scores[token] =
          token < tokens_[box] ? middle + unit * static_cast<float>(sums[token]) : kNoKey;
    }
    scores += kTokens;
  }
}

}  // namespace leoam
