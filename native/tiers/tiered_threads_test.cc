// Contexts on disk that come and go at random while their segments are written, evicted and
// written again: what is read is right, or it is said that it is gone.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include "ggml-backend.h"
#include "gtest/gtest.h"
#include "testing/faulty_device.h"
#include "testing/models.h"
#include "testing/segments.h"
#include "tiers/tiered_context.h"

namespace leoam {
namespace {

using testing::Encoded;
using testing::KeyOf;
using testing::MadeSegment;
using testing::OpenStore;
using testing::PutMade;
using testing::TemporaryFolder;

constexpr int kSegments = 6;
constexpr size_t kChunkTokens = 16;
constexpr size_t kSegmentTokens = 6 * kChunkTokens;
constexpr size_t kBegin = 5;

// Long under the sanitizers (scripts/test.mjs), short else.
std::chrono::duration<double> TestTime() {
  const char* seconds = std::getenv("LEOAM_TEST_SECONDS");
  return std::chrono::duration<double>(seconds == nullptr ? 1.0 : std::atof(seconds));
}

// What every context here is made of; read only, so that all threads share it.
struct World {
  World() {
    bias.layers.resize(static_cast<size_t>(shape.layers));
    for (int number = 0; number < kSegments; ++number) {
      chunks.push_back(Encoded(MadeSegment(number, kSegmentTokens), Precision::kQ8));
    }
  }

  // The rows of some of a segment's chunks at `position`.
  void Load(const ChunkRange& range, int number, size_t position, KvBuffer* buffer) const {
    for (size_t chunk = range.first; chunk < range.last; ++chunk, position += kChunkTokens) {
      const Status status = DecodeChunk(chunks[static_cast<size_t>(number)][chunk], shape,
                                        Precision::kQ8, Precision::kQ8, kChunkTokens, 0,
                                        kChunkTokens, bias, config.rope, position, buffer);
      ASSERT_TRUE(status.ok()) << status.message();
    }
  }

  const ModelConfig config = testing::MadeConfig();
  const KvShape shape = config.kv_shape();
  KeyBias bias;
  std::vector<std::vector<std::vector<uint8_t>>> chunks;  // of each segment
};

class Visitor {
 public:
  Visitor(const World& world, std::shared_ptr<SegmentStore> store, unsigned seed)
      : world_(world), store_(std::move(store)), random_(seed) {}

  // A context is opened, visited and given up anywhere. Whether its segments were there.
  bool Visit() {
    const std::array<int, 2> numbers = {Any(kSegments), Any(kSegments)};
    std::vector<ChunkRange> ranges;
    auto expected =
        KvBuffer::Create(world_.shape, 256, KvFormat::kF16, ggml_backend_cpu_buffer_type());
    EXPECT_TRUE(expected.ok());
    size_t tokens = 0;
    for (const int number : numbers) {
      const auto first = static_cast<size_t>(Any(3));
      ranges.push_back({KeyOf(number), first, first + 1 + static_cast<size_t>(Any(4))});
      world_.Load(ranges.back(), number, kBegin + tokens, expected->get());
      tokens += kChunkTokens * (ranges.back().last - first);
    }
    TierOptions options;
    const uint64_t layer_bytes = 2 * tokens * (*expected)->row_bytes();
    options.ram_bytes = layer_bytes * static_cast<uint64_t>(2 + Any(world_.shape.layers));
    options.prefetch = Any(2) == 0;
    options.pass_page_cache = Any(2) == 0;
    options.share = Any(2) == 0 ? 1.0 : 0.3;
    options.high_plane = Any(2) == 0 ? HighPlane::kNever : HighPlane::kAlways;
    auto context = TieredContext::Open(store_, ranges, world_.config, world_.bias, kBegin, options,
                                       AnyDevice(2 * layer_bytes));
    if (!context.ok()) {
      EXPECT_EQ(context.status().code(), StatusCode::kNotFound) << context.status().message();
      return false;
    }
    EXPECT_EQ((*context)->tokens(), tokens);
    for (int pass = Any(5); pass > 0; --pass) {
      const bool all = Any(2) == 0;
      // Some are given up while they wait.
      const auto looks = std::make_shared<int>(Any(4) == 0 ? Any(6) : 1 << 30);
      (*context)->Begin(all, [looks] { return --*looks < 0; });
      const bool is_whole = all || options.high_plane == HighPlane::kNever;
      const int last = Any(world_.shape.layers);
      for (int layer = 0; layer <= last && *looks >= 0; ++layer) {
        Attend(context->get(), layer, **expected, is_whole, *looks);
      }
    }
    return true;
  }

