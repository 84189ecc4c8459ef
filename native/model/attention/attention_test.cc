// Every kernel that this processor runs, against attention in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "kv/half.h"
#include "model/attention/attention_op.h"
#include "model/attention/sums.h"
#include "model/tiered_kv.h"

namespace leoam {
namespace {

struct Case {
  AttentionShape shape;
  std::vector<int> chunk_tokens;
  std::vector<int32_t> visible;  // per row
  int threads = 2;
  KvFormat format = KvFormat::kF16;
  std::vector<size_t> first_chunks = {};  // per row; empty: the first one
};

// Random K, V and queries for a case. Keys are large enough for a peaked softmax.
class Problem {
 public:
  explicit Problem(const Case& what) : case_(what) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.0F, 1.0F);
    const size_t stride = static_cast<size_t>(case_.shape.kv_heads) * case_.shape.head_dim;
    for (int tokens : case_.chunk_tokens) {
      for (std::vector<std::vector<float>>* plane : {&k_, &v_}) {
        std::vector<float>& values = plane->emplace_back(tokens * stride);
        for (float& value : values) {
          value = normal(random) * (plane == &k_ ? 2.0F : 1.0F);
        }
        stored_.push_back(Store(&values));
      }
    }
    q_.resize(static_cast<size_t>(case_.shape.rows) * case_.shape.heads * case_.shape.head_dim);
    for (float& value : q_) {
      value = normal(random);
    }
  }

  std::vector<KvChunk> Chunks() const {
    std::vector<KvChunk> chunks;
    for (size_t i = 0; i < k_.size(); ++i) {
      KvChunk chunk;
      chunk.k = stored_[2 * i].data();
      chunk.v = stored_[2 * i + 1].data();
      chunk.format = case_.format;
      chunk.stride =
          KvBytes(case_.format, static_cast<size_t>(case_.shape.kv_heads) * case_.shape.head_dim);
      chunk.tokens = case_.chunk_tokens[i];
      chunks.push_back(chunk);
    }
    return chunks;
  }

  const std::vector<float>& q() const { return q_; }

  // out[row][head][head_dim] and mass[chunk].
  void Reference(std::vector<double>* out, std::vector<double>* mass) const {
    const AttentionShape& shape = case_.shape;
    out->assign(q_.size(), 0.0);
    mass->assign(k_.size(), 0.0);
    for (int row = 0; row < shape.rows; ++row) {
      for (int head = 0; head < shape.heads; ++head) {
        AttendHead(row, head, out->data() + (row * shape.heads + head) * shape.head_dim, mass);
      }
    }
  }

 private:
  // Encodes the values and replaces them by what the encoding holds.
  std::vector<uint8_t> Store(std::vector<float>* values) const {
    std::vector<uint8_t> bytes(KvBytes(case_.format, values->size()));
    if (case_.format == KvFormat::kF16) {
      for (size_t i = 0; i < values->size(); ++i) {
        const uint16_t half = FloatToHalf((*values)[i]);
        std::memcpy(bytes.data() + 2 * i, &half, 2);
        (*values)[i] = HalfToFloat(half);
      }
      return bytes;
    }
    for (size_t i = 0; i < values->size(); ++i) {
      const size_t block = i / kQ8BlockValues;
      uint8_t* to = bytes.data() + block * kQ8BlockBytes;
      const uint16_t scale = FloatToHalf(0.05F + 0.001F * static_cast<float>(block % 17));
      const int q = std::clamp(static_cast<int>((*values)[i] / HalfToFloat(scale)), -128, 127);
      std::memcpy(to, &scale, 2);
      to[2 + i % kQ8BlockValues] = static_cast<uint8_t>(q);
      (*values)[i] = static_cast<float>(q) * HalfToFloat(scale);
    }
    return bytes;
  }

