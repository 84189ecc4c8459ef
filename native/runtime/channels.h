// Which channels of a model's keys abstracts keep codes of.
#pragma once

#include <cstdint>
#include <vector>

#include "leoam/status.h"
#include "runtime/core.h"

namespace leoam {

// Of each layer the order of its channels (OrderChannels), found by reading a few lines: it hardly
// depends on the text. Engine thread; takes as long as a short question.
Result<std::vector<std::vector<uint8_t>>> MeasureChannels(Core& core, JobContext& job);

}  // namespace leoam
