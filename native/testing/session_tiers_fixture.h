// Sessions whose evidence lies in tiers, and what they answer.
#pragma once

#include <utility>

#include "runtime/generate.h"
#include "testing/session_fixture.h"

namespace leoam::testing {

class SessionTiersFixture : public SessionFixture {
 protected:
  // What is stored is read and written through `files` from then on.
  void OpenStoreOver(FileSystem* files) {
    StoreOptions options;
    options.directory = directory_.string();
    options.precision = precision_;
    ASSERT_TRUE(core_->OpenStore(options, files).ok());
  }

  // F16 KV of a stored part.
  uint64_t KvBytesOf(const Part& stored) {
    const KvShape& shape = core_->model().config().kv_shape();
    return AsText(stored).tokens.size() * 2 * KvBytes(KvFormat::kF16, shape.RowValues()) *
           static_cast<uint64_t>(shape.layers);
  }

  // What a session of its own answers to evidence and a question.
  GenerateResult Answer(const GenerateRequest& request, const TierOptions& options) {
    GenerateResult answered;
    auto session = Session::Create(*core_, 256, KvFormat::kF16, options);
    EXPECT_TRUE(session.ok());
    Run([&](JobContext& job) {
      auto result = Generate(*core_, job, **session, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
      answered = std::move(result).value();
    });
    // What was drafted in vain has left nothing behind; of the last token it may hold the KV.
    const size_t written =
        (*session)->size() - core_->preamble().size() - request.parts[1].tokens.size();
    EXPECT_LE(written, answered.tokens.size());
    EXPECT_GE(written + 1, answered.tokens.size());
    return answered;
  }

  GenerateRequest AboutStored(int max_tokens) {
    GenerateRequest request;
    request.parts = {Stored(1, SampleCode(40)), Text("// What does this file do? It")};
    request.question_part = 1;
    request.max_tokens = max_tokens;
    return request;
  }
};

}  // namespace leoam::testing
