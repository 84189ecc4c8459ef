#include "tiers/tiered_context.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <thread>
#include <utility>

namespace leoam {
namespace {

// Attention of the first layers is spread out: they see at least so much (design: flat layers).
constexpr int kFlatLayers = 2;
constexpr double kFlatShare = 0.5;
// Of the memory for a context, what abstracts may take at most.
constexpr double kAbstractShare = 0.8;
// Of the attention as codes of such a share of the channels estimate it, or of a smaller one where
// no line says so: what costs less than a hundredth of perplexity (ARCHITECTURE.md).
constexpr struct {
  double code_share;
  double mass;
} kEnough[] = {{0.5, 0.985}, {0, 0.995}};
// Below it codes say little.
constexpr double kLeastCodeShare = 0.25;
// From so much of a step's time on, waiting for blocks is worth less precision.
constexpr double kMuchWaiting = 0.1;
// Of the attention to what took part: what was needed of it (TierCounters).
constexpr double kNeededShare = 0.985;
// Of the latest step in what is told of the latest ones.
constexpr double kWaitWeight = 0.2;

using Clock = std::chrono::steady_clock;

uint64_t NextNumber() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

// How many of these at least hold such a share of all of them together.
size_t FewestThatHold(double share, std::span<const float> parts) {
  std::vector<float> sorted(parts.begin(), parts.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double wanted = share * std::accumulate(sorted.begin(), sorted.end(), 0.0);
  size_t count = 0;
  for (double held = 0; count < sorted.size() && held < wanted; ++count) {
    held += sorted[count];
  }
  return count;
}

double MillisecondsSince(Clock::time_point started) {
  return std::chrono::duration<double, std::milli>(Clock::now() - started).count();
}

}  // namespace

Result<std::unique_ptr<TieredContext>> TieredContext::Open(
    std::shared_ptr<SegmentStore> store, const std::vector<ChunkRange>& ranges,
    const ModelConfig& config, const KeyBias& bias, size_t begin, const TierOptions& options,
    std::shared_ptr<DeviceMemory> device, std::span<const std::vector<uint8_t>> channels,
    const Between& between) {
  std::unique_ptr<TieredContext> context(
      new TieredContext(std::move(store), config.kv_shape(), bias, begin, options));
  for (const ChunkRange& range : ranges) {
    LEOAM_RETURN_IF_ERROR(between ? between() : Status::Ok());
    LEOAM_RETURN_IF_ERROR(context->AddRange(range));
  }
  context->Start(config, std::move(device), channels);
  return context;
}

TieredContext::TieredContext(std::shared_ptr<SegmentStore> store, const KvShape& shape,
                             const KeyBias& bias, size_t begin, const TierOptions& options)
    : store_(std::move(store)),
      shape_(shape),
      bias_(bias),
      begin_(begin),
      options_(options),
      format_(options.format.value_or(KvFormat::kF16)),
      number_(NextNumber()),
      cost_(static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))) {}

Status TieredContext::AddRange(const ChunkRange& range) {
  auto segment = store_->OpenLayers(range.key);
  if (!segment.ok()) {
    return segment.status();
  }
  const SegmentInfo& info = (*segment)->info();
  if (range.first >= range.last || range.last > info.chunk_ends.size()) {
    return {StatusCode::kInvalidArgument, "Chunks " + std::to_string(range.first) + ".." +
                                              std::to_string(range.last) + " are not in segment " +
                                              range.key + ", which has " +
                                              std::to_string(info.chunk_ends.size()) + "."};
  }
  if (!(info.shape == shape_)) {
    return {StatusCode::kInvalidArgument,
            "Segment " + range.key + " was stored for a model with other KV sizes."};
  }
  if (options_.pass_page_cache) {
    (*segment)->PassPageCache();
  }
  for (size_t number = range.first; number < range.last; ++number) {
    const size_t tokens = info.chunk_ends[number] - info.ChunkBegin(number);
    chunks_.push_back({segment->get(), number, tokens_, tokens, mass_.size()});
    tokens_ += tokens;
  }
  const auto ids = info.tokens.begin();
  token_ids_.insert(token_ids_.end(), ids + static_cast<ptrdiff_t>(info.ChunkBegin(range.first)),
                    ids + static_cast<ptrdiff_t>(info.chunk_ends[range.last - 1]));
  segments_.push_back(std::move(*segment));
  mass_.push_back(0.0);
  return Status::Ok();
}

