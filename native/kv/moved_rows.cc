#include "kv/moved_rows.h"

#include <cstring>

#include "kv/rope.h"

namespace leoam {

MovedRows MovedRows::Take(const KvBuffer& kv, size_t begin, size_t end) {
  MovedRows rows;
  rows.begin_ = begin;
  rows.tokens_ = end - begin;
  const size_t bytes = rows.tokens_ * kv.row_bytes();
  for (int layer = 0; layer < kv.shape().layers; ++layer) {
    const uint8_t* k = kv.k_row(layer, begin);
    const uint8_t* v = kv.v_row(layer, begin);
    rows.k_.emplace_back(k, k + bytes);
    rows.v_.emplace_back(v, v + bytes);
  }
  return rows;
}

void MovedRows::Put(const RopeParams& rope, size_t begin, KvBuffer* kv) const {
  const KvShape& shape = kv->shape();
  const auto head_dim = static_cast<size_t>(shape.head_dim);
  RopeAngles angles(rope);
  angles.SetPosition(static_cast<int32_t>(begin) - static_cast<int32_t>(begin_));
  std::vector<float> row(shape.RowValues());
  for (int layer = 0; layer < shape.layers; ++layer) {
    const auto at = static_cast<size_t>(layer);
    std::memcpy(kv->v_row(layer, begin), v_[at].data(), v_[at].size());
    std::memcpy(kv->k_row(layer, begin), k_[at].data(), k_[at].size());
    if (begin == begin_) {
      continue;
    }
    for (size_t token = begin; token < begin + tokens_; ++token) {
      for (int head = 0; head < shape.kv_heads; ++head) {
        float* values = row.data() + static_cast<size_t>(head) * head_dim;
        kv->ReadKey(layer, token, head, values);
        angles.Rotate(values);
      }
      kv->WriteKeys(layer, token, row.data());
    }
  }
}

}  // namespace leoam