  void AttendHead(int row, int head, double* out, std::vector<double>* mass) const {
    const AttentionShape& shape = case_.shape;
    const int kv_head = head / (shape.heads / shape.kv_heads);
    const float* q = q_.data() + static_cast<size_t>(row * shape.heads + head) * shape.head_dim;
    const auto at = [&](const std::vector<float>& plane, int token, int d) {
      return static_cast<double>(
          plane[(static_cast<size_t>(token) * shape.kv_heads + kv_head) * shape.head_dim + d]);
    };
    double sum = 0.0;
    std::vector<std::vector<double>> weights(k_.size());
    int position = 0;
    const size_t first = case_.first_chunks.empty() ? 0 : case_.first_chunks[row];
    for (size_t chunk = 0; chunk < first; ++chunk) {
      weights[chunk].assign(case_.chunk_tokens[chunk], 0.0);
    }
    for (size_t chunk = first; chunk < k_.size(); ++chunk) {
      for (int token = 0; token < case_.chunk_tokens[chunk]; ++token, ++position) {
        double score = 0.0;
        for (int d = 0; d < shape.head_dim; ++d) {
          score += q[d] * at(k_[chunk], token, d);
        }
        const bool seen = position < case_.visible[row];
        weights[chunk].push_back(seen ? std::exp(score / std::sqrt(shape.head_dim)) : 0.0);
        sum += weights[chunk].back();
      }
    }
    for (size_t chunk = 0; chunk < k_.size(); ++chunk) {
      for (int token = 0; token < case_.chunk_tokens[chunk]; ++token) {
        const double weight = weights[chunk][token] / sum;
        (*mass)[chunk] += weight;
        for (int d = 0; d < shape.head_dim; ++d) {
          out[d] += weight * at(v_[chunk], token, d);
        }
      }
    }
  }

  Case case_;
  std::vector<std::vector<float>> k_;  // per chunk, as stored
  std::vector<std::vector<float>> v_;
  std::vector<std::vector<uint8_t>> stored_;  // k and v of each chunk in turn
  std::vector<float> q_;
};

void ExpectMatchesReference(const AttentionKernel& kernel, const Case& what) {
  const Problem problem(what);
  std::vector<double> expected;
  std::vector<double> expected_mass;
  problem.Reference(&expected, &expected_mass);

  AttentionOp op(what.shape, what.threads, /*layer=*/0, kernel);
  std::vector<float> mass(what.chunk_tokens.size(), 0.0F);
  op.SetChunks(problem.Chunks(), what.visible, what.first_chunks);
  op.SetMass(mass.data());
  std::vector<float> partials(op.PartialValues() * what.shape.heads * what.shape.rows *
                              what.threads);
  for (int thread = 0; thread < what.threads; ++thread) {
    op.ComputePart(problem.q().data(), nullptr, partials.data(), thread, what.threads);
  }
  std::vector<float> out(expected.size());
  for (int thread = 0; thread < what.threads; ++thread) {
    op.Join(partials.data(), out.data(), thread, what.threads);
  }
  for (size_t i = 0; i < out.size(); ++i) {
    ASSERT_NEAR(out[i], expected[i], 1e-5) << kernel.name << ", value " << i;
  }
  for (size_t i = 0; i < mass.size(); ++i) {
    ASSERT_NEAR(mass[i], expected_mass[i], 1e-4) << kernel.name << ", chunk " << i;
  }
}

void ExpectAllKernelsMatch(const Case& what) {
  for (const AttentionKernel* kernel : AvailableAttentionKernels()) {
    ExpectMatchesReference(*kernel, what);
  }
}

TEST(AttentionTest, TokenCountsThatFillNoVector) {
  for (int tokens : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64}) {
    ExpectAllKernelsMatch({{14, 2, 64, 1}, {tokens}, {tokens}, 2});
  }
}

TEST(AttentionTest, ChunksOfUnequalSize) {
  ExpectAllKernelsMatch({{14, 2, 64, 1}, {64, 13, 1, 40, 64, 5}, {187}, 2});
}

