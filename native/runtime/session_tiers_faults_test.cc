// What becomes of an answer whose evidence lies on disk, or on a device, when these fail.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "testing/faulty_device.h"
#include "testing/faulty_file_system.h"
#include "testing/models.h"
#include "testing/segments.h"
#include "testing/session_tiers_fixture.h"

namespace leoam {
namespace {

using Faults = testing::FaultyFileSystem::Faults;

class SessionTiersFaults : public testing::SessionTiersFixture {
 protected:
  void SetUp() override {
    SessionTiersFixture::SetUp();
    OpenStoreOver(&files_);
  }
  void TearDown() override {
    core_->left().Finish();  // it reads through files_
    core_->set_allocate_device(AllocateDeviceMemory);
    OpenStoreOver(FileSystem::Default());
    SessionTiersFixture::TearDown();
  }

  // A quarter of its KV has room in RAM.
  TierOptions Quarter(const GenerateRequest& request) {
    return {.ram_bytes = KvBytesOf(request.parts[0]) / 4};
  }

  // It has answered, so that its files are open: what hangs from now on is reading of them.
  std::unique_ptr<Session> SessionThatHangs(const GenerateRequest& request) {
    auto session = Session::Create(*core_, 256, KvFormat::kF16, Quarter(request));
    EXPECT_TRUE(session.ok());
    Run([&](JobContext& job) {
      EXPECT_TRUE(Generate(*core_, job, **session, request).ok());
      (*session)->Truncate(core_->preamble().size());
    });
    Faults faults;
    faults.hang_reads = true;
    files_.Set(faults);
    return std::move(session).value();
  }

