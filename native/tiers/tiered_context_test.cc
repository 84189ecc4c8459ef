#include "tiers/tiered_context.h"

#include <chrono>
#include <cstring>
#include <fstream>
#include <numeric>
#include <utility>

#include "ggml-backend.h"
#include "gtest/gtest.h"
#include "testing/faulty_file_system.h"
#include "testing/segments.h"

namespace leoam {
namespace {

using testing::KeyOf;
using testing::OpenStore;
using testing::PutMade;
using testing::SegmentPath;
using testing::TemporaryFolder;

constexpr size_t kBegin = 5;
constexpr uint64_t kPlenty = uint64_t{1} << 30;

// Two segments of which a part is the context; the same in a buffer, as sessions load it.
class TieredContextTest : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    store_ = OpenStore(folder_.path(), 0, GetParam());
    PutMade(store_.get(), 1, 100);
    PutMade(store_.get(), 2, 40);
    shape_ = config_.kv_shape();
    bias_.layers.resize(static_cast<size_t>(shape_.layers));
    bias_.layers[1].assign(shape_.RowValues(), 2.5F);
  }

  Result<std::unique_ptr<TieredContext>> Open(const TierOptions& options) {
    return TieredContext::Open(store_, ranges_, config_, bias_, kBegin, options);
  }

  std::unique_ptr<KvBuffer> Loaded(KvFormat format) {
    auto buffer = KvBuffer::Create(shape_, 256, format, ggml_backend_cpu_buffer_type());
    EXPECT_TRUE(buffer.ok());
    size_t position = kBegin;
    for (const ChunkRange& range : ranges_) {
      const auto info = store_->Info(range.key);
      std::vector<std::vector<uint8_t>> data;
      EXPECT_TRUE(store_->ReadChunks(range.key, range.first, range.last, GetParam(), &data).ok());
      for (size_t i = 0; i < data.size(); ++i) {
        const size_t chunk = range.first + i;
        const size_t tokens = (*info)->chunk_ends[chunk] - (*info)->ChunkBegin(chunk);
        EXPECT_TRUE(DecodeChunk(data[i], shape_, GetParam(), GetParam(), tokens, 0, tokens, bias_,
                                config_.rope, position, buffer->get())
                        .ok());
        position += tokens;
      }
    }
    return std::move(buffer).value();
  }

  static void ExpectRows(TieredContext* context, const KvBuffer& expected) {
    for (int layer = 0; layer < expected.shape().layers; ++layer) {
      std::vector<KvChunk> chunks;
      const Status status = context->Choose(layer, &chunks);
      ASSERT_TRUE(status.ok()) << status.message();
      size_t position = kBegin;
      for (const KvChunk& chunk : chunks) {
        ASSERT_EQ(chunk.stride, expected.row_bytes());
        const size_t bytes = chunk.stride * static_cast<size_t>(chunk.tokens);
        EXPECT_EQ(std::memcmp(chunk.k, expected.k_row(layer, position), bytes), 0);
        EXPECT_EQ(std::memcmp(chunk.v, expected.v_row(layer, position), bytes), 0);
        position += static_cast<size_t>(chunk.tokens);
      }
      EXPECT_EQ(position, kBegin + context->tokens());
    }
  }

  const TemporaryFolder folder_;
  std::shared_ptr<SegmentStore> store_;
  KvShape shape_;
  const ModelConfig config_ = testing::MadeConfig();
  KeyBias bias_;
  std::vector<ChunkRange> ranges_ = {{KeyOf(1), 1, 6}, {KeyOf(2), 0, 3}};
};

TEST_P(TieredContextTest, HoldsTheRowsThatASessionWouldLoad) {
  for (const KvFormat format : {KvFormat::kF16, KvFormat::kQ8}) {
    const auto expected = Loaded(format);
    for (const bool prefetch : {false, true}) {
      const size_t layer_bytes = 120 * 2 * expected->row_bytes();
      for (const uint64_t budget : {kPlenty, static_cast<uint64_t>(2 * layer_bytes)}) {
        TierOptions options;
        options.ram_bytes = budget;
        options.format = format;
        options.prefetch = prefetch;
        auto context = Open(options);
        ASSERT_TRUE(context.ok()) << context.status().message();
        EXPECT_EQ((*context)->tokens(), 5U * 16 + 40);
        EXPECT_EQ((*context)->token_ids().size(), (*context)->tokens());
        for (int pass = 0; pass < 3; ++pass) {
          ExpectRows(context->get(), *expected);
        }
        const TierCounters counters = (*context)->counters();
        EXPECT_LE(counters.peak_bytes, budget);
        EXPECT_GT(counters.bytes_read, 0U);
        if (budget == kPlenty) {
          EXPECT_EQ(counters.blocks_read, 8U * static_cast<size_t>(shape_.layers));
        }
      }
    }
  }
}

