// Whether a pass can be computed at all: ggml would end the process instead.
#pragma once

#include <span>

#include "leoam/status.h"
#include "model/decoder.h"
#include "model/model.h"

namespace leoam {

// kInvalidArgument, kOutOfRange or kUnsupported with one sentence on what is wrong. `sequences`:
// whose the rows are, also where the request names but one buffer.
Status CheckRequest(const DecodeRequest& request, std::span<const SequenceRows> sequences,
                    const ModelConfig& config);

}  // namespace leoam