  testing::FaultyFileSystem files_;
};

TEST_F(SessionTiersFaults, ADiskThatHangsHoldsUpNeitherUrgentWorkNorWhoGivesUp) {
  const GenerateRequest request = AboutStored(8);
  const GenerateResult expected = Answer(request, Quarter(request));
  const std::unique_ptr<Session> session = SessionThatHangs(request);
  auto cancel = std::make_shared<CancelFlag>();
  std::promise<StatusCode> ended;
  scheduler_->Submit(Priority::kChat, cancel, [&](JobContext& job) {
    ended.set_value(Generate(*core_, job, *session, request).status().code());
  });
  files_.AwaitHanging();
  bool ran = false;
  Run([&](JobContext&) { ran = true; }, Priority::kCompletion);
  EXPECT_TRUE(ran);
  scheduler_->Cancel(*cancel);
  EXPECT_EQ(ended.get_future().get(), StatusCode::kCancelled);
  files_.Set({});
  Run([&](JobContext& job) {
    const auto again = Generate(*core_, job, *session, request);
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(again->tokens, expected.tokens);
  });
}

TEST_F(SessionTiersFaults, ADiskThatHangsDoesNotHoldUpWhoLetsGoOfEvidence) {
  const GenerateRequest request = AboutStored(8);
  std::unique_ptr<Session> session = SessionThatHangs(request);
  auto cancel = std::make_shared<CancelFlag>();
  std::promise<void> ended;
  scheduler_->Submit(Priority::kChat, cancel, [&](JobContext& job) {
    EXPECT_EQ(Generate(*core_, job, *session, request).status().code(), StatusCode::kCancelled);
    session.reset();
    ended.set_value();
  });
  files_.AwaitHanging();
  scheduler_->Cancel(*cancel);
  const bool is_over =
      ended.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  EXPECT_TRUE(is_over);
  files_.Set({});
  const GenerateResult again = Answer(request, Quarter(request));
  EXPECT_FALSE(again.tokens.empty());
}

TEST_F(SessionTiersFaults, AReadThatFailsInAnAnswerIsOneErrorAndTheNextAnswerIsRight) {
  GenerateRequest request = AboutStored(8);
  const GenerateResult expected = Answer(request, Quarter(request));
  auto session = Session::Create(*core_, 256, KvFormat::kF16, Quarter(request));
  ASSERT_TRUE(session.ok());
  std::string written;
  request.on_text = [&](const std::string& text) {
    written += text;
    Faults faults;
    faults.fail_reads = true;
    files_.Set(faults);
  };
  Run([&](JobContext& job) {
    EXPECT_EQ(Generate(*core_, job, **session, request).status().code(), StatusCode::kIo);
  });
  EXPECT_FALSE(written.empty());
  EXPECT_LT(written.size(), expected.text.size());
  files_.Set({});
  request.on_text = nullptr;
  Run([&](JobContext& job) {
    const auto again = Generate(*core_, job, **session, request);
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(again->tokens, expected.tokens);
  });
}

TEST_F(SessionTiersFaults, WhatIsFoundDamagedInAnAnswerIsOneErrorAndIsReadAgain) {
  Faults cut;
  cut.files_end_at = 2000;
  Faults flipped;
  flipped.flipped_bit = 8 * 1'000'000;
  for (const Faults& faults : {cut, flipped}) {
    GenerateRequest request = AboutStored(8);
    const GenerateResult expected = Answer(request, Quarter(request));
    auto session = Session::Create(*core_, 256, KvFormat::kF16, Quarter(request));
    ASSERT_TRUE(session.ok());
    request.on_text = [&](const std::string&) { files_.Set(faults); };
    Run([&](JobContext& job) {
      EXPECT_EQ(Generate(*core_, job, **session, request).status().code(), StatusCode::kCorruption);
    });
    EXPECT_FALSE(core_->store()->Contains(request.parts[0].key));
    files_.Set({});
    request = AboutStored(8);  // stored anew
    Run([&](JobContext& job) {
      const auto again = Generate(*core_, job, **session, request);
      ASSERT_TRUE(again.ok()) << again.status().message();
      EXPECT_EQ(again->tokens, expected.tokens);
    });
  }
}

TEST_F(SessionTiersFaults, ASlowDiskChangesNothingOfAnAnswer) {
  const GenerateRequest request = AboutStored(4);
  const GenerateResult expected = Answer(request, Quarter(request));
  TierOptions slow = Quarter(request);
  slow.disk_bytes_per_second = 50'000'000;
  const GenerateResult answered = Answer(request, slow);
  EXPECT_EQ(answered.tokens, expected.tokens);
  EXPECT_GT(answered.tiers->bytes_read, 0U);
}

TEST_F(SessionTiersFaults, ADeviceThatIsLostInAnAnswerChangesNothingOfIt) {
  const GenerateRequest request = AboutStored(8);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  const GenerateResult expected = Answer(request, Quarter(request));
  uint64_t from_device = 0;
  for (const int copies : {1'000'000, 500, 0}) {
    core_->set_allocate_device([copies](const std::string& device, size_t size) {
      auto real = AllocateDeviceMemory(device, size);
      using Memory = std::shared_ptr<DeviceMemory>;
      return real.ok() ? Result<Memory>(std::make_shared<testing::FaultyDevice>(*real, copies))
                       : real;
    });
    const GenerateResult answered = Answer(
        request, {.ram_bytes = bytes / 4, .device_bytes = bytes, .device = testing::DeviceName()});
    EXPECT_EQ(answered.tokens, expected.tokens);
    ASSERT_TRUE(answered.tiers.has_value());
    const bool is_lost = copies < 1'000'000;
    EXPECT_EQ(answered.tiers->device_lost, is_lost);
    EXPECT_EQ(answered.warning.empty(), !is_lost) << answered.warning;
    if (!is_lost) {
      from_device = answered.tiers->blocks_from_device;
    } else {
      EXPECT_LT(answered.tiers->blocks_from_device, from_device);
    }
  }
}

// A store marks a segment at most once a minute; of one that was away for a moment it knows no
// mark.
TEST_F(SessionTiersFaults, EachQuestionMarksWhatIsOpenAsUsed) {
  const GenerateRequest request = AboutStored(2);
  auto session = Session::Create(*core_, 256, KvFormat::kF16, Quarter(request));
  ASSERT_TRUE(session.ok());
  const auto ask = [&] {
    Run([&](JobContext& job) { ASSERT_TRUE(Generate(*core_, job, **session, request).ok()); });
  };
  ask();
  const TieredContext* opened = (*session)->tiered();
  const std::string& key = request.parts[0].key;
  const std::string path = testing::SegmentPath(directory_.string(), key);
  std::filesystem::rename(path, path + ".away");
  ASSERT_TRUE(core_->store()->Evict().ok());  // looks at the folder
  std::filesystem::rename(path + ".away", path);
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(5));
  ASSERT_TRUE(core_->store()->Evict().ok());
  const auto used = [&] { return core_->store()->State(key)->last_use_ns; };
  const int64_t before = used();
  ask();
  EXPECT_EQ((*session)->tiered(), opened);
  EXPECT_GT(used() - before, 4 * int64_t{3'600'000'000'000});
}

TEST_F(SessionTiersFaults, ADeviceWithoutRoomTakesNoneOfItAndIsTold) {
  const GenerateRequest request = AboutStored(4);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  const TierOptions options = {
      .ram_bytes = bytes / 4, .device_bytes = bytes, .device = testing::DeviceName()};
  const GenerateResult served = Answer(request, options);
  EXPECT_EQ(served.tiers->device_budget_bytes, bytes / kDeviceAlignment * kDeviceAlignment);
  core_->set_allocate_device([](const std::string&, size_t) {
    return Result<std::shared_ptr<DeviceMemory>>(Status(StatusCode::kNoSpace, "It is full."));
  });
  const GenerateResult answered = Answer(request, options);
  EXPECT_EQ(answered.tokens, served.tokens);
  EXPECT_EQ(answered.tiers->device_budget_bytes, 0U);
  EXPECT_NE(answered.warning, "");
}

// Such as after the card was taken out, while the settings stayed.
TEST_F(SessionTiersFaults, WithoutAGpuTheDiskServesAndThatIsTold) {
  if (!ListDevices().empty()) {
    GTEST_SKIP() << "this machine has a GPU: " << ListDevices().front().name;
  }
  const GenerateRequest request = AboutStored(4);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  TierOptions options = {.ram_bytes = bytes / 4};
  const GenerateResult wanted = Answer(request, options);
  options.device_bytes = bytes;
  const GenerateResult answered = Answer(request, options);
  EXPECT_EQ(answered.tokens, wanted.tokens);
  EXPECT_NE(answered.warning.find("no GPU"), std::string::npos) << answered.warning;
}

}  // namespace
}  // namespace leoam
