#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace leoam {
namespace {

std::shared_ptr<CancelFlag> Flag() { return std::make_shared<CancelFlag>(); }

TEST(Scheduler, RunsTheMostUrgentFirstThenTheOldest) {
  Scheduler scheduler;
  std::promise<void> gate;
  std::string order;
  std::promise<void> done;
  scheduler.Submit(Priority::kCompletion, Flag(), [&](JobContext&) { gate.get_future().wait(); });
  scheduler.Submit(Priority::kIndex, Flag(), [&](JobContext&) {
    order += "i";
    done.set_value();
  });
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext&) { order += "c"; });
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext&) { order += "d"; });
  scheduler.Submit(Priority::kCompletion, Flag(), [&](JobContext&) { order += "x"; });
  gate.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, "xcdi");
}

TEST(Scheduler, ALowerJobGivesWayInsideItself) {
  Scheduler scheduler;
  std::promise<void> started;
  std::promise<void> submitted;
  std::promise<void> done;
  std::string order;
  scheduler.Submit(Priority::kIndex, Flag(), [&](JobContext& job) {
    order += "a";
    started.set_value();
    submitted.get_future().wait();
    EXPECT_TRUE(job.ShouldAbort());
    EXPECT_TRUE(job.Yield().ok());
    EXPECT_FALSE(job.ShouldAbort());
    order += "b";
    done.set_value();
  });
  started.get_future().wait();
  scheduler.Submit(Priority::kCompletion, Flag(), [&](JobContext&) { order += "X"; });
  submitted.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, "aXb");
}

TEST(Scheduler, EqualPriorityDoesNotPreempt) {
  Scheduler scheduler;
  std::promise<void> started;
  std::promise<void> submitted;
  std::promise<bool> aborted;
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext& job) {
    started.set_value();
    submitted.get_future().wait();
    aborted.set_value(job.ShouldAbort());
  });
  started.get_future().wait();
  scheduler.Submit(Priority::kChat, Flag(), [](JobContext&) {});
  submitted.set_value();
  EXPECT_FALSE(aborted.get_future().get());
}

TEST(Scheduler, AJobMayEndWhereItIsPreempted) {
  Scheduler scheduler;
  std::promise<void> started;
  std::promise<void> submitted;
  std::promise<void> done;
  std::string order;
  scheduler.Submit(
      Priority::kPrepare, Flag(),
      [&](JobContext& job) {
        started.set_value();
        submitted.get_future().wait();
        EXPECT_EQ(job.Yield().code(), StatusCode::kCancelled);
        order += job.cancelled() ? "a" : "-";
      },
      WhenPreempted::kEnd);
  started.get_future().wait();
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext&) {
    order += "c";
    done.set_value();
  });
  submitted.set_value();
  done.get_future().wait();
  EXPECT_EQ(order, "ac");
}

TEST(Scheduler, AWaitingJobThatIsCancelledDoesNotWaitForTheOneThatRuns) {
  Scheduler scheduler;
  auto cancel = Flag();
  std::promise<void> started;
  std::promise<void> submitted;
  std::promise<void> done;
  std::string order;
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext& job) {
    started.set_value();
    submitted.get_future().wait();
    EXPECT_FALSE(job.ShouldAbort());
    scheduler.Cancel(*cancel);
    EXPECT_TRUE(job.ShouldAbort());
    EXPECT_TRUE(job.Yield().ok());
    EXPECT_FALSE(job.ShouldAbort());
    order += "c";
    done.set_value();
  });
  started.get_future().wait();
  scheduler.Submit(Priority::kIndex, Flag(), [&](JobContext&) { order += "i"; });
  scheduler.Submit(Priority::kPrepare, cancel, [&](JobContext& job) {
    EXPECT_TRUE(job.cancelled());
    order += "p";
  });
  submitted.set_value();
  done.get_future().wait();
  scheduler.Stop();
  EXPECT_EQ(order, "pci");
}

TEST(Scheduler, CancellingIsSeenByTheJob) {
  Scheduler scheduler;
  auto cancel = Flag();
  std::promise<StatusCode> outcome;
  scheduler.Submit(Priority::kChat, cancel, [&](JobContext& job) {
    while (!job.ShouldAbort()) {
      std::this_thread::yield();
    }
    outcome.set_value(job.Yield().code());
  });
  cancel->Cancel();
  EXPECT_EQ(outcome.get_future().get(), StatusCode::kCancelled);
}

TEST(Scheduler, StopCallsWaitingJobsAsCancelledAndRefusesNewOnes) {
  Scheduler scheduler;
  std::promise<void> started;
  int cancelled = 0;
  scheduler.Submit(Priority::kChat, Flag(), [&](JobContext& job) {
    started.set_value();
    while (!job.cancelled()) {
      std::this_thread::yield();
    }
    ++cancelled;
  });
  scheduler.Submit(Priority::kIndex, Flag(), [&](JobContext& job) {
    if (job.cancelled()) {
      ++cancelled;
    }
  });
  started.get_future().wait();
  scheduler.Stop();
  EXPECT_EQ(cancelled, 2);
  EXPECT_FALSE(scheduler.Submit(Priority::kChat, Flag(), [](JobContext&) {}));
}

}  // namespace
}  // namespace leoam
