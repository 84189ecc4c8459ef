#include "kv/rope.h"

#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml.h"
#include "gtest/gtest.h"

namespace leoam {
namespace {

constexpr int kHeadDim = 64;

RopeParams Params(RopeKind kind, int dims, bool factors) {
  RopeParams params;
  params.kind = kind;
  params.dims = dims;
  params.base = 1'000'000.0F;
  for (int i = 0; factors && i < dims / 2; ++i) {
    params.factors.push_back(1.0F + 0.25F * static_cast<float>(i));
  }
  return params;
}

std::vector<float> RandomHead(int seed) {
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::normal_distribution<float> value;
  std::vector<float> head(kHeadDim);
  for (float& x : head) {
    x = value(random);
  }
  return head;
}

ggml_backend_t CpuBackendOfGgml() {
  static const ggml_backend_t backend = [] {
    if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
      ggml_backend_load_all_from_path(LEOAM_MODULE_DIR);
    }
    return ggml_backend_init_by_type(GGML_BACKEND_DEVICE_TYPE_CPU, nullptr);
  }();
  return backend;
}

// The graph's operator on one head.
std::vector<float> GgmlRope(const RopeParams& params, int32_t position,
                            const std::vector<float>& head) {
  const std::unique_ptr<ggml_context, decltype(&ggml_free)> context(
      ggml_init({16 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true}), ggml_free);
  ggml_context* c = context.get();
  ggml_tensor* input = ggml_new_tensor_3d(c, GGML_TYPE_F32, kHeadDim, 1, 1);
  ggml_tensor* positions = ggml_new_tensor_1d(c, GGML_TYPE_I32, 1);
  ggml_tensor* factors =
      params.factors.empty()
          ? nullptr
          : ggml_new_tensor_1d(c, GGML_TYPE_F32, static_cast<int64_t>(params.factors.size()));
  const int mode = params.kind == RopeKind::kNeox ? GGML_ROPE_TYPE_NEOX : GGML_ROPE_TYPE_NORMAL;
  ggml_tensor* output = ggml_rope_ext(c, input, positions, factors, params.dims, mode, 0,
                                      params.base, params.frequency_scale, 0.0F, 1.0F, 0.0F, 0.0F);
  ggml_cgraph* graph = ggml_new_graph(c);
  ggml_build_forward_expand(graph, output);
  const std::unique_ptr<ggml_backend_buffer, decltype(&ggml_backend_buffer_free)> buffer(
      ggml_backend_alloc_ctx_tensors(c, CpuBackendOfGgml()), ggml_backend_buffer_free);
  ggml_backend_tensor_set(input, head.data(), 0, ggml_nbytes(input));
  ggml_backend_tensor_set(positions, &position, 0, sizeof(position));
  if (factors != nullptr) {
    ggml_backend_tensor_set(factors, params.factors.data(), 0, ggml_nbytes(factors));
  }
  EXPECT_EQ(ggml_backend_graph_compute(CpuBackendOfGgml(), graph), GGML_STATUS_SUCCESS);
  std::vector<float> result(head.size());
  ggml_backend_tensor_get(output, result.data(), 0, ggml_nbytes(output));
  return result;
}

class RopeOfEachKind : public ::testing::TestWithParam<std::tuple<RopeKind, int, bool>> {};

TEST_P(RopeOfEachKind, RotatesAsTheGraphsOperatorDoes) {
  const auto [kind, dims, factors] = GetParam();
  RopeParams params = Params(kind, dims, factors);
  params.frequency_scale = factors ? 0.5F : 1.0F;
  RopeAngles angles(params);
  for (const int32_t position : {0, 1, 17, 4095, 32000}) {
    std::vector<float> head = RandomHead(position);
    const std::vector<float> expected = GgmlRope(params, position, head);
    angles.SetPosition(position);
    angles.Rotate(head.data());
    for (size_t i = 0; i < head.size(); ++i) {
      // Products may be fused there and not here: one rounding of values of a few units.
      ASSERT_NEAR(head[i], expected[i], 1e-6F) << "position " << position << ", value " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RopeOfEachKind,
                         ::testing::Combine(::testing::Values(RopeKind::kNeox, RopeKind::kNormal),
                                            ::testing::Values(kHeadDim, kHeadDim / 2),
                                            ::testing::Bool()));

TEST(Rope, LeavesPositionZeroAndValuesPastDimsAlone) {
  RopeAngles angles(Params(RopeKind::kNeox, kHeadDim / 2, false));
  const std::vector<float> original = RandomHead(5);
  std::vector<float> head = original;
  angles.SetPosition(0);
  angles.Rotate(head.data());
  EXPECT_EQ(head, original);
  angles.SetPosition(7);
  angles.Rotate(head.data());
  EXPECT_NE(head[0], original[0]);
  for (size_t i = kHeadDim / 2; i < kHeadDim; ++i) {
    EXPECT_EQ(head[i], original[i]);
  }
}

TEST(Rope, ScoresDependOnTheDistanceOnly) {
  for (const RopeKind kind : {RopeKind::kNeox, RopeKind::kNormal}) {
    RopeAngles angles(Params(kind, kHeadDim, false));
    const auto score = [&](int32_t query_position, int32_t key_position) {
      std::vector<float> query = RandomHead(1);
      std::vector<float> key = RandomHead(2);
      angles.SetPosition(query_position);
      angles.Rotate(query.data());
      angles.SetPosition(key_position);
      angles.Rotate(key.data());
      double sum = 0;
      for (int i = 0; i < kHeadDim; ++i) {
        sum += static_cast<double>(query[static_cast<size_t>(i)]) * key[static_cast<size_t>(i)];
      }
      return sum;
    };
    EXPECT_NEAR(score(110, 10), score(1100, 1000), 1e-3);
    EXPECT_GT(std::abs(score(110, 10) - score(500, 10)), 1e-2);
  }
}

}  // namespace
}  // namespace leoam