void TieredContext::Start(const ModelConfig& config, std::shared_ptr<DeviceMemory> device,
                          std::span<const std::vector<uint8_t>> channels) {
  const auto layers = static_cast<size_t>(shape_.layers);
  all_.resize(chunks_.size());
  std::iota(all_.begin(), all_.end(), size_t{0});
  appended_.resize(layers);
  rope_ = std::make_unique<RopeTable>(config.rope, begin_, tokens_);
  std::vector<size_t> bytes(chunks_.size());
  std::transform(chunks_.begin(), chunks_.end(), bytes.begin(),
                 [this](const Chunk& chunk) { return 2 * PlaneBytes(chunk); });
  kv_bytes_ = static_cast<uint64_t>(shape_.layers) *
              std::accumulate(bytes.begin(), bytes.end(), uint64_t{0});
  ram_bytes_ = options_.ram_bytes;
  if (device != nullptr && !bytes.empty()) {
    ram_bytes_ -= std::min<uint64_t>(ram_bytes_, *std::max_element(bytes.begin(), bytes.end()));
  }
  if (options_.share < 1.0) {
    MakeAbstracts(channels);
  }
  if (!boxes_.empty()) {
    choice_ = std::make_unique<BlockChoice>(
        ChoiceShape{config.heads, config.kv_heads, config.head_dim}, box_ends_);
  }
  reads_ = std::make_unique<BlockReads>(options_.read_threads, options_.disk_bytes_per_second);
  ram_ = std::make_unique<RamTier>(
      shape_.layers, std::move(bytes), ram_bytes_ - AbstractBytes(),
      [this](const BlockId& block, bool high, uint8_t* rows) { return Fill(block, high, rows); },
      [this](std::function<void()> task) { reads_->Submit(std::move(task)); },
      device == nullptr ? nullptr : std::make_unique<DeviceTier>(std::move(device)));
}

void TieredContext::MakeAbstracts(std::span<const std::vector<uint8_t>> channels) {
  const auto layers = static_cast<size_t>(shape_.layers);
  const auto ram = static_cast<double>(ram_bytes_);
  const double most = std::min(kAbstractShare * ram,
                               ram - static_cast<double>(kv_bytes_) / static_cast<double>(layers));
  const auto count = [this] {
    return std::accumulate(chunks_.begin(), chunks_.end(), size_t{0},
                           [this](size_t sum, const Chunk& chunk) { return sum + BoxesOf(chunk); });
  };
  const auto fit = [&] {
    const size_t bytes =
        KeyBoxes::Bytes(static_cast<size_t>(shape_.kv_heads), static_cast<size_t>(shape_.head_dim),
                        count(), code_share_);
    return static_cast<double>(layers * bytes) <= most;
  };
  box_tokens_ = options_.abstract_tokens;
  const bool may_have_codes =
      box_tokens_ <= KeyBoxes::kTokens && shape_.head_dim <= static_cast<int>(kMostBoxDim);
  code_share_ = may_have_codes ? options_.code_share : 0;
  while (!fit()) {
    if (code_share_ > 0) {
      code_share_ = code_share_ > kLeastCodeShare ? std::max(code_share_ / 2, kLeastCodeShare) : 0;
    } else if (count() == chunks_.size()) {
      return;
    } else {
      box_tokens_ *= 2;
    }
  }
  size_t boxes = 0;
  for (const Chunk& chunk : chunks_) {
    boxes += BoxesOf(chunk);
    box_ends_.push_back(boxes);
  }
  for (size_t layer = 0; layer < layers; ++layer) {
    boxes_.push_back(std::make_unique<KeyBoxes>(
        shape_.kv_heads, shape_.head_dim, boxes, code_share_,
        channels.empty() ? std::span<const uint8_t>() : std::span<const uint8_t>(channels[layer])));
  }
}

Status TieredContext::MarkUsed(const Between& between) {
  for (const auto& segment : segments_) {
    LEOAM_RETURN_IF_ERROR(between ? between() : Status::Ok());
    store_->Use(segment->info().key);
  }
  return Status::Ok();
}

