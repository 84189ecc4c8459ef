// Evidence on its way into a session: stored chunks, text to compute, text to compute and keep.
#include <chrono>
#include <future>
#include <system_error>

#include "runtime/clock.h"
#include "runtime/segment_reader.h"
#include "runtime/session.h"

namespace leoam {
namespace {

// Whether something more urgent waits.
constexpr std::chrono::milliseconds kLookEvery{2};

}  // namespace

struct Session::Writing {
  SegmentKv kv;
  SegmentWrite write;  // of it
  std::shared_ptr<SegmentStore> store;
  std::string warning;
  Status kept;
};

Status Session::AppendEvidence(JobContext& job, const Part& part, size_t skip, Counters* counters,
                               Timings* timings) {
  const Stopwatch watch;
  if (part.kind == Part::Kind::kChunks) {
    LEOAM_RETURN_IF_ERROR(LoadChunks(job, part, counters));
    timings->load_kv_ms += watch.Milliseconds();
    return Status::Ok();
  }
  if (part.kind == Part::Kind::kKeep) {
    LEOAM_RETURN_IF_ERROR(KeepText(job, part, counters));
  } else {
    LEOAM_RETURN_IF_ERROR(
        PrefillText(job, std::span<const Token>(part.tokens).subspan(skip), counters));
  }
  timings->prefill_ms += watch.Milliseconds();
  return Status::Ok();
}

Status Session::LoadChunks(JobContext& job, const Part& part, Counters* counters) {
  const size_t begin = kv_->size();
  LEOAM_RETURN_IF_ERROR(LoadChunksAt(job, part, begin, counters));
  const auto tokens = PartTokens(part);
  if (!tokens.ok()) {
    return tokens.status();
  }
  Advance(*tokens);
  loaded_.emplace_back(begin, kv_->size());
  return Status::Ok();
}

Status Session::LoadChunksAt(JobContext& job, const Part& part, size_t row, Counters* counters) {
  const auto store = core_.store();
  const auto info = store->Info(part.key);
  if (!info.ok()) {
    return info.status();
  }
  const bool in_memory = store->InMemory(part.key);
  uint64_t tokens_loaded = 0;
  uint64_t bytes_read = 0;
  std::vector<std::vector<uint8_t>> data;
  for (size_t chunk = part.first; chunk < part.last; ++chunk) {
    LEOAM_RETURN_IF_ERROR(job.Yield());
    LEOAM_RETURN_IF_ERROR(store->ReadChunks(part.key, chunk, chunk + 1, (*info)->precision, &data));
    const size_t tokens = (*info)->chunk_ends[chunk] - (*info)->ChunkBegin(chunk);
    LEOAM_RETURN_IF_ERROR(DecodeChunk(
        data.front(), (*info)->shape, (*info)->precision, (*info)->precision, tokens, 0, tokens,
        core_.model().key_bias(), core_.model().config().rope, kv_->Position(row), kv_.get()));
    row += tokens;
    tokens_loaded += tokens;
    bytes_read += in_memory ? 0 : data.front().size();
  }
  counters->tokens_reused += tokens_loaded;
  counters->bytes_from_disk += bytes_read;
  return Status::Ok();
}

Status Session::PrefillText(JobContext& job, std::span<const Token> tokens, Counters* counters) {
  const auto positions = PositionsOf(kv_->size(), tokens.size());
  size_t finished = 0;
  const Status status = RunPrefill(core_, job,
                                   {.kv = kv_.get(),
                                    .tiered = tiered_.get(),
                                    .tokens = tokens,
                                    .positions = positions,
                                    .first_logit_row = tokens.size(),
                                    .finished = &finished});
  Advance(tokens.first(finished));
  counters->tokens_computed += finished;
  return status;
}

Status Session::KeepText(JobContext& job, const Part& part, Counters* counters) {
  const auto store = core_.store();
  if (store == nullptr) {
    return PrefillText(job, part.tokens, counters);
  }
  LEOAM_RETURN_IF_ERROR(ValidateSegment(core_, part.key, part.tokens, part.chunk_ends));
  if (store->Contains(part.key)) {
    Part stored;
    stored.kind = Part::Kind::kChunks;
    stored.key = part.key;
    stored.last = part.chunk_ends.size();
    const Status loaded = LoadChunks(job, stored, counters);
    if (loaded.ok() || loaded.code() == StatusCode::kCancelled) {
      return loaded;
    }
    // Damaged or evicted since: computed below.
  }
  auto writing = std::make_shared<Writing>();
  writing->kv.Reset(core_.model().config().kv_shape());
  const auto positions = PositionsOf(kv_->size(), part.tokens.size());
  LEOAM_RETURN_IF_ERROR(RunPrefill(core_, job,
                                   {.kv = kv_.get(),
                                    .tiered = tiered_.get(),
                                    .tokens = part.tokens,
                                    .positions = positions,
                                    .capture = &writing->kv,
                                    .first_logit_row = part.tokens.size()}));
  Advance(part.tokens);
  counters->tokens_computed += part.tokens.size();
  SegmentWrite& write = writing->write;
  write.key = part.key;
  write.tokens = part.tokens;
  write.chunk_ends = part.chunk_ends;
  write.chunk_stale.assign(part.chunk_ends.size(), 0);
  write.key_planes = core_.KeyPlanes();
  write.kv = &writing->kv;
  writing->store = store;
  LEOAM_RETURN_IF_ERROR(Await(job, writing));
  if (!writing->warning.empty()) {
    warning_ = std::move(writing->warning);
  }
  // Keeping serves later questions; this one has what it needs.
  const bool serves = writing->kept.ok() || writing->kept.code() == StatusCode::kNoSpace;
  return serves ? Status::Ok() : writing->kept;
}

Status Session::Await(JobContext& job, const std::shared_ptr<Writing>& writing) {
  std::future<void> done;
  try {
    done = std::async(std::launch::async, [held = writing]() mutable {
      const auto own = std::move(held);  // a future keeps what its task holds
      const auto kept = own->store->Put(own->write, &own->warning);
      own->kept = kept.ok() ? Status::Ok() : kept.status();
    });
  } catch (const std::system_error&) {
    writing->kept = {StatusCode::kNoSpace, "The system has no thread to write this."};
    return Status::Ok();
  }
  while (done.wait_for(kLookEvery) != std::future_status::ready) {
    if (Status given_up = job.Yield(); !given_up.ok()) {
      core_.left().Add(std::move(done));
      return given_up;
    }
  }
  done.get();
  return Status::Ok();
}

}  // namespace leoam
