#include "testing/runtime_fixture.h"

#include <atomic>
#include <cmath>
#include <random>
#include <sstream>

#include "runtime/segment_reader.h"
#include "testing/models.h"

namespace leoam::testing {
namespace {

Core* SharedCore() {
  static const std::unique_ptr<Core> core = [] {
    CoreOptions options;
    options.model_path = LlamaModelPath();
    options.module_dir = ModuleDir();
    options.threads = 1;
    auto loaded = Core::Load(options);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    return loaded.ok() ? std::move(loaded).value() : nullptr;
  }();
  return core.get();
}

}  // namespace

void RuntimeTest::SetUp() {
  static std::atomic<int> counter{0};
  core_ = SharedCore();
  ASSERT_NE(core_, nullptr);
  directory_ =
      std::filesystem::temp_directory_path() /
      ("leoam-runtime-" + std::to_string(std::random_device{}()) + "-" +
       std::to_string(reinterpret_cast<uintptr_t>(this)) + "-" + std::to_string(counter++));
  StoreOptions options;
  options.directory = directory_.string();
  options.precision = precision_;
  ASSERT_TRUE(core_->OpenStore(options).ok());
  scheduler_ = std::make_unique<Scheduler>();
  Run([this](JobContext& job) {
    const Status status = core_->SetPreamble(job, Tokens("You read a repository.\n"));
    ASSERT_TRUE(status.ok()) << status.message();
  });
}

Result<SegmentResult> RuntimeTest::ReadIntoStore(JobContext& job, const SegmentRequest& request) {
  auto read = ComputeSegment(*core_, job, request);
  if (!read.ok()) {
    return read.status();
  }
  return WriteSegment(*core_->store(), std::move(read).value());
}

void RuntimeTest::TearDown() {
  scheduler_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void RuntimeTest::Run(const std::function<void(JobContext&)>& work, Priority priority) {
  std::promise<void> done;
  ASSERT_TRUE(scheduler_->Submit(priority, std::make_shared<CancelFlag>(), [&](JobContext& job) {
    work(job);
    done.set_value();
  }));
  done.get_future().wait();
}

std::string RuntimeTest::Key(int n) {
  std::string key(64, '0');
  for (size_t i = 0; n > 0; ++i, n /= 10) {
    key[i] = static_cast<char>('0' + n % 10);
  }
  return key;
}

std::string RuntimeTest::SampleCode(size_t lines, size_t first_line) {
  std::istringstream code(RealCode());
  std::ostringstream out;
  std::string line;
  for (size_t i = 0; i < first_line + lines && std::getline(code, line); ++i) {
    if (i >= first_line) {
      out << line << '\n';
    }
  }
  return out.str();
}

void RuntimeTest::Cut(const std::string& text, size_t lines, std::vector<Token>* tokens,
                      std::vector<uint32_t>* ends) const {
  std::istringstream in(text);
  std::string chunk;
  std::string line;
  size_t count = 0;
  const auto flush = [&] {
    const auto more = Tokens(chunk);
    tokens->insert(tokens->end(), more.begin(), more.end());
    if (!more.empty()) {
      ends->push_back(static_cast<uint32_t>(tokens->size()));
    }
    chunk.clear();
    count = 0;
  };
  while (std::getline(in, line)) {
    chunk += line + '\n';
    if (++count == lines) {
      flush();
    }
  }
  flush();
}

double Divergence(const std::vector<float>& a, const std::vector<float>& b) {
  const auto log_sum = [](const std::vector<float>& logits) {
    double highest = -1e300;
    for (const float logit : logits) {
      highest = std::max<double>(highest, logit);
    }
    double sum = 0;
    for (const float logit : logits) {
      sum += std::exp(logit - highest);
    }
    return highest + std::log(sum);
  };
  const double sum_a = log_sum(a);
  const double sum_b = log_sum(b);
  double divergence = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double log_a = a[i] - sum_a;
    divergence += std::exp(log_a) * (log_a - (b[i] - sum_b));
  }
  return divergence;
}

}  // namespace leoam::testing