uint64_t TieredContext::AbstractBytes() const {
  uint64_t bytes = 0;
  for (const auto& boxes : boxes_) {
    bytes += boxes->bytes();
  }
  return bytes;
}

void TieredContext::Begin(bool all, std::function<bool()> should_abort) {
  ram_->Begin(std::move(should_abort));
  const auto now = Clock::now();
  const double waited = ram_->counters().waited_ms;
  if (!dense_ && pass_began_ != Clock::time_point()) {
    const double took = std::chrono::duration<double, std::milli>(now - pass_began_).count();
    const double share = took > 0 ? (waited - waited_before_ms_) / took : 0;
    wait_share_ += kWaitWeight * (share - wait_share_);
  }
  pass_began_ = now;
  waited_before_ms_ = waited;
  dense_ = all;
}

Planes TieredContext::PlanesNow() const {
  if (dense_ || choice_ == nullptr || options_.high_plane == HighPlane::kNever) {
    return Planes::kBoth;
  }
  if (options_.high_plane == HighPlane::kAlways) {
    return Planes::kReadHigh;
  }
  if (options_.draft_tokens > 0) {
    return Planes::kBoth;
  }
  return wait_share_ > kMuchWaiting && cost_.LinkIsSlower() ? Planes::kReadHigh
                                                            : Planes::kHighWillDo;
}

Result<bool> TieredContext::Fill(const BlockId& block, bool high, uint8_t* rows) {
  const Chunk& chunk = chunks_[block.chunk];
  const SegmentInfo& info = chunk.segment->info();
  // Abstracts are of the keys as they are.
  const Precision precision =
      high && HasBoxes(block) ? HighPrecision(info.precision) : info.precision;
  std::vector<uint8_t> data;
  const bool is_link = !chunk.segment->InMemory();
  if (is_link) {
    cost_.BeginRead();
  }
  const Status read = chunk.segment->Read(chunk.number, block.layer, precision, &data);
  if (is_link) {
    reads_->Throttle(read.ok() ? data.size() : 0);
    cost_.EndRead(read.ok() ? data.size() : 0);
    bytes_read_ += read.ok() ? data.size() : 0;
    store_->CountRead(read.ok() ? data.size() : 0);
  }
  if (!read.ok()) {
    if (read.code() == StatusCode::kCorruption) {
      damaged_ = true;
    }
    return store_->DropIfDamaged(info.key, read);
  }
  const auto started = Clock::now();
  const auto layer = static_cast<size_t>(block.layer);
  const bool biased = !bias_.layers.empty() && !bias_.layers[layer].empty();
  DecodeLayer(data, shape_, precision, chunk.tokens, biased ? bias_.layers[layer].data() : nullptr,
              *rope_, chunk.first, {format_, rows, rows + PlaneBytes(chunk)});
  cost_.Decoded(data.size(), Clock::now() - started);
  if (!boxes_.empty() && !HasBoxes(block)) {
    SetBoxes(block, rows);
  }
  return precision != info.precision;
}

bool TieredContext::HasBoxes(const BlockId& block) const {
  return !boxes_.empty() &&
         boxes_[static_cast<size_t>(block.layer)]->IsSet(box_ends_[block.chunk] - 1);
}

// Once for each block: its keys stay what they are.
void TieredContext::SetBoxes(const BlockId& block, const uint8_t* keys) {
  KeyBoxes& boxes = *boxes_[static_cast<size_t>(block.layer)];
  const size_t tokens = chunks_[block.chunk].tokens;
  const size_t values = shape_.RowValues();
  const size_t first_box = block.chunk == 0 ? 0 : box_ends_[block.chunk - 1];
  const size_t each = box_tokens_;
  std::vector<float> rows(std::min(each, tokens) * values);
  for (size_t first = 0; first < tokens; first += each) {
    const size_t count = std::min(each, tokens - first);
    for (size_t i = 0; i < count; ++i) {
      DecodeKvRow(format_, keys + (first + i) * KvBytes(format_, values), values,
                  rows.data() + i * values);
    }
    boxes.Set(first_box + first / each, rows.data(), count);
  }
}

