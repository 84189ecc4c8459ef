// KV of consecutive positions that lies in tiers (native/tiers) instead of a KvBuffer: each layer
// of a pass is told, once its queries are known, what of it takes part.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "leoam/status.h"
#include "model/attention/kernel.h"
#include "model/attention/sums.h"

namespace leoam {

class TieredKv {
 public:
  virtual ~TieredKv() = default;

  // Positions [begin, begin + tokens): the gap of the KvBuffer that it goes with.
  virtual size_t begin() const = 0;
  virtual size_t tokens() const = 0;

  // A pass begins, from the first layer on, also one that takes the place of a pass that was given
  // up. `all`: its rows attend to all that lies here, else to what is chosen. `should_abort` (may
  // be empty; any thread, until the next Begin): Choose waits no longer and returns kCancelled.
  virtual void Begin(bool all, std::function<bool()> should_abort) = 0;

  // Before Choose, on each of the decoder's threads: part `part` of `parts` of what is to be found
  // out about a pass's queries. `q`: [rows][heads][head_dim], after RoPE. `resident`: of the same
  // rows and heads, the attention to what lies in memory anyway.
  virtual void Judge(int layer, const float* q, int rows, const AttentionSums& resident, int part,
                     int parts) = 0;

  // Appends what the queries of a pass attend to in `layer`: keys after bias and RoPE. The rows
  // stay where they are until the next call. Every row sees all of it. Called for each layer in
  // turn, on one of the decoder's threads, whose pass waits: a failure ends the pass with that
  // status.
  virtual Status Choose(int layer, std::vector<KvChunk>* chunks) = 0;

  // The pass that began last is complete: none takes its place.
  virtual void End() = 0;

  // After a pass that counts it: the attention mass of each of the chunks that the last Choose of
  // the layer appended, summed over heads and rows.
  virtual void Took(int layer, std::span<const float> mass) = 0;
};

}  // namespace leoam
