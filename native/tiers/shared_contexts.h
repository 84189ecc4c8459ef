// Contexts that are held now: those who hold the same evidence share it, and its memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "leoam/status.h"
#include "tiers/left_work.h"
#include "tiers/tiered_context.h"

namespace leoam {

// Belongs to the engine thread. Holds no context itself. Who lets go of the last hold on one does
// not wait for a disk that hangs: reads under way end on another thread, as work that `left` has.
class SharedContexts {
 public:
  explicit SharedContexts(std::weak_ptr<LeftWork> left) : left_(std::move(left)) {}

  // May let other jobs run, which get contexts here too.
  using Open = std::function<Result<std::unique_ptr<TieredContext>>()>;

  // The context of these chunks from position `begin` on that somebody holds with these options,
  // unless it was found damaged; else the one that `open` makes.
  Result<std::shared_ptr<TieredContext>> Get(const std::vector<ChunkRange>& ranges, size_t begin,
                                             const TierOptions& options, const Open& open);

 private:
  struct Held {
    std::vector<ChunkRange> ranges;
    size_t begin = 0;
    TierOptions options;
    std::weak_ptr<TieredContext> context;
  };

  // Null where there is none.
  std::shared_ptr<TieredContext> Find(const std::vector<ChunkRange>& ranges, size_t begin,
                                      const TierOptions& options) const;

  std::weak_ptr<LeftWork> left_;
  std::vector<Held> held_;
};

}  // namespace leoam