TEST_P(TieredContextTest, HoldsTheSameRowsWhereItReadsPastThePageCache) {
  const auto expected = Loaded(KvFormat::kF16);
  TierOptions options;
  options.ram_bytes = 2 * 120 * 2 * expected->row_bytes();
  options.pass_page_cache = true;
  auto context = Open(options);
  ASSERT_TRUE(context.ok()) << context.status().message();
  for (int pass = 0; pass < 3; ++pass) {
    ExpectRows(context->get(), *expected);
  }
}

TEST_P(TieredContextTest, ADamagedLayerIsSaidAndItsSegmentDropped) {
  const auto expected = Loaded(KvFormat::kF16);
  TierOptions options;
  options.ram_bytes = kPlenty;
  options.prefetch = false;
  auto context = Open(options);
  ASSERT_TRUE(context.ok());
  const std::string path = SegmentPath(folder_.path() + "/store", KeyOf(2));
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);  // of the last layer
    file.put('\x55');
  }
  std::vector<KvChunk> chunks;
  for (int layer = 0; layer + 1 < shape_.layers; ++layer) {
    EXPECT_TRUE((*context)->Choose(layer, &chunks).ok());
  }
  const Status status = (*context)->Choose(shape_.layers - 1, &chunks);
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_FALSE(store_->Contains(KeyOf(2)));
  EXPECT_TRUE(store_->Contains(KeyOf(1)));
}

TEST_P(TieredContextTest, AReadThatFailsIsSaidAndTheNextOneIsRight) {
  const auto expected = Loaded(KvFormat::kF16);
  testing::FaultyFileSystem files;
  StoreOptions store_options;
  store_options.directory = folder_.path() + "/store";
  store_options.precision = GetParam();
  auto opened = SegmentStore::Open(store_options, &files);
  ASSERT_TRUE(opened.ok());
  const std::shared_ptr<SegmentStore> store = std::move(opened).value();
  for (const bool prefetch : {false, true}) {
    TierOptions options;
    options.ram_bytes = 2 * 120 * 2 * expected->row_bytes();
    options.prefetch = prefetch;
    auto context = TieredContext::Open(store, ranges_, config_, bias_, kBegin, options);
    ASSERT_TRUE(context.ok());
    std::vector<KvChunk> chunks;
    testing::FaultyFileSystem::Faults faults;
    faults.fail_reads = true;
    files.Set(faults);
    EXPECT_EQ((*context)->Choose(0, &chunks).code(), StatusCode::kIo);
    files.Set({});
    ExpectRows(context->get(), *expected);
    EXPECT_TRUE(store->Contains(KeyOf(1)) && store->Contains(KeyOf(2)));
  }
  TierOptions options;
  options.ram_bytes = kPlenty;
  auto context = TieredContext::Open(store, ranges_, config_, bias_, kBegin, options);
  ASSERT_TRUE(context.ok());
  testing::FaultyFileSystem::Faults faults;
  faults.files_end_at = 2000;
  files.Set(faults);
  std::vector<KvChunk> chunks;
  EXPECT_EQ((*context)->Choose(shape_.layers - 1, &chunks).code(), StatusCode::kCorruption);
  EXPECT_FALSE(store->Contains(KeyOf(1)));
}

TEST_P(TieredContextTest, OfWhatIsMissingOrTooLargeItSaysSo) {
  TierOptions options;
  options.ram_bytes = 1000;
  auto context = Open(options);
  ASSERT_TRUE(context.ok());
  std::vector<KvChunk> chunks;
  EXPECT_EQ((*context)->Choose(0, &chunks).code(), StatusCode::kNoSpace);
  ranges_.push_back({KeyOf(2), 1, 4});
  EXPECT_EQ(Open(options).status().code(), StatusCode::kInvalidArgument);
  ranges_.back() = {KeyOf(3), 0, 1};
  EXPECT_EQ(Open(options).status().code(), StatusCode::kNotFound);
}

