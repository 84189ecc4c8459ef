// Evidence that stays on disk: the same answers, in little memory.
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "runtime/generate.h"
#include "runtime/session.h"
#include "testing/models.h"
#include "testing/segments.h"
#include "testing/session_tiers_fixture.h"

namespace leoam {
namespace {

using SessionTiersTest = testing::SessionTiersFixture;

constexpr double kRounding = 6e-3;

TEST_F(SessionTiersTest, EvidenceThatStaysOnDiskGivesTheSameLogits) {
  const std::vector<Part> evidence = {Stored(1, SampleCode(10)), Stored(2, SampleCode(10, 60))};
  const Part question = Text("// The function above");
  auto in_memory = NewSession();
  const Outcome a = Prepare(*in_memory, {evidence[0], evidence[1], question}, 2);
  const uint64_t bytes = KvBytesOf(evidence[0]) + KvBytesOf(evidence[1]);

  auto session = Session::Create(*core_, 256, KvFormat::kF16, {.ram_bytes = bytes / 4});
  ASSERT_TRUE(session.ok());
  const Outcome b = Prepare(**session, {evidence[0], evidence[1], question}, 2);
  EXPECT_EQ(b.counters.tokens_computed, question.tokens.size());
  EXPECT_EQ(b.counters.tokens_reused, a.counters.tokens_reused);
  EXPECT_GT(b.counters.bytes_from_disk, 0U);
  // The same rows, in chunks that are cut elsewhere: sums are rounded otherwise, which 8-bit
  // activations make larger (libllama's own flash attention on against off: 2.9e-3).
  EXPECT_LT(testing::Divergence(a.logits, b.logits), kRounding);
  const TierCounters first = (*session)->tiered()->counters();
  EXPECT_LE(first.peak_bytes, bytes / 4);

  // What is appended and asked next sees it, too, and a part of it is in RAM.
  const Part answer = Text(" adds two numbers.");
  const Part next = Text("\n// And the one below");
  const Outcome c = Prepare(*in_memory, {evidence[0], evidence[1], question, answer, next}, 4);
  const Outcome d = Prepare(**session, {evidence[0], evidence[1], question, answer, next}, 4);
  EXPECT_EQ(d.counters.tokens_computed, c.counters.tokens_computed);
  EXPECT_LT(testing::Divergence(c.logits, d.logits), kRounding);
  EXPECT_GT((*session)->tiered()->counters().blocks_hit, first.blocks_hit);

  // Other evidence takes its place, or none.
  const Outcome e = Prepare(**session, {evidence[1], question}, 1);
  auto fresh = NewSession();
  EXPECT_LT(testing::Divergence(Prepare(*fresh, {evidence[1], question}, 1).logits, e.logits),
            kRounding);
  const Outcome f = Prepare(**session, {question}, 0);
  EXPECT_EQ((*session)->tiered(), nullptr);
  EXPECT_LT(testing::Divergence(Prepare(*fresh, {question}, 0).logits, f.logits), kRounding);
}

TEST_F(SessionTiersTest, RowsOfEightBitsTakeHalfTheMemory) {
  const Part stored = Stored(1, SampleCode(40));
  const Part question = Text("// What does this file do? It");
  const uint64_t bytes = KvBytesOf(stored);
  const auto asked = [&](KvFormat format, TierCounters* counters) {
    auto session = Session::Create(*core_, 256, KvFormat::kF16,
                                   {.ram_bytes = 6 * bytes / 10, .format = format});
    EXPECT_TRUE(session.ok());
    for (int pass = 0; pass < 2; ++pass) {
      Prepare(**session, {stored, question}, 1);
      (*session)->Truncate((*session)->size() - question.tokens.size());
    }
    const std::vector<float> logits = Prepare(**session, {stored, question}, 1).logits;
    *counters = (*session)->tiered()->counters();
    return logits;
  };
  TierCounters whole;
  TierCounters half;
  const std::vector<float> exact = asked(KvFormat::kF16, &whole);
  const std::vector<float> rounded = asked(KvFormat::kQ8, &half);
  EXPECT_EQ(whole.kv_bytes, bytes);
  EXPECT_LT(half.kv_bytes, 54 * bytes / 100);
  EXPECT_EQ(half.blocks_dropped, 0U);  // all of it fits now
  EXPECT_GT(whole.blocks_dropped, 0U);
  const double divergence = testing::Divergence(exact, rounded);
  std::printf("figure: evidence in 8-bit rows: KL %.2e nats\n", divergence);
  EXPECT_LT(divergence, 2 * kRounding);
}

TEST_F(SessionTiersTest, SessionsWithTheSameEvidenceShareItsMemory) {
  const Part stored = Stored(1, SampleCode(40));
  const TierOptions options = {.ram_bytes = KvBytesOf(stored)};
  const auto open = [&](const TierOptions& with) {
    auto session = Session::Create(*core_, 256, KvFormat::kF16, with);
    EXPECT_TRUE(session.ok());
    return std::move(session).value();
  };
  auto first = open(options);
  auto second = open(options);
  const Part question = Text("// What does this file do? It");
  const Outcome a = Prepare(*first, {stored, question}, 1);
  const Part other = Text("// Another question about it:");
  const Outcome b = Prepare(*second, {stored, other}, 1);
  EXPECT_GT(a.counters.bytes_from_disk, 0U);
  EXPECT_EQ(b.counters.bytes_from_disk, 0U);
  EXPECT_EQ(first->tiered(), second->tiered());
  auto fresh = NewSession();
  EXPECT_LT(testing::Divergence(Prepare(*fresh, {stored, other}, 1).logits, b.logits), kRounding);

  // With another budget, or other evidence, it is another one.
  auto third = open({.ram_bytes = 2 * options.ram_bytes});
  EXPECT_GT(Prepare(*third, {stored, question}, 1).counters.bytes_from_disk, 0U);
  EXPECT_NE(third->tiered(), first->tiered());

  // It stays as long as one of them does.
  const uint64_t number = second->tiered()->counters().context;
  first.reset();
  EXPECT_EQ(second->tiered()->counters().context, number);
  second.reset();
  first = open(options);
  EXPECT_GT(Prepare(*first, {stored, question}, 1).counters.bytes_from_disk, 0U);
  EXPECT_NE(first->tiered()->counters().context, number);
}

TEST_F(SessionTiersTest, PassesOfSessionsThatShareEvidenceTakeTurns) {
  const Part stored = Stored(1, SampleCode(40));
  const Part question = Text("// What does this file do? It");
  const std::vector<Token> next = Tokens(" adds");
  const TierOptions options = {.ram_bytes = KvBytesOf(stored) / 2, .share = 0.3};
  const auto asked = [&] {
    auto session = Session::Create(*core_, 256, KvFormat::kF16, options);
    EXPECT_TRUE(session.ok());
    Prepare(**session, {stored, question}, 1);
    return std::move(session).value();
  };
  const auto append = [&](Session& session, Session::Attend attend) {
    std::vector<float> logits;
    Run([&](JobContext& job) {
      const Status status = session.Append(job, next, &logits, nullptr, attend);
      EXPECT_TRUE(status.ok()) << status.message();
    });
    return logits;
  };
  const auto alone = asked();
  const std::vector<float> share = append(*alone, Session::Attend::kShare);
  alone->Truncate(alone->size() - next.size());
  const std::vector<float> all = append(*alone, Session::Attend::kAll);
  EXPECT_GT(testing::Divergence(all, share), 0.0);
  const auto first = asked();
  const auto second = asked();
  EXPECT_EQ(first->tiered(), second->tiered());
  EXPECT_EQ(append(*first, Session::Attend::kShare), share);
  EXPECT_EQ(append(*second, Session::Attend::kAll), all);
  first->Truncate(first->size() - next.size());
  EXPECT_EQ(append(*first, Session::Attend::kShare), share);
}

TEST_F(SessionTiersTest, EvidenceThatWasDamagedIsOpenedAnew) {
  const Part stored = Stored(1, SampleCode(40));
  auto session = Session::Create(*core_, 256, KvFormat::kF16, {.ram_bytes = KvBytesOf(stored) / 4});
  ASSERT_TRUE(session.ok());
  const Part question = Text("// What does this file do? It");
  const std::vector<float> before = Prepare(**session, {stored, question}, 1).logits;
  {
    std::fstream file(testing::SegmentPath(directory_.string(), stored.key),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);  // of the last layer
    file.put('\x55');
  }
  (*session)->Truncate(core_->preamble().size());
  Run([&](JobContext& job) {
    Counters counters;
    Timings timings;
    std::vector<float> logits;
    const Status status =
        (*session)->Prepare(job, {{stored, question}, 1}, &counters, &timings, &logits);
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
  });
  EXPECT_FALSE(core_->store()->Contains(stored.key));
  Stored(1, SampleCode(40));
  EXPECT_EQ(Prepare(**session, {stored, question}, 1).logits, before);
}

TEST_F(SessionTiersTest, AnswersMayAttendToAShareOfWhatStaysOnDisk) {
  const Part stored = Stored(1, SampleCode(40));
  const Part question = Text("// What does this file do? It");
  const uint64_t bytes = KvBytesOf(stored);
  const std::vector<Token> next = Tokens(" adds");
  const auto after = [&](double share, uint64_t* bytes_read) {
    auto session =
        Session::Create(*core_, 256, KvFormat::kF16, {.ram_bytes = bytes / 4, .share = share});
    EXPECT_TRUE(session.ok());
    Prepare(**session, {stored, question}, 1);
    *bytes_read = (*session)->tiered()->counters().bytes_read;
    std::vector<float> logits;
    Run([&](JobContext& job) {
      const Status status = (*session)->Append(job, next, &logits, nullptr);
      EXPECT_TRUE(status.ok()) << status.message();
    });
    *bytes_read = (*session)->tiered()->counters().bytes_read - *bytes_read;
    return logits;
  };
  uint64_t bytes_all = 0;
  uint64_t bytes_share = 0;
  const std::vector<float> all = after(1.0, &bytes_all);
  const std::vector<float> share = after(0.3, &bytes_share);
  EXPECT_LT(2 * bytes_share, bytes_all);
  const double divergence = testing::Divergence(all, share);
  std::printf("figure: 30 %% of a context on disk attended to: KL %.2e nats\n", divergence);
  EXPECT_LT(divergence, 0.3);
}

TEST_F(SessionTiersTest, WhatAShareDraftsAndAllVerifiesIsWhatAllWrites) {
  const GenerateRequest request = AboutStored(48);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  const GenerateResult exact = Answer(request, {.ram_bytes = bytes / 4});
  const GenerateResult drafted =
      Answer(request, {.ram_bytes = bytes / 4, .share = 0.3, .draft_tokens = 6});
  EXPECT_EQ(drafted.tokens, exact.tokens);
  EXPECT_EQ(exact.counters.tokens_drafted, 0U);
  EXPECT_GT(drafted.counters.tokens_accepted, 10U);
  EXPECT_LT(drafted.counters.bytes_from_disk, exact.counters.bytes_from_disk);
  std::printf("figure: drafted %llu, right %llu of %zu tokens, %.2f of the bytes\n",
              static_cast<unsigned long long>(drafted.counters.tokens_drafted),
              static_cast<unsigned long long>(drafted.counters.tokens_accepted),
              drafted.tokens.size(),
              static_cast<double>(drafted.counters.bytes_from_disk) /
                  static_cast<double>(exact.counters.bytes_from_disk));
}

TEST_F(SessionTiersTest, OfTwentyDraftedAnswersEachTokenIsWhatAllWrites) {
  GenerateRequest request = AboutStored(16);
  const uint64_t quarter = KvBytesOf(request.parts[0]) / 4;
  const TierOptions one_layer{.ram_bytes = quarter};
  const std::array<TierOptions, 2> drafting = {
      TierOptions{.ram_bytes = quarter, .share = 0.2, .mass = 0.95, .draft_tokens = 12},
      TierOptions{.ram_bytes = quarter, .share = 0.1, .draft_tokens = 3, .code_share = 0}};
  uint64_t drafted = 0;
  uint64_t right = 0;
  for (const char* question : {"// What does this file do? It", "\nexport function ", "\nconst ",
                               "// Bugs:", "\n/** Called when", "\nif (", "\n// Tests:\nassert(",
                               "// The arguments are", "\nclass ", "\nreturn "}) {
    request.parts[1] = Text(question);
    const GenerateResult exact = Answer(request, one_layer);
    for (const TierOptions& options : drafting) {
      const GenerateResult answer = Answer(request, options);
      EXPECT_EQ(answer.tokens, exact.tokens) << question;
      drafted += answer.counters.tokens_drafted;
      right += answer.counters.tokens_accepted;
    }
  }
  EXPECT_GT(right, 0U);
  EXPECT_LT(right, drafted);  // some of what all of it verified was wrong
}

TEST_F(SessionTiersTest, WhatWasDraftedAndVerifiedIsThereWhenTheNextQuestionComes) {
  GenerateRequest request = AboutStored(24);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  auto session = Session::Create(*core_, 256, KvFormat::kF16,
                                 {.ram_bytes = bytes / 4, .share = 0.3, .draft_tokens = 6});
  ASSERT_TRUE(session.ok());
  const auto ask = [&] {
    GenerateResult answered;
    Run([&](JobContext& job) {
      auto result = Generate(*core_, job, **session, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
      answered = std::move(result).value();
    });
    return answered;
  };
  const GenerateResult first = ask();
  EXPECT_GT(first.counters.tokens_drafted, 0U);
  Part answer;
  answer.tokens = first.tokens;
  const Part next = Text("\n// And the one below");
  request.parts.insert(request.parts.end(), {answer, next});
  request.question_part = 3;
  // Of its last token nothing was computed.
  EXPECT_LE(ask().counters.tokens_computed, next.tokens.size() + 1);
}

// Three questions about the same file: a pass for all reads what a pass for one reads.
TEST_F(SessionTiersTest, AnswersThatAreWrittenTogetherReadOnceForAll) {
  std::vector<GenerateRequest> requests(3, AboutStored(12));
  requests[1].parts[1] = Text("// The first function of this file is called");
  requests[2].parts[1] = Text("// Does it read a file? I think");
  requests[2].max_tokens = 5;
  const uint64_t bytes = KvBytesOf(requests[0].parts[0]);
  for (const double share : {1.0, 0.5}) {
    const TierOptions options = {.ram_bytes = bytes / 4, .share = share};
    std::vector<GenerateResult> alone;
    for (const GenerateRequest& request : requests) {
      alone.push_back(Answer(request, options));
    }
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<Session*> pointers;
    for (size_t i = 0; i < requests.size(); ++i) {
      sessions.push_back(Session::Create(*core_, 256, KvFormat::kF16, options).value());
      pointers.push_back(sessions.back().get());
    }
    std::vector<GenerateResult> together;
    Run([&](JobContext& job) {
      auto results = GenerateTogether(*core_, job, pointers, requests);
      ASSERT_TRUE(results.ok()) << results.status().message();
      together = std::move(results).value();
    });
    ASSERT_EQ(together.size(), requests.size());
    uint64_t read_alone = 0;
    uint64_t read_together = 0;
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_EQ(together[i].tokens.size(), static_cast<size_t>(requests[i].max_tokens));
      EXPECT_EQ(together[i].text.empty(), false);
      EXPECT_EQ(together[i].counters.tokens_decoded, together[i].tokens.size());
      EXPECT_EQ(sessions[i]->tiered(), sessions[0]->tiered());
      read_alone += alone[i].counters.bytes_from_disk;
      read_together += together[i].counters.bytes_from_disk;
      if (share == 1.0) {
        EXPECT_EQ(together[i].tokens, alone[i].tokens) << "answer " << i;
      }
    }
    std::printf("figure: three answers, share %.1f: %.2f of the bytes\n", share,
                static_cast<double>(read_together) / static_cast<double>(read_alone));
    EXPECT_LT(3 * read_together, 2 * read_alone);
  }
}

TEST_F(SessionTiersTest, AnswersWrittenTogetherNeedTheSameEvidence) {
  std::vector<GenerateRequest> requests(2, AboutStored(4));
  requests[1].parts[0] = Stored(2, SampleCode(40, 60));
  const TierOptions options = {.ram_bytes = KvBytesOf(requests[0].parts[0])};
  const auto first = Session::Create(*core_, 256, KvFormat::kF16, options).value();
  const auto second = Session::Create(*core_, 256, KvFormat::kF16, options).value();
  Run([&](JobContext& job) {
    const std::vector<std::vector<Session*>> wrong = {
        {first.get(), second.get()}, {first.get(), first.get()}, {first.get()}, {}};
    for (const std::vector<Session*>& sessions : wrong) {
      EXPECT_EQ(GenerateTogether(*core_, job, sessions, requests).status().code(),
                StatusCode::kInvalidArgument);
    }
  });
}

TEST_F(SessionTiersTest, ADeviceServesWhatRamHasNoRoomForAndTheAnswerIsTheSame) {
  const GenerateRequest request = AboutStored(16);
  const uint64_t bytes = KvBytesOf(request.parts[0]);
  const GenerateResult alone = Answer(request, {.ram_bytes = bytes / 4});
  const GenerateResult beside = Answer(
      request, {.ram_bytes = bytes / 4, .device_bytes = bytes, .device = testing::DeviceName()});
  ASSERT_TRUE(alone.tiers.has_value() && beside.tiers.has_value());
  EXPECT_EQ(beside.tokens, alone.tokens);
  EXPECT_EQ(alone.tiers->blocks_from_device, 0U);
  EXPECT_GT(beside.tiers->blocks_from_device, 4 * beside.tiers->blocks_read);
  EXPECT_LT(3 * beside.tiers->bytes_read, alone.tiers->bytes_read);
  EXPECT_LE(beside.tiers->peak_bytes, bytes / 4);

  Run([&](JobContext& job) {
    auto session = Session::Create(*core_, 256, KvFormat::kF16,
                                   {.ram_bytes = bytes, .device_bytes = bytes, .device = "CUDA7"});
    ASSERT_TRUE(session.ok());
    const auto result = Generate(*core_, job, **session, request);
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(result.status().message().find("CUDA7"), std::string::npos);
  });
}

TEST_F(SessionTiersTest, TooLittleMemoryForEvidenceOnDiskIsSaid) {
  const Part stored = Stored(1, SampleCode(16));
  const Part question = Text("// What does this file do? It");
  auto session = Session::Create(*core_, 256, KvFormat::kF16, {.ram_bytes = 10'000});
  ASSERT_TRUE(session.ok());
  PromptRequest request{{stored, question}, 1, 0};
  Run([&](JobContext& job) {
    Counters counters;
    Timings timings;
    std::vector<float> logits;
    const Status status = (*session)->Prepare(job, request, &counters, &timings, &logits);
    EXPECT_EQ(status.code(), StatusCode::kNoSpace);
    request.repair_share = 0.1;
    EXPECT_EQ((*session)->Prepare(job, request, &counters, &timings, &logits).code(),
              StatusCode::kInvalidArgument);
  });
}

}  // namespace
}  // namespace leoam
