// What sessions are told of tiers and tell of them, as server/engine/tierOptions.ts has it.
#pragma once

#include <napi.h>

#include "leoam/tier_counters.h"
#include "tiers/device_memory.h"
#include "tiers/tiered_context.h"

namespace leoam::binding {

// Without tiers where `value` is no object.
TierOptions ReadTierOptions(const Napi::Value& value);

Napi::Object FromTierCounters(Napi::Env env, const TierCounters& counters);
Napi::Object FromDeviceInfo(Napi::Env env, const DeviceInfo& device);

}  // namespace leoam::binding
