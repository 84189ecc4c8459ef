// What one loaded model needs to compute: weights, vocabulary, decoder, store, preamble.
// Everything here belongs to the engine thread, except what is marked otherwise.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "leoam/engine.h"
#include "leoam/status.h"
#include "model/decoder.h"
#include "model/model.h"
#include "model/piece_index.h"
#include "model/vocabulary.h"
#include "runtime/scheduler.h"
#include "store/segment_store.h"
#include "tiers/device_memory.h"
#include "tiers/left_work.h"
#include "tiers/shared_contexts.h"

namespace leoam {

struct CoreOptions {
  std::string model_path;
  std::string module_dir;
  int threads = 0;  // 0: physical cores
  KvFormat session_kv = KvFormat::kF16;
  bool (*progress)(float, void*) = nullptr;
  void* progress_user = nullptr;
};

class Core {
 public:
  static Result<std::unique_ptr<Core>> Load(const CoreOptions& options);

  // Immutable after Load: any thread.
  const Model& model() const { return *model_; }
  const Vocabulary& vocabulary() const { return *vocabulary_; }

  // Any thread; null before OpenStore. The store itself is thread-safe.
  std::shared_ptr<SegmentStore> store() const;
  // `files` must outlive it.
  Status OpenStore(const StoreOptions& options, FileSystem* files = FileSystem::Default());

  // Any thread. Heads whose keys are kept apart in segments written from now on.
  void set_retrieval_heads(std::vector<RetrievalHead> heads);
  std::vector<RetrievalHead> retrieval_heads() const;
  // (layer, KV head) of the heads, without repetition.
  std::vector<std::pair<int, int>> KeyPlanes() const;

  Decoder& decoder() { return *decoder_; }

  // Prefills the shared start of every segment and session. Sessions made before it are
  // of the old preamble; the caller makes new ones.
  Status SetPreamble(JobContext& job, std::vector<Token> tokens);
  const std::vector<Token>& preamble() const { return preamble_; }

  // How conversations hold their KV. Files are read, and questions judged by retrieval heads,
  // in F16 whatever it says: what is stored must not depend on it. Immutable after Load.
  KvFormat session_kv() const { return session_kv_; }

  // Where memory of a device comes from, as AllocateDeviceMemory gives it.
  using AllocateDevice =
      std::function<Result<std::shared_ptr<DeviceMemory>>(const std::string& device, size_t bytes)>;
  const AllocateDevice& allocate_device() const { return allocate_device_; }
  void set_allocate_device(AllocateDevice allocate) { allocate_device_ = std::move(allocate); }

  // Over when the core ends. Finish() once no job runs.
  LeftWork& left() { return *left_; }

  // Made since the load where the model has marks to fill in, else at the first call. The engine
  // thread; valid as long as the core.
  const PieceIndex& pieces();

  // Evidence in tiers that sessions hold.
  SharedContexts& contexts() { return contexts_; }

  // Of each layer, in which order channels of keys get codes in abstracts; found at the first call.
  // Valid as long as the core.
  Result<std::span<const std::vector<uint8_t>>> Channels(JobContext& job);

  // A buffer whose first rows are the preamble's (size() == preamble().size()).
  Result<std::unique_ptr<KvBuffer>> NewSequence(size_t capacity_tokens, KvFormat format);

  // The buffer in which segments are read: rows 0..preamble stay, the rest is scratch.
  struct Scratch {
    std::unique_ptr<KvBuffer> kv;  // size(): of its preamble
    uint64_t preamble = 0;         // which one, of those that were set
  };
  // A more urgent job may not use it while a lower one does, hence it is handed out. One that comes
  // back with a preamble of before is dropped.
  Result<Scratch> TakeScratch(size_t capacity_tokens);
  void ReturnScratch(Scratch scratch);

 private:
  Core() = default;

  // A suggestion would wait some 100 ms for it.
  void BeginPieces();

  KvFormat session_kv_ = KvFormat::kF16;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Vocabulary> vocabulary_;
  std::unique_ptr<PieceIndex> pieces_;
  std::future<std::unique_ptr<PieceIndex>> pieces_to_come_;  // reads vocabulary_
  std::unique_ptr<Decoder> decoder_;

  AllocateDevice allocate_device_ = AllocateDeviceMemory;
  std::vector<std::vector<uint8_t>> channels_;
  std::vector<Token> preamble_;
  std::unique_ptr<KvBuffer> preamble_kv_;
  uint64_t preambles_set_ = 0;
  Scratch scratch_;  // without a buffer while a job has it
  std::shared_ptr<LeftWork> left_ = std::make_shared<LeftWork>();
  SharedContexts contexts_{left_};

  mutable std::mutex mutex_;  // guards store_, heads_
  std::shared_ptr<SegmentStore> store_;
  std::vector<RetrievalHead> heads_;
};

// Copies rows [0, tokens) of every layer, into the format of `to`. Both on the CPU.
void CopyRows(const KvBuffer& from, size_t tokens, KvBuffer* to);

// Rows to run through the model in ubatches. A ubatch that is abandoned for a more urgent
// job is computed again after it; one that is cancelled ends the pass with kCancelled. Jobs that
// are likely cancelled take the smallest ubatches: those that were finished are not lost.
struct Prefill {
  KvBuffer* kv = nullptr;
  TieredKv* tiered = nullptr;  // of the gap of `kv`
  std::span<const Token> tokens;
  std::span<const int32_t> positions;
  SegmentKv* capture = nullptr;
  // Rows from here on have their logits computed; tokens.size() for none.
  size_t first_logit_row = 0;
  std::vector<float>* logits = nullptr;
  size_t* finished = nullptr;  // rows that were computed, also where the pass ends early
};
Status RunPrefill(Core& core, JobContext& job, const Prefill& prefill);

// One pass that gives way: abandoned when a more urgent job waits, computed again after it;
// kCancelled only when this job is cancelled. Sets request.should_abort.
Status RunPass(Core& core, JobContext& job, DecodeRequest request);

// Rows of an ubatch, 64, 128 or 256: ggml asks whether to abandon a pass only between operations,
// so the largest of them, a feed-forward product over all rows, bounds how soon a suggestion runs:
// 30 ms are the aim. Never below 64, as SplitUbatches has it: of models above 1.5B it takes longer.
size_t UbatchRows(const ModelConfig& config);

// Row counts of the ubatches for `rows` rows: none below 64 unless there is only one, as
// ggml's attention rounds differently below that. `ubatch` is at least 64.
std::vector<size_t> SplitUbatches(size_t rows, size_t ubatch);

// Positions first, first+1, … of `count` rows.
std::vector<int32_t> ConsecutivePositions(size_t first, size_t count);

}  // namespace leoam
