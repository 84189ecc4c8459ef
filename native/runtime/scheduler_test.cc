#include "runtime/scheduler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

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

// Runs `inside` in a job, once `meanwhile` has returned that is called while the job runs.
void RunInside(Scheduler* scheduler, Priority priority, const std::function<void()>& meanwhile,
               const std::function<void(JobContext&)>& inside,
               WhenPreempted when_preempted = WhenPreempted::kResume) {
  std::promise<void> started;
  std::promise<void> may_go_on;
  std::promise<void> done;
  scheduler->Submit(
      priority, Flag(),
      [&](JobContext& job) {
        started.set_value();
        may_go_on.get_future().wait();
        inside(job);
        done.set_value();
      },
      when_preempted);
  started.get_future().wait();
  meanwhile();
  may_go_on.set_value();
  done.get_future().wait();
}

TEST(Scheduler, ALowerJobGivesWayInsideItself) {
  Scheduler scheduler;
  std::string order;
  RunInside(
      &scheduler, Priority::kIndex,
      [&] { scheduler.Submit(Priority::kCompletion, Flag(), [&](JobContext&) { order += "X"; }); },
      [&](JobContext& job) {
        order += "a";
        EXPECT_TRUE(job.ShouldAbort());
        EXPECT_TRUE(job.Yield().ok());
        EXPECT_FALSE(job.ShouldAbort());
        order += "b";
      });
  EXPECT_EQ(order, "aXb");
}

TEST(Scheduler, TellsHowLongAJobHasWaited) {
  Scheduler scheduler;
  std::promise<double> queued;
  RunInside(
      &scheduler, Priority::kChat,
      [&] {
        scheduler.Submit(Priority::kChat, Flag(),
                         [&](JobContext& job) { queued.set_value(job.queued_ms()); });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      },
      [](JobContext&) {});
  EXPECT_GE(queued.get_future().get(), 20);
}

TEST(Scheduler, EqualPriorityDoesNotPreempt) {
  Scheduler scheduler;
  RunInside(
      &scheduler, Priority::kChat,
      [&] { scheduler.Submit(Priority::kChat, Flag(), [](JobContext&) {}); },
      [&](JobContext& job) { EXPECT_FALSE(job.ShouldAbort()); });
}

TEST(Scheduler, AJobMayEndWhereItIsPreempted) {
  Scheduler scheduler;
  std::string order;
  std::promise<void> chatted;
  RunInside(
      &scheduler, Priority::kPrepare,
      [&] {
        scheduler.Submit(Priority::kChat, Flag(), [&](JobContext&) {
          order += "c";
          chatted.set_value();
        });
      },
      [&](JobContext& job) {
        EXPECT_EQ(job.Yield().code(), StatusCode::kCancelled);
        EXPECT_TRUE(job.cancelled());
        order += "p";
      },
      WhenPreempted::kEnd);
  chatted.get_future().wait();
  EXPECT_EQ(order, "pc");
}

TEST(Scheduler, AWaitingJobThatIsCancelledDoesNotWaitForTheOneThatRuns) {
  for (const WhenPreempted when_preempted : {WhenPreempted::kResume, WhenPreempted::kEnd}) {
    Scheduler scheduler;
    auto cancel = Flag();
    std::string order;
    RunInside(
        &scheduler, Priority::kPrepare,
        [&] {
          scheduler.Submit(Priority::kIndex, Flag(), [&](JobContext&) { order += "i"; });
          scheduler.Submit(Priority::kPrepare, cancel, [&](JobContext& job) {
            EXPECT_TRUE(job.cancelled());
            order += "c";
          });
        },
        [&](JobContext& job) {
          EXPECT_FALSE(job.ShouldAbort());
          scheduler.Cancel(*cancel);
          EXPECT_TRUE(job.ShouldAbort());
          EXPECT_TRUE(job.Yield().ok());
          EXPECT_FALSE(job.ShouldAbort());
          EXPECT_EQ(order, "c");
        },
        when_preempted);
  }
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