TEST(AttentionTest, HeadSizesAndGroupsOfKnownModels) {
  const std::vector<int> chunks = {64, 64, 50};
  for (const AttentionShape& shape :
       {AttentionShape{9, 3, 64, 1}, AttentionShape{12, 2, 128, 1}, AttentionShape{16, 8, 128, 1},
        AttentionShape{4, 4, 96, 1}, AttentionShape{10, 2, 80, 1}, AttentionShape{6, 1, 256, 1},
        AttentionShape{8, 1, 64, 1}, AttentionShape{19, 1, 64, 1}}) {
    ExpectAllKernelsMatch({shape, chunks, {178}, 2});
  }
}

TEST(AttentionTest, EachRowSeesOnlyWhatLiesBeforeIt) {
  ExpectAllKernelsMatch({{14, 2, 64, 8}, {64, 64, 64, 20}, {1, 63, 64, 65, 100, 128, 193, 212}, 2});
}

TEST(AttentionTest, RowsOfSeveralSequencesSeeTheirOwn) {
  ExpectAllKernelsMatch(
      {{14, 2, 64, 4}, {64, 20, 7, 64, 64, 3}, {70, 7, 100, 131}, 2, KvFormat::kF16, {0, 2, 3, 3}});
  ExpectAllKernelsMatch({{4, 2, 64, 3}, {5, 1, 64}, {1, 1, 64}, 3, KvFormat::kQ8, {0, 1, 2}});
}

TEST(AttentionTest, EightBitKeysAndValues) {
  for (int tokens : {1, 7, 33, 64}) {
    ExpectAllKernelsMatch({{14, 2, 64, 1}, {64, tokens}, {64 + tokens}, 2, KvFormat::kQ8});
  }
  ExpectAllKernelsMatch({{12, 2, 128, 3}, {64, 20}, {5, 64, 80}, 2, KvFormat::kQ8});
}

TEST(AttentionTest, MoreThreadsThanChunks) {
  for (int threads : {1, 3, 7}) {
    ExpectAllKernelsMatch({{4, 2, 64, 2}, {64, 3}, {30, 67}, threads});
  }
}

TEST(AttentionTest, ScoresFarApartNeitherOverflowNorVanish) {
  // One key a thousand times as long as the others: its weight is 1, the others' 0.
  constexpr int kTokens = 20;
  constexpr int kLoud = 11;
  constexpr int kHeadDim = 64;
  std::vector<uint16_t> k(kTokens * kHeadDim, FloatToHalf(-100.0F));
  std::vector<uint16_t> v(kTokens * kHeadDim);
  for (int token = 0; token < kTokens; ++token) {
    for (int d = 0; d < kHeadDim; ++d) {
      v[token * kHeadDim + d] = FloatToHalf(static_cast<float>(token));
    }
  }
  std::fill_n(k.begin() + kLoud * kHeadDim, kHeadDim, FloatToHalf(1000.0F));
  const std::vector<float> q(kHeadDim, 50.0F);
  const std::vector<int32_t> visible = {kTokens};
  for (const AttentionKernel* kernel : AvailableAttentionKernels()) {
    AttentionOp op({1, 1, kHeadDim, 1}, 1, 0, *kernel);
    op.SetChunks({{k.data(), v.data(), 2 * kHeadDim, kTokens}}, visible);
    std::vector<float> partials(op.PartialValues());
    std::vector<float> out(kHeadDim);
    op.ComputePart(q.data(), nullptr, partials.data(), 0, 1);
    op.Join(partials.data(), out.data(), 0, 1);
    for (float value : out) {
      ASSERT_FLOAT_EQ(value, kLoud) << kernel->name;
    }
  }
}

// Offers chunks, and keeps what it is told of the attention to the others.
class OfferedChunks final : public TieredKv {
 public:
  explicit OfferedChunks(std::vector<KvChunk> chunks) : chunks_(std::move(chunks)) {}

