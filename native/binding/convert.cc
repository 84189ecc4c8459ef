#include "binding/convert.h"

#include <algorithm>
#include <string_view>

#include "binding/convert_tiers.h"

namespace leoam::binding {
namespace {

Napi::Object RequireObject(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an object.");
  }
  return value.As<Napi::Object>();
}

Napi::Array RequireArray(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an array.");
  }
  return value.As<Napi::Array>();
}

void ReadPrompt(const Napi::Object& object, PromptRequest* request) {
  const Napi::Array parts = RequireArray(object.Get("parts"), "parts");
  for (uint32_t i = 0; i < parts.Length(); ++i) {
    const Napi::Object from = RequireObject(parts.Get(i), "parts[]");
    const std::string kind = ReadString(from, "kind");
    Part part;
    if (kind == "text") {
      part.tokens = ReadTokens(from.Get("tokens"), "tokens");
      part.movable = from.Get("movable").ToBoolean();
    } else if (kind == "chunks") {
      part.kind = Part::Kind::kChunks;
      part.key = ReadString(from, "key");
      part.first = static_cast<size_t>(ReadNumber(from, "first"));
      part.last = static_cast<size_t>(ReadNumber(from, "last"));
      part.movable = from.Get("movable").ToBoolean();
    } else if (kind == "keep") {
      part.kind = Part::Kind::kKeep;
      part.key = ReadString(from, "key");
      part.tokens = ReadTokens(from.Get("tokens"), "tokens");
      part.chunk_ends = ReadOffsets(from.Get("chunkEnds"), "chunkEnds");
    } else {
      throw Napi::TypeError::New(object.Env(), "A part's kind must be text, chunks or keep.");
    }
    request->parts.push_back(std::move(part));
  }
  request->question_part = static_cast<size_t>(ReadNumber(object, "questionPart"));
  if (object.Get("repair").IsObject()) {
    request->repair_share = ReadNumber(object.Get("repair").As<Napi::Object>(), "share");
    if (request->repair_share < 0 || request->repair_share > 1) {
      throw Napi::TypeError::New(object.Env(), "repair.share must lie between 0 and 1.");
    }
  }
}

Napi::Object FromTimings(Napi::Env env, const Timings& timings) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("queuedMs", timings.queued_ms);
  out.Set("loadKvMs", timings.load_kv_ms);
  out.Set("prefillMs", timings.prefill_ms);
  out.Set("repairMs", timings.repair_ms);
  out.Set("ttftMs", timings.ttft_ms);
  out.Set("decodeMs", timings.decode_ms);
  return out;
}

}  // namespace

Napi::Error ToError(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message());
  error.Set("code", Napi::String::New(env, std::string(StatusCodeName(status.code()))));
  return error;
}

std::string ReadString(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) {
    throw Napi::TypeError::New(object.Env(), std::string(name) + " must be a string.");
  }
  return value.As<Napi::String>().Utf8Value();
}

std::string ReadString(const Napi::Object& object, const char* name, const std::string& otherwise) {
  return object.Get(name).IsUndefined() ? otherwise : ReadString(object, name);
}

double ReadNumber(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) {
    throw Napi::TypeError::New(object.Env(), std::string(name) + " must be a number.");
  }
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0)) {
    throw Napi::TypeError::New(object.Env(), std::string(name) + " must not be negative.");
  }
  return number;
}

double ReadNumber(const Napi::Object& object, const char* name, double otherwise) {
  return object.Get(name).IsUndefined() ? otherwise : ReadNumber(object, name);
}

std::vector<std::string> ReadStrings(const Napi::Value& value, const char* name) {
  const Napi::Array array = RequireArray(value, name);
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value item = array.Get(i);
    if (!item.IsString()) {
      throw Napi::TypeError::New(value.Env(), std::string(name) + " must hold strings.");
    }
    out.push_back(item.As<Napi::String>().Utf8Value());
  }
  return out;
}

std::vector<Token> ReadTokens(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an Int32Array.");
  }
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

std::vector<uint32_t> ReadOffsets(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a Uint32Array.");
  }
  const auto array = value.As<Napi::Uint32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

Priority ReadPriority(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (name == "completion") {
    return Priority::kCompletion;
  }
  if (name == "chat") {
    return Priority::kChat;
  }
  if (name == "prepare") {
    return Priority::kPrepare;
  }
  if (name == "index") {
    return Priority::kIndex;
  }
  throw Napi::TypeError::New(value.Env(), "priority must be completion, chat, prepare or index.");
}

Precision ReadPrecision(const Napi::Object& object) {
  const std::string name = ReadString(object, "precision", "q8");
  if (name == "f16") {
    return Precision::kF16;
  }
  if (name == "q8") {
    return Precision::kQ8;
  }
  if (name == "q4") {
    return Precision::kQ4;
  }
  throw Napi::TypeError::New(object.Env(), "precision must be f16, q8 or q4.");
}

