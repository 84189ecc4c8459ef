// Per-environment data of the addon: node may load it in several workers at once.
#pragma once

#include <napi.h>

namespace leoam::binding {

struct AddonData {
  Napi::FunctionReference engine;
  Napi::FunctionReference session;
};

}  // namespace leoam::binding