TEST_P(TieredContextTest, AStepTakesItsShareOfTheChunksWhereQuestionsTakeAll) {
  TierOptions options;
  options.ram_bytes = kPlenty;
  options.share = 0.25;
  options.count_needed = true;
  auto context = Open(options);
  ASSERT_TRUE(context.ok());
  const std::vector<float> q(static_cast<size_t>(config_.heads * config_.head_dim), 0.1F);
  const auto tokens_at = [&](int layer) {
    std::vector<KvChunk> chunks;
    (*context)->Judge(layer, q.data(), 1, {}, 0, 1);
    EXPECT_TRUE((*context)->Choose(layer, &chunks).ok());
    size_t tokens = 0;
    for (const KvChunk& chunk : chunks) {
      tokens += static_cast<size_t>(chunk.tokens);
    }
    return tokens;
  };
  const int last = shape_.layers - 1;
  (*context)->Begin(false, {});
  EXPECT_EQ(tokens_at(last), (*context)->tokens());  // nothing is known of any chunk yet
  (*context)->Begin(true, {});
  EXPECT_EQ(tokens_at(last), (*context)->tokens());
  (*context)->Begin(false, {});
  EXPECT_LT(tokens_at(last), (*context)->tokens());
  EXPECT_GT(tokens_at(last), 0U);
  std::vector<KvChunk> chunks;
  (*context)->Judge(last, q.data(), 1, {}, 0, 1);
  ASSERT_TRUE((*context)->Choose(last, &chunks).ok());
  std::vector<float> mass(chunks.size(), 1.0F);
  (*context)->Took(last, mass);
  EXPECT_EQ((*context)->counters().blocks_weighed, chunks.size());
  EXPECT_EQ((*context)->counters().blocks_needed, chunks.size());
  const std::vector<double> taken = (*context)->TakeMass();
  EXPECT_EQ(taken[0] + taken[1], static_cast<double>(chunks.size()));
  EXPECT_EQ((*context)->TakeMass()[0], 0.0);
  mass.assign(chunks.size(), 0.001F / static_cast<float>(chunks.size()));
  mass.back() = 1.0F;
  (*context)->Took(last, mass);
  EXPECT_EQ((*context)->counters().blocks_weighed, 2 * chunks.size());
  EXPECT_EQ((*context)->counters().blocks_needed, chunks.size() + 1);
}

TEST_P(TieredContextTest, AbstractsAreAsFineAsTheMemoryAllows) {
  TierOptions options;
  options.share = 0.25;
  options.draft_tokens = 4;
  options.abstract_tokens = 1;
  options.code_share = 1.0;
  options.ram_bytes = kPlenty;
  auto context = Open(options);
  ASSERT_TRUE(context.ok());
  const uint64_t layer_bytes =
      (*context)->counters().kv_bytes / static_cast<uint64_t>(shape_.layers);
  uint64_t finer = kPlenty;
  for (const double code_share : {1.0, 0.5, 0.0, 0.0}) {
    context = Open(options);
    ASSERT_TRUE(context.ok());
    EXPECT_EQ((*context)->code_share(), code_share);
    const uint64_t bytes = (*context)->counters().abstract_bytes;
    EXPECT_GT(bytes, 0U);
    EXPECT_LE(bytes + layer_bytes, options.ram_bytes);
    EXPECT_LT(bytes, finer);
    finer = bytes;
    options.ram_bytes = bytes + layer_bytes - 1;
  }
  options.ram_bytes = layer_bytes;  // and nothing beside it: all takes part
  context = Open(options);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ((*context)->counters().abstract_bytes, 0U);
  EXPECT_EQ((*context)->draft_tokens(), 0);
  (*context)->Begin(false, {});
  ExpectRows(context->get(), *Loaded(KvFormat::kF16));

  options.ram_bytes = kPlenty;
  options.code_share = 0;
  context = Open(options);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ((*context)->code_share(), 0);
}

