// KV rows that leave a sequence to come back at other positions: values as they are, keys
// turned by the distance, since two rotations make one. What the rows attended to when they
// were computed stays in them (design: the kept suffix).
#pragma once

#include <cstdint>
#include <vector>

#include "kv/kv_buffer.h"
#include "leoam/types.h"

namespace leoam {

class MovedRows {
 public:
  // Copies rows [begin, end) of all layers.
  static MovedRows Take(const KvBuffer& kv, size_t begin, size_t end);

  size_t tokens() const { return tokens_; }

  // Writes them as rows [begin, begin + tokens()) of a buffer of the same shape and format.
  void Put(const RopeParams& rope, size_t begin, KvBuffer* kv) const;

 private:
  size_t begin_ = 0;
  size_t tokens_ = 0;
  std::vector<std::vector<uint8_t>> k_;  // per layer, [tokens_] rows as they lay there
  std::vector<std::vector<uint8_t>> v_;
};

}  // namespace leoam
