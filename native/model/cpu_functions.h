// Functions of ggml's CPU module. The module is loaded at run time, so they are looked
// up by name instead of linked.
#pragma once

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

namespace leoam {

struct CpuFunctions {
  decltype(&ggml_threadpool_new) threadpool_new = nullptr;
  decltype(&ggml_threadpool_free) threadpool_free = nullptr;
  decltype(&ggml_backend_cpu_set_threadpool) set_threadpool = nullptr;
  ggml_backend_set_n_threads_t set_n_threads = nullptr;
  ggml_backend_set_abort_callback_t set_abort_callback = nullptr;
  ggml_backend_get_features_t get_features = nullptr;
  ggml_backend_dev_get_extra_bufts_t extra_buffer_types = nullptr;

  // True when everything that the decoder cannot do without was found.
  bool complete() const {
    return threadpool_new != nullptr && threadpool_free != nullptr && set_threadpool != nullptr &&
           set_n_threads != nullptr && set_abort_callback != nullptr;
  }
};

CpuFunctions FindCpuFunctions(ggml_backend_dev_t device);

}  // namespace leoam
