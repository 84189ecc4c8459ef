#include "runtime/scheduler.h"

#include <utility>

namespace leoam {

bool JobContext::ShouldAbort() const {
  return cancel_->cancelled() || scheduler_->WaitingAbove(priority_);
}

Status JobContext::Yield() {
  Scheduler::Job job;
  while (scheduler_->PopAbove(static_cast<int>(priority_), &job)) {
    scheduler_->RunJob(&job);
  }
  if (cancel_->cancelled()) {
    return {StatusCode::kCancelled, "The request was cancelled."};
  }
  return Status::Ok();
}

Scheduler::Scheduler() : thread_([this] { Loop(); }) {}

Scheduler::~Scheduler() { Stop(); }

bool Scheduler::Submit(Priority priority, std::shared_ptr<CancelFlag> cancel, Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      return false;
    }
    queues_[static_cast<size_t>(priority)].push_back(
        {priority, std::move(cancel), std::move(work)});
    UpdateHighestLocked();
  }
  wake_.notify_one();
  return true;
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

bool Scheduler::PopAbove(int floor, Job* job) {
  const std::lock_guard lock(mutex_);
  for (int level = kPriorities - 1; level > floor; --level) {
    auto& queue = queues_[static_cast<size_t>(level)];
    if (!queue.empty()) {
      *job = std::move(queue.front());
      queue.pop_front();
      UpdateHighestLocked();
      running_.push_back(job->cancel);
      return true;
    }
  }
  return false;
}

void Scheduler::RunJob(Job* job) {
  JobContext context(this, job->priority, job->cancel);
  job->work(context);
  job->work = nullptr;  // what it captured must not outlive the job
  const std::lock_guard lock(mutex_);
  running_.pop_back();
}

void Scheduler::UpdateHighestLocked() {
  int highest = -1;
  for (int level = 0; level < kPriorities; ++level) {
    if (!queues_[static_cast<size_t>(level)].empty()) {
      highest = level;
    }
  }
  highest_waiting_.store(highest, std::memory_order_relaxed);
}

}  // namespace leoam
