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

const BoxKernel& Kernel() {
#if defined(__x86_64__) || defined(_M_X64)
  static const bool avx2 = CpuHasAvx2();
  return avx2 ? Avx2BoxKernel() : PlainBoxKernel();
#else
  return PlainBoxKernel();
#endif
}

}  // namespace

KeyBoxes::KeyBoxes(int kv_heads, int head_dim, size_t boxes)
    : heads_(static_cast<size_t>(kv_heads)),
      dim_(static_cast<size_t>(head_dim)),
      count_(boxes),
      groups_((boxes + kLanes - 1) / kLanes),
      planes_(heads_ * groups_ * 2 * dim_ * kLanes),
      scales_(heads_ * groups_ * kLanes),
      set_(std::make_unique<std::atomic<bool>[]>(boxes)) {}

void KeyBoxes::Set(size_t box, const float* keys, size_t tokens) {
  const size_t group = box / kLanes;
  const size_t lane = box % kLanes;
  std::vector<float> least(dim_);
  std::vector<float> largest(dim_);
  std::vector<float> scales(heads_);
  std::vector<int8_t> bounds(heads_ * 2 * dim_);
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
  }
  const std::unique_lock lock(mutex_);
  for (size_t head = 0; head < heads_; ++head) {
    scales_[(head * groups_ + group) * kLanes + lane] = scales[head];
    const int8_t* from = bounds.data() + head * 2 * dim_;
    for (size_t d = 0; d < dim_; ++d) {
      Plane(head, group, false)[d * kLanes + lane] = from[d];
      Plane(head, group, true)[d * kLanes + lane] = from[dim_ + d];
    }
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

}  // namespace leoam
