#include "runtime/channels.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "selection/channel_order.h"

namespace leoam {
namespace {

constexpr char kText[] =
    "// Adds up what the items of a basket cost, without those that are sold out.\n"
    "export function total(items: readonly Item[]): number {\n"
    "  let sum = 0;\n"
    "  for (const item of items) {\n"
    "    if (item.isSoldOut) continue;\n"
    "    sum += item.price * item.count;\n"
    "  }\n"
    "  return Math.round(sum * 100) / 100;\n"
    "}\n\n"
    "/* What was bought last, or nothing. */\n"
    "export const latest = (basket: Basket) => basket.items.at(-1)?.name ?? '';\n";
// The first tokens of a text are attended to whatever they are; their keys are like no others.
constexpr size_t kFirst = 16;

}  // namespace

Result<std::vector<std::vector<uint8_t>>> MeasureChannels(Core& core, JobContext& job) {
  const ModelConfig& config = core.model().config();
  std::vector<Token> tokens = core.vocabulary().Tokenize(kText, false);
  tokens.resize(std::min<size_t>(tokens.size(), kUbatchTokens));
  auto kv = core.decoder().NewKvBuffer(tokens.size(), KvFormat::kF16);
  if (!kv.ok()) {
    return kv.status();
  }
  std::vector<int> layers(static_cast<size_t>(config.layers));
  std::iota(layers.begin(), layers.end(), 0);
  std::vector<std::vector<float>> queries;
  const auto positions = ConsecutivePositions(0, tokens.size());
  DecodeRequest request;
  request.tokens = tokens;
  request.positions = positions;
  request.kv = kv->get();
  request.query_layers = layers;
  request.queries = &queries;
  LEOAM_RETURN_IF_ERROR(RunPass(core, job, std::move(request)));

  const auto dim = static_cast<size_t>(config.head_dim);
  const size_t first = std::min(kFirst, tokens.size() / 2);
  std::vector<std::vector<uint8_t>> orders;
  for (const int layer : layers) {
    std::vector<float> keys;
    for (size_t token = first; token < tokens.size(); ++token) {
      for (int head = 0; head < config.kv_heads; ++head) {
        keys.resize(keys.size() + dim);
        (*kv)->ReadKey(layer, token, head, keys.data() + keys.size() - dim);
      }
    }
    const std::span<const float> q = queries[static_cast<size_t>(layer)];
    orders.push_back(
        OrderChannels({config.heads, config.kv_heads, config.head_dim,
                       q.subspan(first * static_cast<size_t>(config.heads) * dim), keys},
                      config.rope));
  }
  return orders;
}

}  // namespace leoam
