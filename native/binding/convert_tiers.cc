#include "binding/convert_tiers.h"

#include <algorithm>
#include <cmath>

#include "binding/convert.h"

namespace leoam::binding {
namespace {

bool ReadFlag(const Napi::Object& object, const char* name, bool otherwise) {
  const Napi::Value value = object.Get(name);
  return value.IsBoolean() ? value.As<Napi::Boolean>().Value() : otherwise;
}

HighPlane ReadHighPlane(const Napi::Object& object, HighPlane otherwise) {
  const std::string name = ReadString(object, "highPlane", "");
  if (name == "never") {
    return HighPlane::kNever;
  }
  if (name == "auto") {
    return HighPlane::kAuto;
  }
  if (name == "always") {
    return HighPlane::kAlways;
  }
  if (!name.empty()) {
    throw Napi::TypeError::New(object.Env(), "highPlane is \"never\", \"auto\" or \"always\".");
  }
  return otherwise;
}

}  // namespace

TierOptions ReadTierOptions(const Napi::Value& value) {
  TierOptions tiers;
  if (!value.IsObject()) {
    return tiers;
  }
  const auto options = value.As<Napi::Object>();
  const double bytes = ReadNumber(options, "ramBytes");
  const double device = ReadNumber(options, "deviceBytes", 0);
  const double share = ReadNumber(options, "share", 1);
  const double speed = ReadNumber(options, "diskBytesPerSecond", 0);
  const double draft = ReadNumber(options, "draftTokens", 0);
  const bool is_enough = options.Get("mass").IsString() && ReadString(options, "mass") == "enough";
  const double mass = is_enough ? TierOptions::kEnoughMass : ReadNumber(options, "mass", 1);
  const double abstract = ReadNumber(options, "abstractTokens", KeyBoxes::kTokens);
  const double code_share = ReadNumber(options, "codeShare", tiers.code_share);
  if (!(bytes > 0) || !(device >= 0) || !(share > 0) || !(share <= 1) || !(speed >= 0) ||
      !(draft >= 0) || !(draft <= 64) || !(is_enough || mass > 0) || !(mass <= 1) ||
      !(abstract >= 1) || !(code_share >= 0) || !(code_share <= 1)) {
    throw Napi::TypeError::New(
        value.Env(),
        "A session's tiers need ramBytes above 0, a share and a mass above 0 and up to 1, no "
        "negative deviceBytes and speed, drafts of 0 to 64 tokens, abstracts of at least one key, "
        "and codes of a share of 0 to 1 of the channels.");
  }
  tiers.ram_bytes = static_cast<uint64_t>(bytes);
  tiers.device_bytes = static_cast<uint64_t>(device);
  tiers.device = ReadString(options, "device", "");
  if (options.Get("kv").IsString()) {
    tiers.format = ReadKvFormat(options);
  }
  tiers.share = share;
  tiers.mass = mass;
  tiers.draft_tokens = static_cast<int>(draft);
  tiers.disk_bytes_per_second = static_cast<uint64_t>(speed);
  tiers.abstract_tokens = static_cast<size_t>(std::min(abstract, 1e9));
  tiers.code_share = code_share;
  tiers.previous_layer = ReadFlag(options, "previousLayer", tiers.previous_layer);
  tiers.pass_page_cache = ReadFlag(options, "passPageCache", tiers.pass_page_cache);
  tiers.count_needed = ReadFlag(options, "countNeeded", tiers.count_needed);
  tiers.high_plane = ReadHighPlane(options, tiers.high_plane);
  tiers.prefetch = ReadFlag(options, "prefetch", tiers.prefetch);
  return tiers;
}

Napi::Object FromTierCounters(Napi::Env env, const TierCounters& counters) {
  Napi::Object out = Napi::Object::New(env);
  const auto set = [&out](const char* name, uint64_t value) {
    out.Set(name, static_cast<double>(value));
  };
  set("context", counters.context);
  set("blocksWanted", counters.blocks_wanted);
  set("blocksHit", counters.blocks_hit);
  set("blocksRead", counters.blocks_read);
  set("blocksFromDevice", counters.blocks_from_device);
  set("blocksDropped", counters.blocks_dropped);
  set("blocksWeighed", counters.blocks_weighed);
  set("blocksNeeded", counters.blocks_needed);
  set("blocksHigh", counters.blocks_high);
  set("bytesRead", counters.bytes_read);
  out.Set("linkMbPerSecond", counters.link_mb_per_s);
  out.Set("decodeMbPerSecond", counters.decode_mb_per_s);
  set("bytesToDevice", counters.bytes_to_device);
  set("bytesFromDevice", counters.bytes_from_device);
  set("ramBytes", counters.ram_bytes);
  set("ramBlocks", counters.ram_blocks);
  set("peakBytes", counters.peak_bytes);
  set("deviceBudgetBytes", counters.device_budget_bytes);
  set("deviceBytes", counters.device_bytes);
  set("deviceBlocks", counters.device_blocks);
  set("devicePeakBytes", counters.device_peak_bytes);
  out.Set("deviceLost", counters.device_lost);
  set("abstractBytes", counters.abstract_bytes);
  set("kvBytes", counters.kv_bytes);
  out.Set("waitedMs", counters.waited_ms);
  out.Set("chooseMs", counters.choose_ms);
  return out;
}

Napi::Object FromDeviceInfo(Napi::Env env, const DeviceInfo& device) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("name", device.name);
  out.Set("description", device.description);
  out.Set("freeBytes", static_cast<double>(device.free_bytes));
  out.Set("totalBytes", static_cast<double>(device.total_bytes));
  return out;
}

}  // namespace leoam::binding
