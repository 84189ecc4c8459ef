// Evidence that stays on disk: it lies in tiers, in a gap behind the preamble.
#include <algorithm>
#include <utility>

#include "runtime/session.h"

namespace leoam {

Status Session::Prepare(JobContext& job, const PromptRequest& request, Counters* counters,
                        Timings* timings, std::vector<float>* logits) {
  warning_.clear();
  if (tier_options_.ram_bytes == 0) {
    return PrepareRows(job, request, counters, timings, logits);
  }
  const bool movable = std::any_of(request.parts.begin(), request.parts.end(),
                                   [](const Part& part) { return part.movable; });
  if (movable || request.repair_share > 0) {
    return {StatusCode::kInvalidArgument,
            "Where evidence stays on disk, nothing can be moved or repaired."};
  }
  const auto evidence_end =
      request.parts.begin() +
      static_cast<ptrdiff_t>(std::min(request.question_part, request.parts.size()));
  const auto first_row_part =
      std::find_if(request.parts.begin(), evidence_end,
                   [](const Part& part) { return part.kind != Part::Kind::kChunks; });
  const auto tiered = static_cast<size_t>(first_row_part - request.parts.begin());
  LEOAM_RETURN_IF_ERROR(HoldInTiers(job, request, tiered));
  if (tiered_ != nullptr) {
    LEOAM_RETURN_IF_ERROR(tiered_->MarkUsed([&job] { return job.Yield(); }));
  }

  PromptRequest rest = request;
  rest.parts.erase(rest.parts.begin(), rest.parts.begin() + static_cast<ptrdiff_t>(tiered));
  rest.question_part -= tiered;
  const uint64_t read_before = tiered_ == nullptr ? 0 : tiered_->counters().bytes_read;
  const Status status = PrepareRows(job, rest, counters, timings, logits);
  if (tiered_ != nullptr) {
    counters->tokens_reused += tiered_->tokens();
    counters->bytes_from_disk += tiered_->counters().bytes_read - read_before;
  }
  const size_t begin = core_.preamble().size();
  part_ranges_.insert(part_ranges_.begin(), tiered, {begin, begin});
  return status;
}

Result<std::unique_ptr<TieredContext>> Session::OpenTiers(
    JobContext& job, std::shared_ptr<SegmentStore> store, const std::vector<ChunkRange>& ranges,
    size_t begin, const TierOptions& options, std::span<const std::vector<uint8_t>> channels) {
  std::shared_ptr<DeviceMemory> device;
  if (options.device_bytes > 0) {
    auto allocated = core_.allocate_device()(options.device, options.device_bytes);
    if (allocated.ok()) {
      device = std::move(allocated).value();
    } else if (allocated.status().code() == StatusCode::kNoSpace) {
      warning_ = allocated.status().message() + " The disk alone serves what RAM does not hold.";
    } else {
      return allocated.status();
    }
  }
  return TieredContext::Open(std::move(store), ranges, core_.model().config(),
                             core_.model().key_bias(), begin, options, std::move(device), channels,
                             [&job] { return job.Yield(); });
}

Status Session::HoldInTiers(JobContext& job, const PromptRequest& request, size_t count) {
  const auto end = request.parts.begin() + static_cast<ptrdiff_t>(count);
  const bool intact = tiered_ == nullptr || tiered_->intact();
  if (intact &&
      std::equal(request.parts.begin(), end, tiered_parts_.begin(), tiered_parts_.end(), Same)) {
    return Status::Ok();
  }
  const size_t begin = core_.preamble().size();
  Truncate(begin);  // all that follows has attended to what the tiers held
  tiered_.reset();
  tiered_parts_.clear();
  kv_->set_gap(0, 0);
  if (count == 0) {
    return Status::Ok();
  }
  const auto store = core_.store();
  if (store == nullptr) {
    return {StatusCode::kInvalidArgument, "Open the store before its chunks are used."};
  }
  std::vector<ChunkRange> ranges;
  std::transform(request.parts.begin(), end, std::back_inserter(ranges),
                 [](const Part& part) { return ChunkRange{part.key, part.first, part.last}; });
  const ModelConfig& config = core_.model().config();
  TierOptions options = tier_options_;
  // Heads of some sizes cannot be held in 8 bits.
  const KvFormat format = options.format.value_or(kv_->format());
  options.format = KvBuffer::CheckFormat(config.kv_shape(), format).ok() ? format : KvFormat::kF16;
  std::span<const std::vector<uint8_t>> channels;
  if (options.share < 1.0 && options.code_share > 0) {
    const auto measured = core_.Channels(job);
    if (!measured.ok()) {
      return measured.status();
    }
    channels = *measured;
  }
  auto opened = core_.contexts().Get(ranges, begin, options, [&] {
    return OpenTiers(job, store, ranges, begin, options, channels);
  });
  if (!opened.ok()) {
    return opened.status();
  }
  const auto window = static_cast<size_t>(config.context);
  if (begin + (*opened)->tokens() >= window) {
    return {StatusCode::kOutOfRange, "The evidence has " + std::to_string((*opened)->tokens()) +
                                         " tokens; the model's window holds " +
                                         std::to_string(window) + "."};
  }
  tiered_ = std::move(opened).value();
  tiered_parts_.assign(request.parts.begin(), end);
  kv_->set_gap(begin, tiered_->tokens());
  return Status::Ok();
}

std::string Session::warning() const {
  const bool lost = tiered_ != nullptr && tiered_->counters().device_lost;
  return warning_.empty() && lost
             ? "The device whose memory held evidence failed; it is read from disk from now on."
             : warning_;
}

std::vector<int32_t> Session::PositionsOf(size_t row, size_t count) const {
  return ConsecutivePositions(kv_->Position(row), count);
}

}  // namespace leoam