  size_t begin() const override { return 0; }
  size_t tokens() const override { return 0; }
  void Begin(bool /*all*/, std::function<bool()> /*should_abort*/) override {}
  void Judge(int /*layer*/, const float* /*q*/, int /*rows*/, const AttentionSums& resident,
             int part, int /*parts*/) override {
    for (size_t i = 0; part == 0 && i < resident.row_heads; ++i) {
      log_sums.push_back(resident.LogSum(i));
    }
  }
  Status Choose(int /*layer*/, std::vector<KvChunk>* chunks) override {
    chunks->insert(chunks->end(), chunks_.begin(), chunks_.end());
    return Status::Ok();
  }
  void End() override {}
  void Took(int /*layer*/, std::span<const float> /*mass*/) override {}

  std::vector<float> log_sums;

 private:
  const std::vector<KvChunk> chunks_;
};

TEST(AttentionTest, WhatTiersOfferCountsBesideWhatWasSet) {
  const Case what = {{14, 2, 64, 1, true}, {64, 50, 13, 40, 64, 5}, {236}, 2};
  for (const size_t set : {size_t{0}, size_t{1}, size_t{4}, size_t{6}}) {
    const Problem problem(what);
    std::vector<double> expected;
    std::vector<double> expected_mass;
    problem.Reference(&expected, &expected_mass);
    std::vector<KvChunk> chunks = problem.Chunks();
    const auto first_offered = chunks.begin() + static_cast<ptrdiff_t>(set);
    OfferedChunks tiered({first_offered, chunks.end()});
    chunks.erase(first_offered, chunks.end());
    std::vector<int32_t> visible = {0};
    for (const KvChunk& chunk : chunks) {
      visible[0] += chunk.tokens;
    }

    AttentionOp op(what.shape, what.threads, /*layer=*/0);
    std::vector<float> mass(set + 1, 0.0F);
    Status status;
    op.SetChunks(chunks, visible);
    op.SetTiered(&tiered, &status);
    op.SetMass(mass.data());
    std::vector<float> set_partials(op.PartialValues() * what.shape.heads * what.threads);
    std::vector<float> partials = set_partials;
    const float* q = problem.q().data();
    const auto on_each_thread = [&](const auto& work) {
      for (int thread = 0; thread < what.threads; ++thread) {
        work(thread);
      }
    };
    on_each_thread([&](int t) { op.ComputeSetPart(q, set_partials.data(), t, what.threads); });
    on_each_thread([&](int t) { op.Judge(q, set_partials.data(), t, what.threads); });
    op.Choose();
    on_each_thread(
        [&](int t) { op.ComputePart(q, set_partials.data(), partials.data(), t, what.threads); });
    std::vector<float> out(expected.size());
    on_each_thread([&](int t) { op.Join(partials.data(), out.data(), t, what.threads); });

    for (size_t i = 0; i < out.size(); ++i) {
      ASSERT_NEAR(out[i], expected[i], 1e-5) << set << " set, value " << i;
    }
    mass.insert(mass.begin() + static_cast<ptrdiff_t>(set), op.tiered_mass().begin(),
                op.tiered_mass().end());
    double set_mass = 0;
    for (size_t i = 0; i < expected_mass.size(); ++i) {
      ASSERT_NEAR(mass[i], expected_mass[i], 1e-4) << set << " set, chunk " << i;
      set_mass += i < set ? expected_mass[i] : 0.0;
    }
    ASSERT_EQ(tiered.log_sums.size(), static_cast<size_t>(what.shape.heads));
    const AttentionSums all = {partials.data(), tiered.log_sums.size(), what.threads,
                               what.shape.head_dim};
    double told = 0;
    for (size_t head = 0; head < tiered.log_sums.size(); ++head) {
      told += std::exp(tiered.log_sums[head] - all.LogSum(head));
    }
    EXPECT_NEAR(told, set_mass, 1e-3) << set << " set";
  }
}

}  // namespace
}  // namespace leoam
