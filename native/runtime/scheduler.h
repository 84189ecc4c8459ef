// The engine thread. It owns the decoder: everything that computes runs here as a job.
//
// A job of lower priority gives way inside itself: when one of higher priority waits, the
// graph in flight is abandoned (ggml's abort callback), Yield() runs the waiting jobs on
// top of the current one, and the abandoned ubatch is computed again. Sessions have KV of
// their own, so the jobs do not disturb each other.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "leoam/status.h"
#include "leoam/types.h"
#include "runtime/clock.h"

namespace leoam {

enum class Priority { kIndex = 0, kPrepare = 1, kChat = 2, kCompletion = 3 };
inline constexpr int kPriorities = 4;

// What becomes of a running job when a more urgent one waits.
enum class WhenPreempted {
  kResume,  // goes on after it
  // Ends, cancelled. For work whose end somebody may wait for: a job that gave way ends no
  // earlier than the one that it gave way to.
  kEnd,
};

class Scheduler;

// What a running job sees. Lives on the engine thread for the length of the job.
class JobContext {
 public:
  // True when the work in flight should be abandoned: cancelled, or a more urgent job
  // waits. Any thread; cheap enough to be polled within a graph.
  bool ShouldAbort() const;

  // Runs more urgent jobs, if any wait, or ends this one for them; lets jobs that were
  // cancelled while they waited return. kCancelled once this job is cancelled.
  Status Yield();

  // From the job's submission to its start.
  double queued_ms() const { return queued_ms_; }

  bool cancelled() const { return cancel_->cancelled(); }
  // Who types on asks anew: such a job rarely comes to its end, and long steps are lost whole.
  bool likely_cancelled() const {
    return priority_ == Priority::kCompletion || when_preempted_ == WhenPreempted::kEnd;
  }

 private:
  friend class Scheduler;
  JobContext(Scheduler* scheduler, Priority priority, std::shared_ptr<CancelFlag> cancel,
             WhenPreempted when_preempted, double queued_ms)
      : scheduler_(scheduler),
        priority_(priority),
        cancel_(std::move(cancel)),
        when_preempted_(when_preempted),
        queued_ms_(queued_ms) {}

  Scheduler* scheduler_;
  Priority priority_;
  std::shared_ptr<CancelFlag> cancel_;
  WhenPreempted when_preempted_;
  double queued_ms_;
};

class Scheduler {
 public:
  // Always called exactly once, on the engine thread; a job that is cancelled before it
  // starts sees context.cancelled() and should return at once.
  using Work = std::function<void(JobContext&)>;

  Scheduler();
  ~Scheduler();  // Stop()
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Any thread. False after Stop: the work is not run.
  bool Submit(Priority priority, std::shared_ptr<CancelFlag> cancel, Work work,
              WhenPreempted when_preempted = WhenPreempted::kResume);

  // Any thread. Cancels a job: one that runs sees it, one that waits is called at once, on
  // top of whatever runs, instead of after it.
  void Cancel(CancelFlag& cancel);

  // Cancels what waits and what runs, lets each job return, and joins the thread.
  void Stop();

 private:
  friend class JobContext;
  struct Job {
    Priority priority;
    std::shared_ptr<CancelFlag> cancel;
    Work work;
    WhenPreempted when_preempted;
    Stopwatch queued;
  };

  void Loop();
  // A cancelled job of any priority, else one above the floor: highest first, then oldest. None
  // once `unless` is cancelled: with it, Stop cancels what would end what the caller works on.
  bool PopAbove(int floor, Job* job, const CancelFlag* unless = nullptr);
  void RunJob(Job* job);
  void UpdateHighestLocked();
  bool WaitingAbove(Priority priority) const {
    return highest_waiting_.load(std::memory_order_relaxed) > static_cast<int>(priority);
  }

  std::mutex mutex_;  // guards queues_, running_, stopping_
  std::condition_variable wake_;
  std::array<std::deque<Job>, kPriorities> queues_;
  std::deque<std::shared_ptr<CancelFlag>> running_;  // a stack: the innermost is last
  bool stopping_ = false;
  std::atomic<int> highest_waiting_{-1};
  std::thread thread_;
};

}  // namespace leoam
