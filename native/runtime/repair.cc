#include "runtime/repair.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "selection/question_mass.h"

namespace leoam {
namespace {

// Tokens on either side that share in a token's mass.
constexpr size_t kNeighbours = 4;

// The mass of each row in `stored` with its neighbours' in the same range, weighted by
// distance: what the answer will attend to lies beside what the question attends to.
std::vector<float> WithNeighbours(std::span<const float> mass,
                                  std::span<const std::pair<size_t, size_t>> stored) {
  std::vector<float> sums(mass.size(), 0.0F);
  for (const auto& [begin, end] : stored) {
    for (size_t row = begin; row < end; ++row) {
      const size_t first = row - std::min(kNeighbours, row - begin);
      const size_t last = std::min(end - 1, row + kNeighbours);
      for (size_t other = first; other <= last; ++other) {
        const size_t distance = other > row ? other - row : row - other;
        sums[row] += mass[other] * (1.0F - static_cast<float>(distance) / (kNeighbours + 1));
      }
    }
  }
  return sums;
}

}  // namespace

Result<std::vector<int32_t>> ChooseRepair(Core& core, JobContext& job, KvBuffer* kv,
                                          std::span<const std::pair<size_t, size_t>> stored,
                                          std::span<const Token> question, double share) {
  // The middle third: the first layers attend to what is near or common, not to what is
  // asked for, and the last ones would only refine what is chosen already
  // (ARCHITECTURE.md, Answers: measurements).
  const int all = core.model().config().layers;
  std::vector<int> layers(static_cast<size_t>(std::max(1, all * 2 / 3 - all / 3)));
  std::iota(layers.begin(), layers.end(), all / 3);

  std::vector<std::vector<float>> queries;
  const auto positions = ConsecutivePositions(kv->size(), question.size());
  // A question longer than a ubatch is judged by its end, where it is usually put.
  const size_t rows = std::min<size_t>(question.size(), kUbatchTokens);
  const size_t skip = question.size() - rows;
  const auto asked = std::span<const int32_t>(positions).first(rows);
  DecodeRequest request;
  request.tokens = question.subspan(skip);
  request.positions = asked;
  request.kv = kv;
  request.query_layers = layers;
  request.queries = &queries;
  request.layers = layers.back() + 1;
  LEOAM_RETURN_IF_ERROR(RunPass(core, job, std::move(request)));

  std::vector<float> mass(kv->size(), 0.0F);
  for (size_t i = 0; i < layers.size(); ++i) {
    LEOAM_RETURN_IF_ERROR(job.Yield());
    AddQuestionMass(core.model().config(), *kv, layers[i], queries[i], asked, mass);
  }

  mass = WithNeighbours(mass, stored);

  std::vector<int32_t> candidates;
  for (const auto& [begin, end] : stored) {
    for (size_t row = begin; row < end; ++row) {
      candidates.push_back(static_cast<int32_t>(row));
    }
  }
  const auto count =
      std::min(candidates.size(),
               static_cast<size_t>(std::ceil(share * static_cast<double>(candidates.size()))));
  std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count),
                   candidates.end(), [&mass](int32_t a, int32_t b) {
                     return mass[static_cast<size_t>(a)] > mass[static_cast<size_t>(b)];
                   });
  candidates.resize(count);
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

}  // namespace leoam
