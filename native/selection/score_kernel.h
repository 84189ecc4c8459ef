// Dot products of queries with many keys, and softmax over them. Written so that the
// compiler vectorises over keys: keys lie transposed in blocks.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace leoam {

class KeyBlocks {
 public:
  static constexpr size_t kBlock = 32;

  // keys: [count][dim] F32. Copies them, transposed in blocks of kBlock keys.
  KeyBlocks(std::span<const float> keys, size_t count, size_t dim);

  // scores[i] = query . key i, for all keys.
  void Score(const float* query, float* scores) const;

  size_t count() const { return count_; }

 private:
  size_t count_;
  size_t dim_;
  std::vector<float> blocks_;  // [block][dim][kBlock]
};

// mass[i] += exp(scores[i] - max) / sum. Overwrites scores.
void AddSoftmax(std::span<float> scores, std::span<float> mass);

// Of each 16 `scores`: the highest one, and from that the sum of e^(score - maximum), none above
// `maximum`; 0 where it comes to nothing.
void HighestOf16(std::span<const float> scores, std::span<float> highest);
void SumExpOf16(std::span<const float> scores, std::span<const float> highest, float maximum,
                std::span<float> sums);

}  // namespace leoam
