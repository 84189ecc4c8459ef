// Plain data that every module of the engine speaks of.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace leoam {

using Token = int32_t;

// Version of everything that decides what a stored K or V is: decoder graph, ubatch
// split, codec. Part of each segment's key; raise it when stored KV would differ.
inline constexpr int kKvVersion = 1;

// Rows of one prefill ubatch. Fixed, because ggml's attention rounds differently for
// other row counts and stored KV must not depend on who computed it.
inline constexpr int kUbatchTokens = 512;

// Sizes of one token's KV. Values of K (and of V) in one layer: kv_heads * head_dim.
struct KvShape {
  int layers = 0;
  int kv_heads = 0;
  int head_dim = 0;

  size_t RowValues() const { return static_cast<size_t>(kv_heads) * head_dim; }
  bool operator==(const KvShape&) const = default;
};

enum class RopeKind {
  kNeox,    // rotates (i, i + dim/2): qwen2, qwen3
  kNormal,  // rotates (2i, 2i+1): llama, whose GGUF weights are permuted for it
};

struct RopeParams {
  RopeKind kind = RopeKind::kNeox;
  int dims = 0;  // rotated dimensions of a head, from its start
  float base = 10000.0F;
  float frequency_scale = 1.0F;
  std::vector<float> factors;  // dims/2 divisors of the frequencies (Llama 3.x), or empty
};

// How K and V are kept in a segment file.
enum class Precision {
  kF16 = 16,
  kQ8 = 8,  // two nibble planes, see store/FORMAT.md
  kQ4 = 4,  // the high plane only
};

// Cooperative cancellation, shared between the thread that asks and the engine's.
// The engine looks at it within a graph (ggml's abort callback), so a long ubatch ends early.
class CancelFlag {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace leoam
