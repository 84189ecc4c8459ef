#include "runtime/segment_reader.h"

#include <chrono>
#include <cstring>
#include <future>
#include <thread>

#include "testing/runtime_fixture.h"

namespace leoam {
namespace {

class SegmentReader : public testing::RuntimeTest {
 protected:
  SegmentRequest Request(int key, const std::string& text) const {
    SegmentRequest request;
    request.key = Key(key);
    Cut(text, 6, &request.tokens, &request.chunk_ends);
    return request;
  }

  SegmentResult Read(const SegmentRequest& request) {
    SegmentResult out;
    Run([&](JobContext& job) {
      auto result = ReadIntoStore(job, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
      out = *result;
    });
    return out;
  }
};

// A text with line `line` replaced.
std::string Edit(const std::string& text, size_t line, const std::string& replacement) {
  size_t begin = 0;
  for (size_t i = 0; i < line; ++i) {
    begin = text.find('\n', begin) + 1;
  }
  return text.substr(0, begin) + replacement + text.substr(text.find('\n', begin));
}

TEST_F(SegmentReader, ReadsOnceAndKeeps) {
  const SegmentRequest request = Request(1, SampleCode(24));
  const SegmentResult first = Read(request);
  EXPECT_EQ(first.tokens_computed, request.tokens.size());
  EXPECT_GT(first.bytes_written, 0U);
  const SegmentResult second = Read(request);
  EXPECT_EQ(second.tokens_computed, 0U);
  EXPECT_EQ(second.tokens_reused, request.tokens.size());
}

TEST_F(SegmentReader, AnEditComputesTheChangedChunkOnlyAndMarksWhatFollows) {
  const std::string text = SampleCode(24);
  Read(Request(1, text));
  SegmentRequest edited = Request(2, Edit(text, 8, "  const int changed = 42;"));
  edited.base = Key(1);
  const SegmentResult result = Read(edited);
  const size_t changed = edited.chunk_ends[1] - edited.chunk_ends[0];  // lines 6..11
  EXPECT_EQ(result.tokens_computed, changed);
  EXPECT_EQ(result.tokens_reused, edited.tokens.size() - changed);
  EXPECT_EQ(result.stale_chunks, edited.chunk_ends.size() - 2);

  edited.base.clear();  // idle time: read again exactly
  const SegmentResult exact = Read(edited);
  EXPECT_EQ(exact.tokens_computed, edited.tokens.size());
  EXPECT_EQ(exact.stale_chunks, 0U);
}

TEST_F(SegmentReader, AStaleSegmentServesUntilTheExactOneHasReplacedIt) {
  const std::string text = SampleCode(50);
  Read(Request(1, text));
  SegmentRequest edited = Request(2, Edit(text, 8, "  const int changed = 42;"));
  edited.base = Key(1);
  const uint64_t stale = Read(edited).stale_chunks;
  ASSERT_GT(stale, 0U);

  edited.base.clear();
  auto cancel = std::make_shared<CancelFlag>();
  std::promise<StatusCode> outcome;
  scheduler_->Submit(Priority::kIndex, cancel, [&](JobContext& job) {
    cancel->Cancel();
    outcome.set_value(ReadIntoStore(job, edited).status().code());
  });
  EXPECT_EQ(outcome.get_future().get(), StatusCode::kCancelled);
  EXPECT_TRUE(core_->store()->Contains(Key(2)));
  edited.base = Key(1);
  EXPECT_EQ(Read(edited).stale_chunks, stale);
}

TEST_F(SegmentReader, WhatAnEditLeavesUnchangedIsExact) {
  const std::string text = SampleCode(24);
  Read(Request(1, text));
  SegmentRequest edited = Request(2, Edit(text, 22, "}  // changed"));
  edited.base = Key(1);
  Read(edited);
  std::vector<std::vector<uint8_t>> before;
  std::vector<std::vector<uint8_t>> after;
  const auto store = core_->store();
  ASSERT_TRUE(store->ReadChunks(Key(1), 0, 3, Precision::kF16, &before).ok());
  ASSERT_TRUE(store->ReadChunks(Key(2), 0, 3, Precision::kF16, &after).ok());
  EXPECT_EQ(before, after);
}

TEST_F(SegmentReader, GivesWayToAMoreUrgentJobAndStillStoresTheSameBytes) {
  const SegmentRequest request = Request(1, SampleCode(50));
  Read(request);
  SegmentRequest again = request;
  again.key = Key(2);
  std::promise<void> done;
  std::atomic<int> urgent{0};
  scheduler_->Submit(Priority::kIndex, std::make_shared<CancelFlag>(), [&](JobContext& job) {
    EXPECT_TRUE(ReadIntoStore(job, again).ok());
    done.set_value();
  });
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    Run([&](JobContext&) { ++urgent; }, Priority::kCompletion);
  }
  done.get_future().wait();
  EXPECT_EQ(urgent, 5);
  std::vector<std::vector<uint8_t>> a;
  std::vector<std::vector<uint8_t>> b;
  const size_t chunks = request.chunk_ends.size();
  ASSERT_TRUE(core_->store()->ReadChunks(Key(1), 0, chunks, Precision::kF16, &a).ok());
  ASSERT_TRUE(core_->store()->ReadChunks(Key(2), 0, chunks, Precision::kF16, &b).ok());
  EXPECT_EQ(a, b);
}

TEST_F(SegmentReader, ABufferThatComesBackAfterAnotherPreambleWasSetIsNotUsedAgain) {
  Run([&](JobContext& job) {
    auto held = core_->TakeScratch(64);
    ASSERT_TRUE(held.ok());
    ASSERT_TRUE(core_->SetPreamble(job, Tokens("Another one.\n")).ok());
    core_->ReturnScratch(std::move(held).value());
    const auto next = core_->TakeScratch(64);
    const auto fresh = core_->NewSequence(64, KvFormat::kF16);
    ASSERT_TRUE(next.ok() && fresh.ok());
    const KvBuffer& kv = *next->kv;
    EXPECT_EQ(kv.size(), core_->preamble().size());
    const size_t bytes = kv.size() * kv.row_bytes();
    for (int layer = 0; layer < core_->model().config().layers; ++layer) {
      EXPECT_EQ(std::memcmp(kv.k_row(layer, 0), (*fresh)->k_row(layer, 0), bytes), 0) << layer;
    }
  });
}

TEST_F(SegmentReader, IsWrittenWhileTheEngineThreadDoesSomethingElse) {
  const SegmentRequest request = Request(1, SampleCode(24));
  SegmentReading read;
  Run([&](JobContext& job) { read = ComputeSegment(*core_, job, request).value(); });
  EXPECT_FALSE(core_->store()->Contains(Key(1)));
  Run([&](JobContext&) {
    auto writing = std::async(std::launch::async,
                              [&] { return WriteSegment(*core_->store(), std::move(read)); });
    const auto written = writing.get();
    ASSERT_TRUE(written.ok()) << written.status().message();
    EXPECT_EQ(written->tokens_computed, request.tokens.size());
    EXPECT_GT(written->bytes_written, 0U);
  });
  EXPECT_TRUE(core_->store()->Contains(Key(1)));
}

TEST_F(SegmentReader, CancellingStoresNothing) {
  const SegmentRequest request = Request(1, SampleCode(50));
  auto cancel = std::make_shared<CancelFlag>();
  std::promise<StatusCode> outcome;
  scheduler_->Submit(Priority::kIndex, cancel, [&](JobContext& job) {
    const auto result = ReadIntoStore(job, request);
    outcome.set_value(result.ok() ? StatusCode::kOk : result.status().code());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  cancel->Cancel();
  EXPECT_EQ(outcome.get_future().get(), StatusCode::kCancelled);
  EXPECT_FALSE(core_->store()->Contains(Key(1)));
}

TEST_F(SegmentReader, RefusesWhatCannotBeASegment) {
  Run([&](JobContext& job) {
    SegmentRequest request = Request(1, SampleCode(6));
    request.key = "short";
    EXPECT_EQ(ReadIntoStore(job, request).status().code(), StatusCode::kInvalidArgument);
    request = Request(1, SampleCode(6));
    request.chunk_ends.back() += 1;
    EXPECT_EQ(ReadIntoStore(job, request).status().code(), StatusCode::kInvalidArgument);
    request = Request(1, SampleCode(6));
    request.tokens[0] = -1;
    EXPECT_EQ(ReadIntoStore(job, request).status().code(), StatusCode::kInvalidArgument);
  });
}

}  // namespace
}  // namespace leoam
