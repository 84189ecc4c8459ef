// Weights that are kept wider in memory than in the file, because kernels are faster with them.
#pragma once

#include <cstdint>

#include "ggml.h"

namespace leoam {

// The type in which a matrix whose file type is `type` is kept. Q5_0 becomes Q8_0, with the very
// same values (a block's scale times a whole number of 5 bits): ggml's products unpack the fifth
// bit of each weight for every few rows of input, and neither tile nor repack Q5_0 as they do Q8_0.
// Half as many bytes more (34 a block instead of 22). Any other type is kept as it is.
ggml_type KeptType(ggml_type type);

// Rewrites `values` weights of Q5_0 at `from` as Q8_0 at `to` (whole blocks of 32, not
// overlapping).
void WidenQ5ToQ8(const uint8_t* from, int64_t values, uint8_t* to);

}  // namespace leoam
