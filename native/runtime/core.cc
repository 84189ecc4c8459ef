#include "runtime/core.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/channels.h"

namespace leoam {
namespace {

constexpr size_t kMinUbatchRows = 64;
constexpr size_t kMaxUbatchRows = 256;
// Multiplications of one product that two cores without a matrix unit finish in some 16 ms.
constexpr size_t kProductLimit = 600'000'000;

int DefaultThreads() {
  // Hyper-threads share the vector units that the kernels saturate.
  const unsigned logical = std::thread::hardware_concurrency();
  return logical <= 4 ? static_cast<int>(std::max(1U, logical)) : static_cast<int>(logical / 2);
}

}  // namespace

Result<std::unique_ptr<Core>> Core::Load(const CoreOptions& options) {
  auto backend = LoadCpuBackend(options.module_dir);
  if (!backend.ok()) {
    return backend.status();
  }
  std::unique_ptr<Core> core(new Core());
  auto model = Model::Load(options.model_path, **backend, options.progress, options.progress_user);
  if (!model.ok()) {
    return model.status();
  }
  core->model_ = std::move(model).value();
  LEOAM_RETURN_IF_ERROR(
      KvBuffer::CheckFormat(core->model_->config().kv_shape(), options.session_kv));
  core->session_kv_ = options.session_kv;
  auto vocabulary = Vocabulary::Load(options.model_path);
  if (!vocabulary.ok()) {
    return vocabulary.status();
  }
  core->vocabulary_ = std::move(vocabulary).value();
  core->BeginPieces();
  const int threads = options.threads > 0 ? options.threads : DefaultThreads();
  auto decoder = Decoder::Create(*core->model_, **backend, threads);
  if (!decoder.ok()) {
    return decoder.status();
  }
  core->decoder_ = std::move(decoder).value();
  return core;
}

std::shared_ptr<SegmentStore> Core::store() const {
  const std::lock_guard lock(mutex_);
  return store_;
}

Status Core::OpenStore(const StoreOptions& options, FileSystem* files) {
  auto opened = SegmentStore::Open(options, files);
  if (!opened.ok()) {
    return opened.status();
  }
  const std::lock_guard lock(mutex_);
  store_ = std::move(opened).value();
  return Status::Ok();
}

void Core::set_retrieval_heads(std::vector<RetrievalHead> heads) {
  const std::lock_guard lock(mutex_);
  heads_ = std::move(heads);
}

std::vector<RetrievalHead> Core::retrieval_heads() const {
  const std::lock_guard lock(mutex_);
  return heads_;
}

std::vector<std::pair<int, int>> Core::KeyPlanes() const {
  const int group = model_->config().heads / model_->config().kv_heads;
  std::vector<std::pair<int, int>> planes;
  for (const RetrievalHead& head : retrieval_heads()) {
    planes.emplace_back(head.layer, head.head / group);
  }
  std::sort(planes.begin(), planes.end());
  planes.erase(std::unique(planes.begin(), planes.end()), planes.end());
  return planes;
}

void Core::BeginPieces() {
  const bool fills_in = vocabulary_->FindSpecial("<|fim_middle|>").has_value() ||
                        vocabulary_->FindSpecial("<fim_middle>").has_value();
  if (!fills_in) {
    return;
  }
  try {
    pieces_to_come_ = std::async(std::launch::async, [words = vocabulary_.get()] {
      return std::make_unique<PieceIndex>(*words);
    });
  } catch (const std::system_error&) {
    pieces_to_come_ = {};  // no thread: the first suggestion waits for it
  }
}

const PieceIndex& Core::pieces() {
  if (pieces_ == nullptr) {
    pieces_ = pieces_to_come_.valid() ? pieces_to_come_.get()
                                      : std::make_unique<PieceIndex>(*vocabulary_);
  }
  return *pieces_;
}

Result<std::span<const std::vector<uint8_t>>> Core::Channels(JobContext& job) {
  if (channels_.empty()) {
    auto measured = MeasureChannels(*this, job);
    if (!measured.ok()) {
      return measured.status();
    }
    if (channels_.empty()) {  // else a more urgent job was quicker
      channels_ = std::move(measured).value();
    }
  }
  return std::span<const std::vector<uint8_t>>(channels_);
}

Status Core::SetPreamble(JobContext& job, std::vector<Token> tokens) {
  auto kv = decoder_->NewKvBuffer(std::max<size_t>(tokens.size(), 1), KvFormat::kF16);
  if (!kv.ok()) {
    return kv.status();
  }
  if (!tokens.empty()) {
    const auto positions = ConsecutivePositions(0, tokens.size());
    LEOAM_RETURN_IF_ERROR(RunPrefill(*this, job,
                                     {.kv = kv->get(),
                                      .tokens = tokens,
                                      .positions = positions,
                                      .first_logit_row = tokens.size()}));
  }
  (*kv)->set_size(tokens.size());
  preamble_ = std::move(tokens);
  preamble_kv_ = std::move(kv).value();
  ++preambles_set_;
  scratch_ = {};
  return Status::Ok();
}

Result<std::unique_ptr<KvBuffer>> Core::NewSequence(size_t capacity_tokens, KvFormat format) {
  if (preamble_kv_ == nullptr) {
    return Status(StatusCode::kInvalidArgument, "Set the preamble before anything is read.");
  }
  auto kv = decoder_->NewKvBuffer(preamble_.size() + capacity_tokens, format);
  if (!kv.ok()) {
    return kv.status();
  }
  CopyRows(*preamble_kv_, preamble_.size(), kv->get());
  (*kv)->set_size(preamble_.size());
  return std::move(kv).value();
}

Result<Core::Scratch> Core::TakeScratch(size_t capacity_tokens) {
  if (scratch_.kv != nullptr && scratch_.kv->capacity() >= preamble_.size() + capacity_tokens) {
    return std::exchange(scratch_, {});
  }
  auto kv = NewSequence(capacity_tokens, KvFormat::kF16);
  if (!kv.ok()) {
    return kv.status();
  }
  return Scratch{std::move(kv).value(), preambles_set_};
}

void Core::ReturnScratch(Scratch scratch) {
  if (scratch.preamble != preambles_set_) {
    return;
  }
  scratch.kv->set_size(preamble_.size());
  if (scratch_.kv == nullptr || scratch_.kv->capacity() < scratch.kv->capacity()) {
    scratch_ = std::move(scratch);
  }
}

void CopyRows(const KvBuffer& from, size_t tokens, KvBuffer* to) {
  const KvShape& shape = from.shape();
  if (from.format() == to->format()) {
    const size_t bytes = tokens * from.row_bytes();
    for (int layer = 0; layer < shape.layers; ++layer) {
      std::memcpy(to->k_row(layer, 0), from.k_row(layer, 0), bytes);
      std::memcpy(to->v_row(layer, 0), from.v_row(layer, 0), bytes);
    }
    return;
  }
  std::vector<float> keys(shape.RowValues());
  std::vector<float> values(shape.RowValues());
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (size_t token = 0; token < tokens; ++token) {
      for (int head = 0; head < shape.kv_heads; ++head) {
        const size_t at = static_cast<size_t>(head) * static_cast<size_t>(shape.head_dim);
        from.ReadKey(layer, token, head, keys.data() + at);
        from.ReadValue(layer, token, head, values.data() + at);
      }
      to->WriteKeys(layer, token, keys.data());
      to->WriteValues(layer, token, values.data());
    }
  }
}

