// Jobs that read much from a disk let more urgent ones run in between.
#include <future>
#include <memory>
#include <utility>

#include "runtime/head_scores.h"
#include "testing/faulty_file_system.h"
#include "testing/session_tiers_fixture.h"

namespace leoam {
namespace {

class GivingWay : public testing::SessionTiersFixture {
 protected:
  void SetUp() override {
    SessionTiersFixture::SetUp();
    OpenStoreOver(&files_);
  }
  void TearDown() override {
    core_->set_retrieval_heads({});
    core_->left().Finish();  // it reads through files_
    OpenStoreOver(FileSystem::Default());
    SessionTiersFixture::TearDown();
  }

  // Runs `work` as a job; while its first read is under way, `urgent` is asked for as a more urgent
  // one. Returns when both are over.
  void RunBoth(const std::function<void(JobContext&)>& work, const std::function<void()>& urgent) {
    testing::FaultyFileSystem::Faults faults;
    faults.hang_reads = true;
    files_.Set(faults);
    std::promise<void> worked;
    scheduler_->Submit(Priority::kIndex, std::make_shared<CancelFlag>(), [&](JobContext& job) {
      work(job);
      worked.set_value();
    });
    files_.AwaitHanging();
    std::promise<void> ran;
    scheduler_->Submit(Priority::kCompletion, std::make_shared<CancelFlag>(), [&](JobContext&) {
      urgent();
      ran.set_value();
    });
    files_.Set({});
    ran.get_future().wait();
    worked.get_future().wait();
  }

  // Of what `work` reads as a job, how much it has read when a more urgent job runs.
  double ShareReadFirst(const std::function<void(JobContext&)>& work) {
    const uint64_t before = core_->store()->Stats().bytes_read;
    uint64_t between = 0;
    RunBoth(work, [&] { between = core_->store()->Stats().bytes_read; });
    const uint64_t after = core_->store()->Stats().bytes_read;
    EXPECT_GT(after, before);
    return static_cast<double>(between - before) / static_cast<double>(after - before);
  }

  testing::FaultyFileSystem files_;
};

TEST_F(GivingWay, AnEditedFileThatTakesOverItsChunks) {
  const std::string text = SampleCode(48);  // of 8 chunks
  Stored(1, text);
  SegmentRequest edited;
  edited.key = Key(2);
  edited.base = Key(1);
  Cut(text + "int added = 1;\n", 6, &edited.tokens, &edited.chunk_ends);
  const double share = ShareReadFirst([&](JobContext& job) {
    const auto read = ComputeSegment(*core_, job, edited);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_GT(read->result.tokens_reused, read->result.tokens_computed);
  });
  EXPECT_LT(share, 0.5);
}

TEST_F(GivingWay, AQuestionThatLoadsItsEvidence) {
  PromptRequest request{{Stored(1, SampleCode(48)), Text("// What does this file do? It")}, 1, 0};
  ASSERT_TRUE(core_->store()->Info(request.parts[0].key).ok());  // what hangs then is a chunk
  auto session = NewSession();
  std::vector<float> logits;
  const double share = ShareReadFirst([&](JobContext& job) {
    Counters counters;
    Timings timings;
    const Status status = session->Prepare(job, request, &counters, &timings, &logits);
    ASSERT_TRUE(status.ok()) << status.message();
  });
  EXPECT_LT(share, 0.5);
  auto fresh = NewSession();
  EXPECT_EQ(logits, Prepare(*fresh, request.parts, 1).logits);
}

TEST_F(GivingWay, ScoringOfChunks) {
  const std::vector<RetrievalHead> heads = {{3, 1}};
  core_->set_retrieval_heads(heads);
  std::vector<ChunkCandidate> candidates;
  for (int key = 1; key <= 4; ++key) {
    const Part stored = Stored(key, SampleCode(12, static_cast<size_t>(key) * 12));
    candidates.push_back({stored.key, stored.first, stored.last});
  }
  const double share = ShareReadFirst([&](JobContext& job) {
    const auto scores =
        ScoreChunks(*core_, job, heads, Tokens("Where is it?"), Tokens("N/A"), candidates);
    ASSERT_TRUE(scores.ok()) << scores.status().message();
  });
  EXPECT_LT(share, 0.5);
}

TEST_F(GivingWay, OpeningOfEvidenceThatStaysOnDisk) {
  PromptRequest request;
  for (int key = 1; key <= 3; ++key) {
    request.parts.push_back(Stored(key, SampleCode(12, static_cast<size_t>(key) * 12)));
  }
  request.parts.push_back(Text("// What do these do?"));
  request.question_part = 3;
  OpenStoreOver(&files_);  // of no file it knows the front
  auto session = Session::Create(*core_, 256, KvFormat::kF16, {.ram_bytes = 100'000'000});
  ASSERT_TRUE(session.ok());
  Status status;
  // What is open by then can still be read.
  RunBoth(
      [&](JobContext& job) {
        Counters counters;
        Timings timings;
        std::vector<float> logits;
        status = (*session)->Prepare(job, request, &counters, &timings, &logits);
      },
      [&] { EXPECT_TRUE(core_->store()->Remove(request.parts[2].key).ok()); });
  EXPECT_EQ(status.code(), StatusCode::kNotFound) << status.message();
}

}  // namespace
}  // namespace leoam
