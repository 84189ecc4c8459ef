// Of Addon: looking at a store that no engine has open, for which no model is needed.
#pragma once

#include <napi.h>

namespace leoam::binding {

// Addon.storeStats(directory): a promise of StoreStats. Makes the folder where it is missing.
Napi::Value StoreStatistics(const Napi::CallbackInfo& info);

// Addon.verifyStore(directory, onProgress): a promise; drops what is damaged.
Napi::Value VerifyStore(const Napi::CallbackInfo& info);

}  // namespace leoam::binding
