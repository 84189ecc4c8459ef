// A model of random weights, small enough to be written by a test: for families of which no
// test has a trained model.
#pragma once

#include <string>

namespace leoam::testing {

// Path of a qwen3 model (norms of each head's queries and keys, heads wider than the
// embedding's share) without a tokeniser, made once per process and removed at its end.
// Empty when it cannot be written.
std::string TinyQwen3ModelPath();

}  // namespace leoam::testing
