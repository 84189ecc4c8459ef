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

KeyBoxes::KeyBoxes(int kv_heads, int head_dim, size_t boxes, int code_bits)
    : heads_(static_cast<size_t>(kv_heads)),
      dim_(static_cast<size_t>(head_dim)),
      count_(boxes),
      groups_((boxes + kLanes - 1) / kLanes),
      bits_(static_cast<size_t>(code_bits)),
      planes_(heads_ * groups_ * 2 * dim_ * kLanes),
      scales_(heads_ * groups_ * kLanes),
      codes_(has_codes() ? heads_ * boxes * CodeBytes(dim_, bits_) : 0),
      tokens_(has_codes() ? boxes : 0),
      set_(std::make_unique<std::atomic<bool>[]>(boxes)) {}

size_t KeyBoxes::Bytes(size_t kv_heads, size_t head_dim, size_t boxes, int code_bits) {
  const size_t lanes = (boxes + kLanes - 1) / kLanes * kLanes;
  const size_t code_bytes = CodeBytes(head_dim, static_cast<size_t>(code_bits));
  const size_t codes = code_bits > 0 ? boxes * (kv_heads * code_bytes + 1) : 0;
  return kv_heads * lanes * (2 * head_dim + sizeof(float)) + codes;
}

void KeyBoxes::Set(size_t box, const float* keys, size_t tokens) {
  const size_t group = box / kLanes;
  const size_t lane = box % kLanes;
  std::vector<float> least(dim_);
  std::vector<float> largest(dim_);
  std::vector<float> scales(heads_);
  std::vector<int8_t> bounds(heads_ * 2 * dim_);
  const size_t code_bytes = CodeBytes(dim_, bits_);
  std::vector<uint8_t> codes(has_codes() ? heads_ * code_bytes : 0);
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
      uint8_t* head_codes = codes.data() + head * code_bytes;
      std::memcpy(head_codes, to, BoundBytes(dim_, bits_));
      Encode(first, tokens, inverse, to, to + dim_, head_codes + BoundBytes(dim_, bits_));
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
      std::copy_n(codes.data() + head * code_bytes, code_bytes, Codes(head, box));
    }
  }
  if (has_codes()) {
    tokens_[box] = static_cast<uint8_t>(tokens);
  }
  set_[box].store(true, std::memory_order_release);
}

void KeyBoxes::Encode(const float* keys, size_t tokens, float inverse, const int8_t* least,
                      const int8_t* largest, uint8_t* codes) const {
  const size_t per_byte = 8 / bits_;
  const float parts = static_cast<float>(1U << bits_);
  for (size_t token = 0; token < tokens; ++token) {
    const float* key = keys + token * heads_ * dim_;
    for (size_t d = 0; d < dim_; ++d) {
      const float range = std::max(1.0F, static_cast<float>(largest[d] - least[d]));
      const float part = (key[d] * inverse - static_cast<float>(least[d])) / range;
      const auto code = static_cast<uint32_t>(std::clamp(part * parts, 0.0F, parts - 1.0F));
      codes[d / per_byte * kTokens + token] |= static_cast<uint8_t>(code << (d % per_byte * bits_));
    }
  }
}

const int8_t* KeyBoxes::BoundsOf(size_t head, size_t box, int8_t* room) const {
  if (BoundBytes(dim_, bits_) > 0) {
    return reinterpret_cast<const int8_t*>(Codes(head, box));
  }
  const int8_t* least = Plane(head, box / kLanes, false) + box % kLanes;
  const int8_t* largest = Plane(head, box / kLanes, true) + box % kLanes;
  for (size_t d = 0; d < dim_; ++d) {
    room[d] = least[d * kLanes];
    room[dim_ + d] = largest[d * kLanes];
  }
  return room;
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
  const float fine_unit = extent / kFineLevels / 2.0F;  // of the sum of both bounds
  const auto parts = static_cast<float>(1U << bits_);   // of a box, for which codes stand
  const float coarse_unit = extent / kCoarseLevels / parts;
  const auto sum_codes = bits_ == 1 ? kernel.sum_halves : kernel.sum_quarters;
  std::vector<int8_t> room(2 * dim_);
  const std::shared_lock lock(mutex_);
  for (const size_t box : boxes) {
    const int8_t* least = BoundsOf(head, box, room.data());
    const BoxWeights made = kernel.weigh(fine, coarse, least, least + dim_, dim_, weights);
    int16_t sums[kTokens];
    sum_codes(weights, Codes(head, box) + BoundBytes(dim_, bits_), dim_, sums);
    const float scale = scales_[(head * groups_ + box / kLanes) * kLanes + box % kLanes];
    const float unit = scale * coarse_unit * static_cast<float>(1 << made.shift);
    // Codes stand for the middles of parts: of quarters 1.5 is the middle of the box, of halves
    // 0.5.
    const float middle = scale * fine_unit * static_cast<float>(made.middles) -
                         unit * (parts - 1.0F) / 2.0F * static_cast<float>(made.sum);
    for (size_t token = 0; token < kTokens; ++token) {
      scores[token] =
          token < tokens_[box] ? middle + unit * static_cast<float>(sums[token]) : kNoKey;
    }
    scores += kTokens;
  }
}

}  // namespace leoam