KvFormat ReadKvFormat(const Napi::Object& object) {
  const std::string name = ReadString(object, "kv", "f16");
  if (name == "f16") {
    return KvFormat::kF16;
  }
  if (name == "q8") {
    return KvFormat::kQ8;
  }
  throw Napi::TypeError::New(object.Env(), "kv must be f16 or q8.");
}

SegmentRequest ReadSegmentRequest(const Napi::Value& value) {
  const Napi::Object object = RequireObject(value, "request");
  SegmentRequest request;
  request.key = ReadString(object, "key");
  request.tokens = ReadTokens(object.Get("tokens"), "tokens");
  request.chunk_ends = ReadOffsets(object.Get("chunkEnds"), "chunkEnds");
  request.base = ReadString(object, "base", "");
  return request;
}

std::vector<ChunkCandidate> ReadCandidates(const Napi::Value& value) {
  const Napi::Array array = RequireArray(value, "candidates");
  std::vector<ChunkCandidate> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object from = RequireObject(array.Get(i), "candidates[]");
    out.push_back({ReadString(from, "key"), static_cast<size_t>(ReadNumber(from, "first")),
                   static_cast<size_t>(ReadNumber(from, "last"))});
  }
  return out;
}

std::vector<RetrievalHead> ReadHeads(const Napi::Value& value) {
  const Napi::Array array = RequireArray(value, "heads");
  std::vector<RetrievalHead> out;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object from = RequireObject(array.Get(i), "heads[]");
    out.push_back(
        {static_cast<int>(ReadNumber(from, "layer")), static_cast<int>(ReadNumber(from, "head"))});
  }
  return out;
}

GenerateRequest ReadGenerateRequest(const Napi::Value& value) {
  const Napi::Object object = RequireObject(value, "request");
  GenerateRequest request;
  ReadPrompt(object, &request);
  request.max_tokens = static_cast<int>(ReadNumber(object, "maxTokens", 256));
  request.stop = object.Get("stop").IsUndefined() ? std::vector<std::string>{}
                                                  : ReadStrings(object.Get("stop"), "stop");
  request.healed = ReadString(object, "healed", "");
  if (object.Get("draft").IsObject()) {
    const auto draft = object.Get("draft").As<Napi::Object>();
    request.draft.max_tokens = static_cast<int>(ReadNumber(draft, "maxTokens"));
    request.draft.context = ReadTokens(draft.Get("context"), "draft.context");
    request.draft.corpus = ReadTokens(draft.Get("corpus"), "draft.corpus");
  }
  const Napi::Value least = object.Get("minMeanLogProbability");
  if (least.IsNumber()) {
    request.measure_probability = true;
    request.min_mean_log_probability = least.As<Napi::Number>().DoubleValue();
    request.min_judged_tokens = static_cast<size_t>(ReadNumber(object, "minJudgedTokens", 1));
  }
  if (object.Get("sampling").IsObject()) {
    const auto sampling = object.Get("sampling").As<Napi::Object>();
    request.temperature = static_cast<float>(ReadNumber(sampling, "temperature", 0));
    request.top_k = static_cast<int>(ReadNumber(sampling, "topK", 40));
    request.top_p = static_cast<float>(ReadNumber(sampling, "topP", 0.95));
    request.min_p = static_cast<float>(ReadNumber(sampling, "minP", 0.05));
    request.repeat_penalty = static_cast<float>(ReadNumber(sampling, "repeatPenalty", 1));
    request.seed = static_cast<uint32_t>(ReadNumber(sampling, "seed", 0));
    request.grammar = ReadString(sampling, "grammar", "");
  }
  return request;
}

ScoreRequest ReadScoreRequest(const Napi::Value& value) {
  const Napi::Object object = RequireObject(value, "request");
  ScoreRequest request;
  ReadPrompt(object, &request);
  request.target = ReadTokens(object.Get("target"), "target");
  request.keep_logits = object.Get("keepLogits").ToBoolean();
  return request;
}

Napi::Int32Array FromTokens(Napi::Env env, const std::vector<Token>& tokens) {
  Napi::Int32Array out = Napi::Int32Array::New(env, tokens.size());
  std::copy(tokens.begin(), tokens.end(), out.Data());
  return out;
}

Napi::Float32Array FromFloats(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array out = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), out.Data());
  return out;
}

