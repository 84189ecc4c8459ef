// Where tests find the models, ggml's modules and real source text.
#pragma once

#include <string>
#include <vector>

#include "leoam/types.h"
#include "model/model.h"

namespace leoam::testing {

// The default model (qwen2) and SmolLM2-135M (llama): LEOAM_TEST_MODEL_QWEN2 and
// LEOAM_TEST_MODEL_LLAMA, else the models folder of LEOAM_HOME, else of the platform's
// data folder. The path is returned whether or not the file is there, so that a missing
// model fails the test that needs it.
std::string Qwen2ModelPath();
std::string LlamaModelPath();

// Folder of ggml's run-time modules: LEOAM_MODULE_DIR, else the build's own.
std::string ModuleDir();

// Of which device tests take memory, as ggml names it: LEOAM_TEST_DEVICE, else "CPU".
std::string DeviceName();

// The backend of this process. Aborts the test program with the reason if there is none.
const CpuBackend& TestBackend();

// Source text of llama.cpp's checkout (LEOAM_LLAMA_SOURCE), some files one after the
// other: real code to read in tests. Empty when the checkout is missing.
std::string RealCode();

}  // namespace leoam::testing
