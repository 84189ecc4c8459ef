#include "runtime/repair.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "selection/question_mass.h"

namespace leoam {

Result<std::vector<int32_t>> ChooseRepair(Core& core, JobContext& job, KvBuffer* kv,
                                          std::span<const std::pair<size_t, size_t>> stored,
                                          std::span<const Token> question, double share) {
  std::vector<int> layers(static_cast<size_t>(core.model().config().layers));
  std::iota(layers.begin(), layers.end(), 0);
  // The pass stops where the last layers would only refine what is chosen already.
  layers.resize(std::max<size_t>(1, layers.size() * 2 / 3));

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
  request.layers = static_cast<int>(layers.size());
  LEOAM_RETURN_IF_ERROR(RunPass(core, job, std::move(request)));

  std::vector<float> mass(kv->size(), 0.0F);
  for (size_t i = 0; i < layers.size(); ++i) {
    LEOAM_RETURN_IF_ERROR(job.Yield());
    AddQuestionMass(core.model().config(), *kv, layers[i], queries[i], asked, mass);
  }

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