Napi::Object FromCounters(Napi::Env env, const Counters& counters) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("tokensComputed", static_cast<double>(counters.tokens_computed));
  out.Set("tokensRepaired", static_cast<double>(counters.tokens_repaired));
  out.Set("tokensReused", static_cast<double>(counters.tokens_reused));
  out.Set("tokensMoved", static_cast<double>(counters.tokens_moved));
  out.Set("bytesFromDisk", static_cast<double>(counters.bytes_from_disk));
  out.Set("tokensDecoded", static_cast<double>(counters.tokens_decoded));
  out.Set("tokensDrafted", static_cast<double>(counters.tokens_drafted));
  out.Set("tokensAccepted", static_cast<double>(counters.tokens_accepted));
  return out;
}

Napi::Object FromSegmentResult(Napi::Env env, const SegmentResult& result) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("tokensComputed", static_cast<double>(result.tokens_computed));
  out.Set("tokensReused", static_cast<double>(result.tokens_reused));
  out.Set("bytesWritten", static_cast<double>(result.bytes_written));
  out.Set("staleChunks", static_cast<double>(result.stale_chunks));
  if (!result.warning.empty()) {
    out.Set("warning", result.warning);
  }
  return out;
}

Napi::Object FromGenerateResult(Napi::Env env, const GenerateResult& result) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("text", result.text);
  out.Set("tokens", FromTokens(env, result.tokens));
  out.Set("reason", result.reason);
  out.Set("healedTokens", static_cast<double>(result.healed_tokens));
  out.Set("logProbability", result.log_probability);
  out.Set("counters", FromCounters(env, result.counters));
  out.Set("timings", FromTimings(env, result.timings));
  Napi::Array mass = Napi::Array::New(env, result.part_mass.size());
  for (size_t i = 0; i < result.part_mass.size(); ++i) {
    mass.Set(static_cast<uint32_t>(i), result.part_mass[i]);
  }
  out.Set("partMass", mass);
  if (result.tiers.has_value()) {
    out.Set("tiers", FromTierCounters(env, *result.tiers));
  }
  if (!result.warning.empty()) {
    out.Set("warning", result.warning);
  }
  return out;
}

Napi::Object FromScoreResult(Napi::Env env, const ScoreResult& result) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("logProbabilities", FromFloats(env, result.log_probabilities));
  Napi::Uint8Array argmax = Napi::Uint8Array::New(env, result.argmax.size());
  std::copy(result.argmax.begin(), result.argmax.end(), argmax.Data());
  out.Set("argmax", argmax);
  if (!result.logits.empty()) {
    out.Set("logits", FromFloats(env, result.logits));
  }
  out.Set("counters", FromCounters(env, result.counters));
  out.Set("timings", FromTimings(env, result.timings));
  return out;
}

Napi::Object FromStoreStats(Napi::Env env, const StoreStats& stats) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("segments", static_cast<double>(stats.segments));
  out.Set("bytes", static_cast<double>(stats.bytes));
  out.Set("tokens", static_cast<double>(stats.tokens));
  out.Set("chunks", static_cast<double>(stats.chunks));
  out.Set("pinnedBytes", static_cast<double>(stats.pinned_bytes));
  out.Set("budgetBytes", static_cast<double>(stats.budget_bytes));
  out.Set("ramSegments", static_cast<double>(stats.ram_segments));
  out.Set("ramBytes", static_cast<double>(stats.ram_bytes));
  out.Set("ramCopiedBytes", static_cast<double>(stats.ram_copied_bytes));
  out.Set("ramBudgetBytes", static_cast<double>(stats.ram_budget_bytes));
  out.Set("bytesRead", static_cast<double>(stats.bytes_read));
  out.Set("bytesWritten", static_cast<double>(stats.bytes_written));
  out.Set("corrupt", static_cast<double>(stats.corrupt));
  out.Set("evicted", static_cast<double>(stats.evicted));
  return out;
}

namespace {

const char* PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kF16:
      return "f16";
    case Precision::kQ8:
      return "q8";
    case Precision::kQ4:
      return "q4";
  }
  return "";
}

}  // namespace

Napi::Object FromSegmentState(Napi::Env env, const SegmentState& state) {
  constexpr double kNsPerMs = 1e6;
  Napi::Object out = Napi::Object::New(env);
  out.Set("tokens", static_cast<double>(state.tokens));
  out.Set("bytes", static_cast<double>(state.bytes));
  out.Set("chunks", static_cast<double>(state.chunks));
  out.Set("staleChunks", static_cast<double>(state.stale_chunks));
  out.Set("precision", PrecisionName(state.precision));
  out.Set("lastUseMs", static_cast<double>(state.last_use_ns) / kNsPerMs);
  out.Set("pinned", state.pinned);
  out.Set("tier", state.in_memory ? "ram" : "disk");
  out.Set("isOnDisk", state.on_disk);
  return out;
}

}  // namespace leoam::binding
