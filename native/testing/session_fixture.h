// Sessions over segments that a test has made, and the logits of what they are asked.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/segment_reader.h"
#include "runtime/session.h"
#include "testing/runtime_fixture.h"

namespace leoam::testing {

class SessionFixture : public RuntimeTest {
 protected:
  // Stores `text` as a segment and returns the part that brings in all of it.
  Part Stored(int key, const std::string& text) {
    SegmentRequest request;
    request.key = Key(key);
    Cut(text, 6, &request.tokens, &request.chunk_ends);
    Run([&](JobContext& job) {
      const auto result = ReadIntoStore(job, request);
      ASSERT_TRUE(result.ok()) << result.status().message();
    });
    Part part;
    part.kind = Part::Kind::kChunks;
    part.key = request.key;
    part.last = request.chunk_ends.size();
    return part;
  }

  Part Text(const std::string& text) const {
    Part part;
    part.tokens = Tokens(text);
    return part;
  }

  // The same tokens as a stored part, as text.
  Part AsText(const Part& stored) {
    Part part;
    const auto info = core_->store()->Info(stored.key);
    part.tokens = (*info)->tokens;
    return part;
  }

  std::unique_ptr<Session> NewSession(size_t tokens = 4096, KvFormat format = KvFormat::kF16) {
    auto session = Session::Create(*core_, tokens, format);
    EXPECT_TRUE(session.ok());
    return std::move(session).value();
  }

  struct Outcome {
    Counters counters;
    std::vector<float> logits;
  };
  Outcome Prepare(Session& session, std::vector<Part> parts, size_t question, double repair = 0) {
    Outcome outcome;
    PromptRequest request{std::move(parts), question, repair};
    Run([&](JobContext& job) {
      Timings timings;
      const Status status =
          session.Prepare(job, request, &outcome.counters, &timings, &outcome.logits);
      ASSERT_TRUE(status.ok()) << status.message();
    });
    return outcome;
  }
};

}  // namespace leoam::testing
