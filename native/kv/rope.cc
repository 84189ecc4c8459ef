#include "kv/rope.h"

#include <cmath>

namespace leoam {

RopeAngles::RopeAngles(const RopeParams& params)
    : params_(params),
      theta_scale_(std::pow(params.base, -2.0F / static_cast<float>(params.dims))),
      cos_(static_cast<size_t>(params.dims) / 2, 1.0F),
      sin_(static_cast<size_t>(params.dims) / 2, 0.0F) {}

void RopeAngles::SetPosition(int32_t position) {
  // The angle of pair i is position * base^(-2i/dims), reached by repeated multiplication
  // in F32: that is how the graph's operator rounds, and far positions feel it.
  auto theta = static_cast<float>(position);
  for (size_t i = 0; i < cos_.size(); ++i) {
    const float divisor = params_.factors.empty() ? 1.0F : params_.factors[i];
    const float angle = params_.frequency_scale * (theta / divisor);
    cos_[i] = std::cos(angle);
    sin_[i] = std::sin(angle);
    theta *= theta_scale_;
  }
}

void RopeAngles::Rotate(float* head) const {
  const size_t pairs = cos_.size();
  // Where the two values of pair i lie: (i, i + pairs) or (2i, 2i + 1).
  const bool neox = params_.kind == RopeKind::kNeox;
  const size_t step = neox ? 1 : 2;
  const size_t partner = neox ? pairs : 1;
  for (size_t i = 0; i < pairs; ++i) {
    float& a = head[i * step];
    float& b = head[i * step + partner];
    const float x = a;
    const float y = b;
    a = x * cos_[i] - y * sin_[i];
    b = x * sin_[i] + y * cos_[i];
  }
}

RopeTable::RopeTable(const RopeParams& params, size_t first_position, size_t tokens)
    : tokens_(tokens), neox_(params.kind == RopeKind::kNeox) {
  RopeAngles angles(params);
  pairs_ = angles.cosines().size();
  cosines_.reserve(tokens * pairs_);
  sines_.reserve(tokens * pairs_);
  for (size_t i = 0; i < tokens; ++i) {
    angles.SetPosition(static_cast<int32_t>(first_position + i));
    cosines_.insert(cosines_.end(), angles.cosines().begin(), angles.cosines().end());
    sines_.insert(sines_.end(), angles.sines().begin(), angles.sines().end());
  }
}

}  // namespace leoam
