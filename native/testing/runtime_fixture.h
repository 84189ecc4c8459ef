// A loaded small model with a store of its own, for tests of the runtime. Jobs run on a
// real engine thread.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "runtime/core.h"
#include "runtime/scheduler.h"

namespace leoam::testing {

class RuntimeTest : public ::testing::Test {
 protected:
  // Precision of the store that each test gets.
  explicit RuntimeTest(Precision precision = Precision::kF16) : precision_(precision) {}

  void SetUp() override;
  void TearDown() override;

  // Runs on the engine thread and waits.
  void Run(const std::function<void(JobContext&)>& work, Priority priority = Priority::kChat);

  // Into the store.
  Result<SegmentResult> ReadIntoStore(JobContext& job, const SegmentRequest& request);

  std::vector<Token> Tokens(const std::string& text) const {
    return core_->vocabulary().Tokenize(text, false);
  }
  // 64 hex digits that differ by `n`.
  static std::string Key(int n);
  // Some lines of RealCode(), which is pinned: bounds hold for the text that they were
  // measured on.
  static std::string SampleCode(size_t lines, size_t first_line = 0);
  // One chunk for each run of `lines` lines; tokens and ends as the index makes them.
  void Cut(const std::string& text, size_t lines, std::vector<Token>* tokens,
           std::vector<uint32_t>* ends) const;

  Precision precision_;
  std::filesystem::path directory_;
  Core* core_ = nullptr;  // shared by all tests of the process
  std::unique_ptr<Scheduler> scheduler_;
};

// Kullback-Leibler divergence of two logit rows, nats.
double Divergence(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace leoam::testing