TEST_P(TieredContextTest, HowMuchIsEnoughFollowsFromTheAbstracts) {
  const std::vector<float> q(static_cast<size_t>(config_.heads * config_.head_dim), 2.0F);
  const int last = shape_.layers - 1;
  const auto tokens = [&](double mass, double code_share) {
    TierOptions options;
    options.ram_bytes = kPlenty;
    options.share = 0.999;
    options.mass = mass;
    options.code_share = code_share;
    auto context = Open(options);
    EXPECT_TRUE(context.ok());
    std::vector<KvChunk> chunks;
    for (const bool all : {true, false}) {  // nothing is known before
      chunks.clear();
      (*context)->Begin(all, {});
      (*context)->Judge(last, q.data(), 1, {}, 0, 1);
      EXPECT_TRUE((*context)->Choose(last, &chunks).ok());
    }
    return std::accumulate(chunks.begin(), chunks.end(), 0,
                           [](int sum, const KvChunk& chunk) { return sum + chunk.tokens; });
  };
  for (const auto& [code_share, mass] : {std::pair(0.5, 0.985), {0.25, 0.995}, {0.0, 0.995}}) {
    EXPECT_EQ(tokens(TierOptions::kEnoughMass, code_share), tokens(mass, code_share));
    EXPECT_LT(tokens(0.3, code_share), tokens(mass, code_share));
  }
}

TEST_P(TieredContextTest, ALayerMayAttendToWhatTheOneBeforeChose) {
  TierOptions options;
  options.ram_bytes = kPlenty;
  options.share = 0.25;
  options.previous_layer = true;
  auto context = Open(options);
  ASSERT_TRUE(context.ok());
  const std::vector<float> q(static_cast<size_t>(config_.heads * config_.head_dim), 0.1F);
  for (const bool dense : {true, false}) {
    (*context)->Begin(dense, {});
    for (int layer = 0; layer < shape_.layers; ++layer) {
      std::vector<KvChunk> chunks;
      (*context)->Judge(layer, q.data(), 1, {}, 0, 1);
      ASSERT_TRUE((*context)->Choose(layer, &chunks).ok());
      size_t tokens = 0;
      for (const KvChunk& chunk : chunks) {
        tokens += static_cast<size_t>(chunk.tokens);
      }
      EXPECT_EQ(tokens == (*context)->tokens(), dense || layer == 0) << layer;
    }
  }
}

TEST_P(TieredContextTest, StepsMayReadTheHighPlaneAloneWherePassesOverAllReadBoth) {
  const auto expected = Loaded(KvFormat::kF16);
  const uint64_t layer_bytes = 120 * 2 * expected->row_bytes();
  const std::vector<float> q(static_cast<size_t>(config_.heads * config_.head_dim), 0.1F);
  const auto read_high = [&](const TierOptions& options) {
    auto context = Open(options);
    EXPECT_TRUE(context.ok());
    for (int round = 0; round < 4; ++round) {
      (*context)->Begin(true, {});
      ExpectRows(context->get(), *expected);
      for (int step = 0; step < 3; ++step) {
        (*context)->Begin(false, {});
        for (int layer = 0; layer < shape_.layers; ++layer) {
          std::vector<KvChunk> chunks;
          (*context)->Judge(layer, q.data(), 1, {}, 0, 1);
          EXPECT_TRUE((*context)->Choose(layer, &chunks).ok());
        }
      }
    }
    EXPECT_GT((*context)->counters().link_mb_per_s, 0);
    EXPECT_GT((*context)->counters().decode_mb_per_s, 0);
    return (*context)->counters().blocks_high;
  };
  TierOptions options;
  options.ram_bytes = layer_bytes + layer_bytes / 2;
  options.share = 0.25;
  options.disk_bytes_per_second = 1'000'000;
  const bool has_planes = GetParam() == Precision::kQ8;
  EXPECT_EQ(read_high(options) > 0, has_planes);
  options.draft_tokens = 4;
  EXPECT_EQ(read_high(options), 0U);
  options.high_plane = HighPlane::kAlways;
  EXPECT_EQ(read_high(options) > 0, has_planes);
  options.high_plane = HighPlane::kNever;
  options.draft_tokens = 0;
  EXPECT_EQ(read_high(options), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, TieredContextTest,
                         ::testing::Values(Precision::kF16, Precision::kQ8, Precision::kQ4));

TEST(BlockReads, AreNoFasterThanTheyMayBe) {
  const auto started = std::chrono::steady_clock::now();
  std::atomic<int> done = 0;
  {
    BlockReads throttled(4, 1'000'000);
    std::mutex mutex;
    std::condition_variable all;
    for (int i = 0; i < 10; ++i) {
      throttled.Submit([&] {
        throttled.Throttle(5'000);
        const std::lock_guard lock(mutex);
        ++done;
        all.notify_all();
      });
    }
    std::unique_lock lock(mutex);
    all.wait(lock, [&done] { return done == 10; });
  }
  const auto took = std::chrono::steady_clock::now() - started;
  EXPECT_GE(took, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace leoam
