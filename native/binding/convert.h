// JavaScript values to the engine's types and back. Wrong types throw a TypeError that
// names the argument; engine failures become Errors with a `code`.
#pragma once

#include <napi.h>

#include <string>
#include <vector>

#include "leoam/engine.h"
#include "leoam/kv_format.h"
#include "leoam/status.h"
#include "runtime/scheduler.h"
#include "store/segment_store.h"

namespace leoam::binding {

// An Error whose `code` is StatusCodeName(status.code()).
Napi::Error ToError(Napi::Env env, const Status& status);

std::string ReadString(const Napi::Object& object, const char* name);
std::string ReadString(const Napi::Object& object, const char* name, const std::string& otherwise);
double ReadNumber(const Napi::Object& object, const char* name);
double ReadNumber(const Napi::Object& object, const char* name, double otherwise);
std::vector<std::string> ReadStrings(const Napi::Value& value, const char* name);
std::vector<Token> ReadTokens(const Napi::Value& value, const char* name);
std::vector<uint32_t> ReadOffsets(const Napi::Value& value, const char* name);
Priority ReadPriority(const Napi::Value& value);
Precision ReadPrecision(const Napi::Object& object);
KvFormat ReadKvFormat(const Napi::Object& object);
SegmentRequest ReadSegmentRequest(const Napi::Value& value);
std::vector<ChunkCandidate> ReadCandidates(const Napi::Value& value);
std::vector<RetrievalHead> ReadHeads(const Napi::Value& value);
GenerateRequest ReadGenerateRequest(const Napi::Value& value);
ScoreRequest ReadScoreRequest(const Napi::Value& value);

Napi::Int32Array FromTokens(Napi::Env env, const std::vector<Token>& tokens);
Napi::Float32Array FromFloats(Napi::Env env, const std::vector<float>& values);
Napi::Object FromCounters(Napi::Env env, const Counters& counters);
Napi::Object FromSegmentResult(Napi::Env env, const SegmentResult& result);
Napi::Object FromGenerateResult(Napi::Env env, const GenerateResult& result);
Napi::Object FromScoreResult(Napi::Env env, const ScoreResult& result);
Napi::Object FromStoreStats(Napi::Env env, const StoreStats& stats);
Napi::Object FromSegmentState(Napi::Env env, const SegmentState& state);

}  // namespace leoam::binding
