#include "runtime/segment_reader.h"

#include <algorithm>
#include <utility>

#include "store/reuse.h"
#include "store/segment_format.h"

namespace leoam {
namespace {

// Puts the base's chunks that can be kept at their new places: into `kv` (rotated, for the
// computed rows to attend to) and into `segment` (raw, to be stored). Returns the rows, as
// offsets in the segment, that must be computed.
Result<std::vector<int32_t>> TakeFromBase(Core& core, JobContext& job, SegmentStore& store,
                                          const SegmentRequest& request, const SegmentInfo& base,
                                          const std::vector<ChunkReuse>& plan, KvBuffer* kv,
                                          SegmentKv* segment) {
  const KvShape shape = core.model().config().kv_shape();
  const size_t row_values = shape.RowValues();
  std::vector<int32_t> missing;
  size_t begin = 0;
  for (size_t chunk = 0; chunk < request.chunk_ends.size(); ++chunk) {
    const size_t end = request.chunk_ends[chunk];
    if (plan[chunk].old_chunk < 0) {
      for (size_t row = begin; row < end; ++row) {
        missing.push_back(static_cast<int32_t>(row));
      }
      begin = end;
      continue;
    }
    const auto old_chunk = static_cast<size_t>(plan[chunk].old_chunk);
    LEOAM_RETURN_IF_ERROR(job.Yield());
    std::vector<std::vector<uint8_t>> data;
    LEOAM_RETURN_IF_ERROR(
        store.ReadChunks(base.key, old_chunk, old_chunk + 1, base.precision, &data));
    LEOAM_RETURN_IF_ERROR(DecodeChunk(data[0], shape, base.precision, base.precision, end - begin,
                                      0, end - begin, core.model().key_bias(),
                                      core.model().config().rope, kv->size() + begin, kv));
    SegmentKv raw;
    raw.Reset(shape);
    LEOAM_RETURN_IF_ERROR(DecodeChunkRaw(data[0], shape, base.precision, end - begin, &raw));
    for (int layer = 0; layer < shape.layers; ++layer) {
      std::copy(raw.k[layer].begin(), raw.k[layer].end(),
                segment->k[layer].begin() + static_cast<std::ptrdiff_t>(begin * row_values));
      std::copy(raw.v[layer].begin(), raw.v[layer].end(),
                segment->v[layer].begin() + static_cast<std::ptrdiff_t>(begin * row_values));
    }
    begin = end;
  }
  return missing;
}

// Writes captured rows (in order) to their offsets in the segment.
void Scatter(const SegmentKv& captured, const std::vector<int32_t>& rows, SegmentKv* segment) {
  const size_t row_values = captured.shape.RowValues();
  for (int layer = 0; layer < captured.shape.layers; ++layer) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t from = i * row_values;
      const size_t to = static_cast<size_t>(rows[i]) * row_values;
      std::copy_n(captured.k[layer].begin() + static_cast<std::ptrdiff_t>(from), row_values,
                  segment->k[layer].begin() + static_cast<std::ptrdiff_t>(to));
      std::copy_n(captured.v[layer].begin() + static_cast<std::ptrdiff_t>(from), row_values,
                  segment->v[layer].begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
}

// A scratch buffer that finds its way back.
class Scratch {
 public:
  Scratch(Core& core, Core::Scratch held) : core_(core), held_(std::move(held)) {}
  ~Scratch() { core_.ReturnScratch(std::move(held_)); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  KvBuffer* get() { return held_.kv.get(); }

 private:
  Core& core_;
  Core::Scratch held_;
};

}  // namespace

Status ValidateSegment(const Core& core, const std::string& key, std::span<const Token> tokens,
                       std::span<const uint32_t> chunk_ends) {
  if (!IsSegmentKey(key)) {
    return {StatusCode::kInvalidArgument, "A segment's key must be 64 lower-case hex digits."};
  }
  if (tokens.empty() || chunk_ends.empty() || chunk_ends.back() != tokens.size()) {
    return {StatusCode::kInvalidArgument,
            "A segment needs tokens, and chunk ends of which the last is their number."};
  }
  uint32_t previous = 0;
  for (const uint32_t end : chunk_ends) {
    if (end <= previous) {
      return {StatusCode::kInvalidArgument, "A segment's chunk ends must ascend."};
    }
    previous = end;
  }
  const int vocabulary = core.model().config().vocabulary;
  for (const Token token : tokens) {
    if (token < 0 || token >= vocabulary) {
      return {StatusCode::kInvalidArgument,
              "Token " + std::to_string(token) + " is not in the model's vocabulary."};
    }
  }
  const size_t window = static_cast<size_t>(core.model().config().context);
  if (core.preamble().size() + tokens.size() > window) {
    return {StatusCode::kOutOfRange, "A segment of " + std::to_string(tokens.size()) +
                                         " tokens does not fit the model's window of " +
                                         std::to_string(window) + "."};
  }
  return Status::Ok();
}

Result<SegmentReading> ComputeSegment(Core& core, JobContext& job, const SegmentRequest& request) {
  LEOAM_RETURN_IF_ERROR(ValidateSegment(core, request.key, request.tokens, request.chunk_ends));
  const std::shared_ptr<SegmentStore> store = core.store();
  if (store == nullptr) {
    return Status(StatusCode::kInvalidArgument, "Open the store before segments are read.");
  }
  const size_t count = request.tokens.size();
  SegmentReading read;
  SegmentResult& result = read.result;
  if (store->Contains(request.key)) {
    const auto info = store->Info(request.key);
    if (info.ok() && (!(*info)->stale() || !request.base.empty())) {
      result.tokens_reused = count;
      result.stale_chunks = static_cast<uint64_t>(
          std::count(info.value()->chunk_stale.begin(), info.value()->chunk_stale.end(), 1));
      return read;
    }
    // Damaged (then the store has dropped it) or stale: read it from the text. What is stored
    // serves until the new one replaces it, also when this is cancelled or the process dies.
  }

  auto taken = core.TakeScratch(count);
  if (!taken.ok()) {
    return taken.status();
  }
  Scratch scratch(core, std::move(taken).value());
  const KvShape shape = core.model().config().kv_shape();

  std::vector<int32_t> rows;
  std::vector<uint8_t> stale(request.chunk_ends.size(), 0);
  SegmentKv& segment = read.kv;
  segment.Reset(shape);
  bool from_base = false;
  if (!request.base.empty()) {
    const auto base = store->Info(request.base);
    if (base.ok() && (*base)->shape == shape) {
      const auto plan = PlanReuse(**base, request.tokens, request.chunk_ends);
      segment.tokens = count;
      for (int layer = 0; layer < shape.layers; ++layer) {
        segment.k[layer].resize(count * shape.RowValues());
        segment.v[layer].resize(count * shape.RowValues());
      }
      auto missing =
          TakeFromBase(core, job, *store, request, **base, plan, scratch.get(), &segment);
      if (missing.status().code() == StatusCode::kCancelled) {
        return missing.status();
      }
      if (missing.ok()) {
        from_base = true;
        rows = std::move(missing).value();
        bool exact = true;
        for (size_t chunk = 0; chunk < plan.size(); ++chunk) {
          // Computed chunks before the first stale one are exact as well.
          const bool kept = plan[chunk].old_chunk >= 0;
          exact = exact && (!kept || plan[chunk].exact);
          stale[chunk] = exact ? 0 : 1;
        }
      }
    }
  }
  if (!from_base) {
    segment.Reset(shape);
    rows = ConsecutivePositions(0, count);
  }

  std::vector<Token> tokens;
  std::vector<int32_t> positions;
  for (const int32_t row : rows) {
    tokens.push_back(request.tokens[static_cast<size_t>(row)]);
    positions.push_back(row + static_cast<int32_t>(scratch.get()->size()));
  }
  SegmentKv captured;
  captured.Reset(shape);
  if (!rows.empty()) {
    LEOAM_RETURN_IF_ERROR(RunPrefill(core, job,
                                     {.kv = scratch.get(),
                                      .tokens = tokens,
                                      .positions = positions,
                                      .capture = &captured,
                                      .first_logit_row = tokens.size()}));
  }
  if (from_base) {
    Scatter(captured, rows, &segment);
  } else {
    segment = std::move(captured);
  }

  SegmentWrite& write = read.write.emplace();
  write.key = request.key;
  write.tokens = request.tokens;
  write.chunk_ends = request.chunk_ends;
  write.chunk_stale = stale;
  write.key_planes = core.KeyPlanes();
  result.tokens_computed = rows.size();
  result.tokens_reused = count - rows.size();
  result.stale_chunks = static_cast<uint64_t>(std::count(stale.begin(), stale.end(), 1));
  return read;
}

Result<SegmentResult> WriteSegment(SegmentStore& store, SegmentReading read) {
  if (read.write.has_value()) {
    read.write->kv = &read.kv;
    const auto bytes = store.Put(*read.write, &read.result.warning);
    if (!bytes.ok()) {
      return bytes.status();
    }
    read.result.bytes_written = *bytes;
  }
  return std::move(read.result);
}

}  // namespace leoam
