#include "runtime/scheduler.h"

#include <algorithm>
#include <utility>

namespace leoam {
namespace {

// Of what was cancelled while it waited: it only has to return.
constexpr int kCancelledLevel = kPriorities;

template <typename Queue>
auto FindCancelled(Queue& queue) {
  return std::find_if(queue.begin(), queue.end(),
                      [](const auto& job) { return job.cancel->cancelled(); });
}

}  // namespace

bool JobContext::ShouldAbort() const {
  return cancel_->cancelled() || scheduler_->WaitingAbove(priority_);
}

Status JobContext::Yield() {
  const bool ends = when_preempted_ == WhenPreempted::kEnd;
  const int floor = ends ? kPriorities : static_cast<int>(priority_);
  Scheduler::Job job;
  while (scheduler_->PopAbove(floor, &job, cancel_.get())) {
    scheduler_->RunJob(&job);
  }
  // What was cancelled while it waited has returned: what waits now is more urgent work.
  if (ends && scheduler_->WaitingAbove(priority_)) {
    cancel_->Cancel();
  }
  if (cancel_->cancelled()) {
    return {StatusCode::kCancelled, "The request was cancelled."};
  }
  return Status::Ok();
}

Scheduler::Scheduler() : thread_([this] { Loop(); }) {}

Scheduler::~Scheduler() { Stop(); }

bool Scheduler::Submit(Priority priority, std::shared_ptr<CancelFlag> cancel, Work work,
                       WhenPreempted when_preempted) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return false;
    }
    queues_[static_cast<size_t>(priority)].push_back(
        {priority, std::move(cancel), std::move(work), when_preempted, Stopwatch()});
    UpdateHighestLocked();
  }
  wake_.notify_one();
  return true;
}

void Scheduler::Cancel(CancelFlag& cancel) {
  const std::lock_guard lock(mutex_);
  cancel.Cancel();
  UpdateHighestLocked();
}

void Scheduler::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& queue : queues_) {
      for (auto& job : queue) {
        job.cancel->Cancel();
      }
    }
    for (auto& cancel : running_) {
      cancel->Cancel();
    }
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Scheduler::Loop() {
  for (;;) {
    Job job;
    if (PopAbove(-1, &job)) {
      RunJob(&job);
      continue;
    }
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || highest_waiting_.load() >= 0; });
    if (stopping_ && highest_waiting_.load() < 0) {
      return;
    }
  }
}

bool Scheduler::PopAbove(int floor, Job* job, const CancelFlag* unless) {
  const std::lock_guard lock(mutex_);
  if (unless != nullptr && unless->cancelled()) {
    return false;
  }
  const auto take = [&](std::deque<Job>& queue, size_t at) {
    *job = std::move(queue[at]);
    queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
    UpdateHighestLocked();
    running_.push_back(job->cancel);
    return true;
  };
  for (auto& queue : queues_) {
    if (const auto at = FindCancelled(queue); at != queue.end()) {
      return take(queue, static_cast<size_t>(at - queue.begin()));
    }
  }
  for (int level = kPriorities - 1; level > floor; --level) {
    auto& queue = queues_[static_cast<size_t>(level)];
    if (!queue.empty()) {
      return take(queue, 0);
    }
  }
  return false;
}

void Scheduler::RunJob(Job* job) {
  JobContext context(this, job->priority, job->cancel, job->when_preempted,
                     job->queued.Milliseconds());
  job->work(context);
  job->work = nullptr;  // what it captured must not outlive the job
  const std::lock_guard lock(mutex_);
  running_.pop_back();
}

void Scheduler::UpdateHighestLocked() {
  int highest = -1;
  for (int level = 0; level < kPriorities; ++level) {
    auto& queue = queues_[static_cast<size_t>(level)];
    if (FindCancelled(queue) != queue.end()) {
      highest = kCancelledLevel;
      break;
    }
    if (!queue.empty()) {
      highest = level;
    }
  }
  highest_waiting_.store(highest, std::memory_order_relaxed);
}

}  // namespace leoam
