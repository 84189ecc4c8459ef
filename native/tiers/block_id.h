// Names a block, the unit of the tiers: one layer of a chunk.
#pragma once

#include <cstddef>

namespace leoam {

struct BlockId {
  int layer = 0;
  size_t chunk = 0;
};

}  // namespace leoam
