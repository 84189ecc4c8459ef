// Attention of a question's tokens over keys in RAM: what repair chooses by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kv/kv_buffer.h"
#include "model/model.h"

namespace leoam {

// Adds to mass[row] the softmax weight that each query (row, head) of one layer gives to
// rows [0, mass.size()) of `kv`, normalised over these rows alone. `queries`:
// [positions.size()][heads * head_dim] after bias and norm, before RoPE.
void AddQuestionMass(const ModelConfig& config, const KvBuffer& kv, int layer,
                     std::span<const float> queries, std::span<const int32_t> positions,
                     std::span<float> mass);

}  // namespace leoam
