// libllama and ggml log to standard error unless told otherwise.
#pragma once

#include <string>

namespace leoam {

// Silences both libraries for the whole process. Cheap to call again.
void SilenceLlamaLog();

// The last error either library reported on this thread since the previous call, on one
// line; empty if none. It goes into messages as the detail that only the library knows.
std::string TakeLlamaError();

}  // namespace leoam
