// What a GGUF says of its model's shape.
#pragma once

#include "leoam/status.h"
#include "model/gguf_file.h"
#include "model/model.h"

namespace leoam {

// kUnsupported names the architecture or the feature that this engine does not have.
Result<ModelConfig> ReadModelConfig(const GgufFile& file);

}  // namespace leoam