size_t UbatchRows(const ModelConfig& config) {
  const size_t row =
      static_cast<size_t>(config.embedding) * static_cast<size_t>(config.feed_forward);
  size_t rows = kMaxUbatchRows;
  while (rows > kMinUbatchRows && row * rows > kProductLimit) {
    rows /= 2;
  }
  return rows;
}

std::vector<size_t> SplitUbatches(size_t rows, size_t ubatch) {
  std::vector<size_t> sizes;
  for (size_t left = rows; left > 0;) {
    const size_t size = std::min(left, ubatch);
    sizes.push_back(size);
    left -= size;
  }
  if (sizes.size() > 1 && sizes.back() < kMinUbatchRows) {
    const size_t both = sizes.back() + sizes[sizes.size() - 2];
    sizes.pop_back();
    sizes.back() = both;
    if (both >= 2 * kMinUbatchRows) {
      sizes.back() -= kMinUbatchRows;
      sizes.push_back(kMinUbatchRows);
    }
  }
  return sizes;
}

std::vector<int32_t> ConsecutivePositions(size_t first, size_t count) {
  std::vector<int32_t> positions(count);
  std::iota(positions.begin(), positions.end(), static_cast<int32_t>(first));
  return positions;
}

Status RunPass(Core& core, JobContext& job, DecodeRequest request) {
  request.should_abort = [&job] { return job.ShouldAbort(); };
  [[maybe_unused]] const size_t captured = request.capture == nullptr ? 0 : request.capture->tokens;
  for (;;) {
    LEOAM_RETURN_IF_ERROR(job.Yield());
    const Status status = core.decoder().Run(request);
    if (status.code() != StatusCode::kCancelled) {
      return status;
    }
    // Abandoned: Yield decides whether for a more urgent job or for good.
    assert(request.capture == nullptr || request.capture->tokens == captured);
  }
}

Status RunPrefill(Core& core, JobContext& job, const Prefill& prefill) {
  size_t row = 0;
  std::vector<float> all_logits;
  const size_t ubatch = job.likely_cancelled() ? kMinUbatchRows : UbatchRows(core.model().config());
  for (const size_t size : SplitUbatches(prefill.tokens.size(), ubatch)) {
    std::vector<int32_t> logit_rows;
    for (size_t i = std::max(row, prefill.first_logit_row); i < row + size; ++i) {
      logit_rows.push_back(static_cast<int32_t>(i - row));
    }
    std::vector<float> logits;
    DecodeRequest request;
    request.tokens = prefill.tokens.subspan(row, size);
    request.positions = prefill.positions.subspan(row, size);
    request.kv = prefill.kv;
    request.tiered = prefill.tiered;
    request.logit_rows = logit_rows;
    request.logits = logit_rows.empty() ? nullptr : &logits;
    request.capture = prefill.capture;
    LEOAM_RETURN_IF_ERROR(RunPass(core, job, std::move(request)));
    all_logits.insert(all_logits.end(), logits.begin(), logits.end());
    row += size;
    if (prefill.finished != nullptr) {
      *prefill.finished = row;
    }
  }
  if (prefill.logits != nullptr) {
    *prefill.logits = std::move(all_logits);
  }
  return Status::Ok();
}

}  // namespace leoam