 private:
  // None, or one that is lost some time or never.
  std::shared_ptr<DeviceMemory> AnyDevice(size_t bytes) {
    return Any(3) == 0 ? nullptr
                       : std::make_shared<testing::FaultyDevice>(testing::TestDevice(bytes),
                                                                 Any(2) == 0 ? Any(40) : 1 << 30);
  }

  int Any(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  // `is_whole`: both planes of all that it is given. `looks`: below 0 where the pass is given up.
  void Attend(TieredContext* context, int layer, const KvBuffer& expected, bool is_whole,
              const int& looks) {
    std::vector<float> query(static_cast<size_t>(world_.config.heads * world_.config.head_dim));
    for (float& value : query) {
      value = static_cast<float>(Any(100)) / 50.0F - 1.0F;
    }
    for (int part = 0; part < 2; ++part) {
      context->Judge(layer, query.data(), 1, {}, part, 2);
    }
    std::vector<KvChunk> chunks;
    const Status status = context->Choose(layer, &chunks);
    if (looks < 0) {
      ASSERT_EQ(status.code(), StatusCode::kCancelled);
      return;
    }
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_FALSE(chunks.empty());
    // In their order, some left out.
    size_t position = kBegin;
    for (const KvChunk& chunk : chunks) {
      if (!is_whole) {
        break;
      }
      const size_t bytes = chunk.stride * static_cast<size_t>(chunk.tokens);
      while (position < kBegin + context->tokens() &&
             (std::memcmp(chunk.k, expected.k_row(layer, position), bytes) != 0 ||
              std::memcmp(chunk.v, expected.v_row(layer, position), bytes) != 0)) {
        ++position;
      }
      ASSERT_LT(position, kBegin + context->tokens()) << "rows that are none of the context's";
      position += static_cast<size_t>(chunk.tokens);
    }
    context->Took(layer, std::vector<float>(chunks.size(), 1.0F));
  }

  const World& world_;
  const std::shared_ptr<SegmentStore> store_;
  std::mt19937 random_;
};

TEST(TieredThreads, ContextsComeAndGoWhileTheirSegmentsDo) {
  testing::TestBackend();
  const World world;
  const TemporaryFolder folder;
  uint64_t segment_bytes = 0;
  {
    const auto whole = OpenStore(folder.path());
    PutMade(whole.get(), 0, kSegmentTokens);
    segment_bytes = whole->Stats().bytes;
  }
  const std::shared_ptr<SegmentStore> store = OpenStore(folder.path(), 3 * segment_bytes);
  const auto until = std::chrono::steady_clock::now() + TestTime();
  std::atomic<int> visits = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    threads.emplace_back([&, seed] {
      Visitor visitor(world, store, seed);
      while (std::chrono::steady_clock::now() < until && !::testing::Test::HasFailure()) {
        visits += visitor.Visit() ? 1 : 0;
      }
    });
  }
  std::mt19937 random(7);
  while (std::chrono::steady_clock::now() < until) {
    const auto number = static_cast<int>(random() % kSegments);
    if (random() % 4 == 0) {
      const Status removed = store->Remove(KeyOf(number));
      EXPECT_TRUE(removed.ok() || removed.code() == StatusCode::kNotFound) << removed.message();
    } else {
      PutMade(store.get(), number, kSegmentTokens);
    }
    EXPECT_TRUE(store->Evict().ok());
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_GT(visits, 5);
  EXPECT_GT(store->Stats().evicted, 0U);
  EXPECT_EQ(store->Stats().corrupt, 0U);
}

}  // namespace
}  // namespace leoam
