// ggml's modules (shared libraries for processors and GPUs) and the list of devices that they make.
#pragma once

#include <mutex>

namespace leoam {

// ggml's list is not made for threads. Held by who loads modules or goes through the devices,
// libllama's loading of a model among them.
std::mutex& BackendListMutex();

// Loads the modules of GPUs: all in the folder `gpu` below the one that LoadCpuBackend was given.
// Only the first call does; one before LoadCpuBackend does nothing. Drivers take time and memory,
// so who needs no GPU does not call it. What does not load (a machine without Vulkan) is left out.
// Call with BackendListMutex held.
void LoadGpuModules();

}  // namespace leoam
