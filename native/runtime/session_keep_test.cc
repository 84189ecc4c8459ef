// Text of a prompt that is computed and kept in the store.
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include "runtime/session.h"
#include "testing/faulty_file_system.h"
#include "testing/session_fixture.h"

namespace leoam {
namespace {

class SessionKeepTest : public testing::SessionFixture {
 protected:
  Part Kept(size_t lines) const {
    Part kept;
    kept.kind = Part::Kind::kKeep;
    kept.key = Key(7);
    Cut(SampleCode(lines), 6, &kept.tokens, &kept.chunk_ends);
    return kept;
  }

  StoreOptions Options() const {
    StoreOptions options;
    options.directory = directory_.string();
    options.precision = precision_;
    return options;
  }

  // What is written into it hangs.
  void OpenStoreThatHangs(testing::FaultyFileSystem* files) {
    ASSERT_TRUE(core_->OpenStore(Options(), files).ok());
    testing::FaultyFileSystem::Faults faults;
    faults.hang_syncs = true;
    files->Set(faults);
  }
};

TEST_F(SessionKeepTest, IsComputedOnceAndThenComesFromTheStore) {
  const Part kept = Kept(12);
  const Part question = Text("// What does this do?");
  auto first = NewSession();
  const Outcome a = Prepare(*first, {kept, question}, 1);
  EXPECT_EQ(a.counters.tokens_computed, kept.tokens.size() + question.tokens.size());
  auto second = NewSession();
  const Outcome b = Prepare(*second, {kept, question}, 1);
  EXPECT_EQ(b.counters.tokens_computed, question.tokens.size());
  EXPECT_LT(testing::Divergence(a.logits, b.logits), 6e-3);
}

TEST_F(SessionKeepTest, AnswersAndSaysSoWhereNeitherDiskNorMemoryKeepsTheText) {
  const std::string file = (directory_ / "file").string();
  std::ofstream(file) << "no folder";
  StoreOptions refusing;
  refusing.directory = file + "/store";
  refusing.ram_budget_bytes = 0;
  ASSERT_TRUE(core_->OpenStore(refusing).ok());
  const Part kept = Kept(6);
  auto session = NewSession();
  const Outcome outcome = Prepare(*session, {kept, Text("// Why?")}, 1);
  EXPECT_FALSE(outcome.logits.empty());
  EXPECT_NE(session->warning().find(refusing.directory), std::string::npos);
  EXPECT_FALSE(core_->store()->Contains(kept.key));
}

TEST_F(SessionKeepTest, HoldsUpNothingMoreUrgentWhileTheDiskHangs) {
  testing::FaultyFileSystem files;
  OpenStoreThatHangs(&files);
  auto session = NewSession();
  const PromptRequest request{{Kept(6), Text("// Why?")}, 1, 0};
  Counters counters;
  Timings timings;
  std::vector<float> logits;
  std::promise<Status> prepared;
  scheduler_->Submit(Priority::kChat, std::make_shared<CancelFlag>(), [&](JobContext& job) {
    prepared.set_value(session->Prepare(job, request, &counters, &timings, &logits));
  });
  files.AwaitHanging();
  std::promise<void> ran;
  scheduler_->Submit(Priority::kCompletion, std::make_shared<CancelFlag>(),
                     [&](JobContext&) { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_FALSE(core_->store()->Contains(request.parts[0].key));
  files.Set({});
  const Status status = prepared.get_future().get();
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(logits.empty());
  EXPECT_TRUE(core_->store()->Contains(request.parts[0].key));
  session.reset();
  ASSERT_TRUE(core_->OpenStore(Options()).ok());
}

TEST_F(SessionKeepTest, WhoGivesUpDoesNotWaitForADiskThatHangs) {
  testing::FaultyFileSystem files;
  OpenStoreThatHangs(&files);
  auto session = NewSession();
  const PromptRequest request{{Kept(6), Text("// Why?")}, 1, 0};
  auto cancel = std::make_shared<CancelFlag>();
  std::promise<StatusCode> ended;
  scheduler_->Submit(Priority::kChat, cancel, [&](JobContext& job) {
    Counters counters;
    Timings timings;
    std::vector<float> logits;
    ended.set_value(session->Prepare(job, request, &counters, &timings, &logits).code());
  });
  files.AwaitHanging();
  scheduler_->Cancel(*cancel);
  auto code = ended.get_future();
  const bool is_over = code.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  EXPECT_TRUE(is_over);
  files.Set({});
  EXPECT_EQ(code.get(), StatusCode::kCancelled);
  const Outcome again = Prepare(*session, request.parts, 1);
  EXPECT_FALSE(again.logits.empty());
  session.reset();
  // It is written all the same; only then the file system may go.
  const std::weak_ptr<SegmentStore> store = core_->store();
  ASSERT_TRUE(core_->OpenStore(Options()).ok());
  while (!store.expired()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(core_->store()->Contains(request.parts[0].key));
}

}  // namespace
}  // namespace leoam