void TieredContext::Judge(int layer, const float* q, int rows, const AttentionSums& resident,
                          int part, int parts) {
  if (dense_ || choice_ == nullptr) {
    return;
  }
  const auto started = Clock::now();
  choice_->Judge(*boxes_[static_cast<size_t>(layer)], q, rows, resident, part, parts);
  if (part == 0) {
    choose_ms_ += MillisecondsSince(started);
  }
}

const std::vector<size_t>& TieredContext::ChunksFor(int layer) {
  if (dense_ || choice_ == nullptr) {
    return all_;
  }
  if (!options_.previous_layer) {
    chosen_ = ChosenFor(layer, layer);
    return chosen_;
  }
  chosen_ = std::exchange(next_, ChosenFor(layer, layer + 1));
  return layer == 0 ? all_ : chosen_;
}

double TieredContext::EnoughMass() const {
  if (options_.mass > TierOptions::kEnoughMass) {
    return options_.mass;
  }
  return std::find_if(std::begin(kEnough), std::end(kEnough),
                      [this](const auto& enough) { return code_share_ >= enough.code_share; })
      ->mass;
}

std::vector<size_t> TieredContext::ChosenFor(int judged, int layer) {
  const double share = layer < kFlatLayers ? std::max(options_.share, kFlatShare) : options_.share;
  const auto count = static_cast<size_t>(std::ceil(share * static_cast<double>(chunks_.size())));
  const auto started = Clock::now();
  std::vector<size_t> chosen =
      choice_->Choose(*boxes_[static_cast<size_t>(judged)], count, EnoughMass());
  choose_ms_ += MillisecondsSince(started);
  return chosen;
}

Status TieredContext::Choose(int layer, std::vector<KvChunk>* chunks) {
  const std::vector<size_t>& wanted = ChunksFor(layer);
  LEOAM_RETURN_IF_ERROR(ram_->Visit(layer, wanted, PlanesNow()));
  if (options_.previous_layer && choice_ != nullptr && !dense_ && layer + 1 < shape_.layers) {
    ram_->Prefetch(layer + 1, next_);
  } else if (options_.prefetch && &wanted == &all_) {
    ram_->Prefetch((layer + 1) % shape_.layers, all_);
  }
  const size_t row_bytes = KvBytes(format_, shape_.RowValues());
  std::vector<size_t>& appended = appended_[static_cast<size_t>(layer)];
  appended.clear();
  for (const size_t at : wanted) {
    const Chunk& chunk = chunks_[at];
    const auto block = ram_->Rows(at);
    if (!block.ok()) {
      return block.status();
    }
    for (size_t first = 0; first < chunk.tokens; first += kMaxChunkTokens) {
      KvChunk part;
      part.k = *block + first * row_bytes;
      part.v = *block + PlaneBytes(chunk) + first * row_bytes;
      part.stride = row_bytes;
      part.format = format_;
      part.tokens = static_cast<int>(std::min<size_t>(chunk.tokens - first, kMaxChunkTokens));
      chunks->push_back(part);
      appended.push_back(at);
    }
  }
  return Status::Ok();
}

void TieredContext::Took(int layer, std::span<const float> mass) {
  const std::vector<size_t>& appended = appended_[static_cast<size_t>(layer)];
  const size_t count = std::min(appended.size(), mass.size());
  for (size_t i = 0; i < count; ++i) {
    mass_[chunks_[appended[i]].range] += mass[i];
  }
  if (options_.count_needed) {
    blocks_weighed_ += count;
    blocks_needed_ += FewestThatHold(kNeededShare, mass.first(count));
  }
}

std::vector<double> TieredContext::TakeMass() {
  std::vector<double> taken(mass_.size(), 0.0);
  taken.swap(mass_);
  return taken;
}

TierCounters TieredContext::counters() const {
  TierCounters counters = ram_->counters();
  counters.context = number_;
  counters.bytes_read = bytes_read_;
  counters.link_mb_per_s = cost_.link_speed();
  counters.decode_mb_per_s = cost_.decode_speed();
  counters.kv_bytes = kv_bytes_;
  counters.choose_ms = choose_ms_;
  counters.blocks_weighed = blocks_weighed_;
  counters.blocks_needed = blocks_needed_;
  counters.abstract_bytes = AbstractBytes();
  return counters;
}

}  // namespace leoam
