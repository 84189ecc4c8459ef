#include "selection/question_mass.h"

#include <algorithm>
#include <cmath>

#include "kv/rope.h"
#include "selection/score_kernel.h"

namespace leoam {

void AddQuestionMass(const ModelConfig& config, const KvBuffer& kv, int layer,
                     std::span<const float> queries, std::span<const int32_t> positions,
                     std::span<float> mass) {
  const auto dim = static_cast<size_t>(config.head_dim);
  const auto heads = static_cast<size_t>(config.heads);
  const auto kv_heads = static_cast<size_t>(config.kv_heads);
  const size_t group = heads / kv_heads;
  const size_t rows = positions.size();
  const size_t keys = mass.size();
  const float scale = 1.0F / std::sqrt(static_cast<float>(dim));

  RopeAngles rope(config.rope);
  std::vector<float> rotated(queries.begin(), queries.end());
  for (size_t row = 0; row < rows; ++row) {
    rope.SetPosition(positions[row]);
    for (size_t head = 0; head < heads; ++head) {
      float* query = rotated.data() + (row * heads + head) * dim;
      rope.Rotate(query);
      std::for_each(query, query + dim, [scale](float& value) { value *= scale; });
    }
  }

  std::vector<float> key_values(keys * dim);
  std::vector<float> scores(keys);
  for (size_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
    for (size_t key = 0; key < keys; ++key) {
      kv.ReadKey(layer, key, static_cast<int>(kv_head), key_values.data() + key * dim);
    }
    const KeyBlocks blocks(key_values, keys, dim);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        blocks.Score(rotated.data() + (row * heads + head) * dim, scores.data());
        AddSoftmax(scores, mass);
      }
    }
  }
}

}  // namespace leoam
