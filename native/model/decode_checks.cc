#include "model/decode_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "model/attention/attention_op.h"

namespace leoam {
namespace {

Status Invalid(std::string message) {
  return Status(StatusCode::kInvalidArgument, std::move(message));
}

Status CheckRows(const DecodeRequest& request, const KvBuffer& kv,
                 std::span<const int32_t> positions) {
  for (size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < 0 || (i > 0 && positions[i] <= positions[i - 1])) {
      return Invalid("positions must ascend from 0 on");
    }
  }
  const size_t gap = request.tiered == nullptr ? 0 : request.tiered->tokens();
  if (kv.gap_tokens() != gap || (gap > 0 && kv.gap_begin() != request.tiered->begin())) {
    return Invalid("the gap of the KV buffer must be what the tiers hold");
  }
  if (std::any_of(positions.begin(), positions.end(),
                  [&kv](int32_t position) { return kv.InGap(static_cast<size_t>(position)); })) {
    return Invalid("a position lies in the gap of the KV buffer");
  }
  if (kv.Row(static_cast<size_t>(positions.back())) >= kv.capacity()) {
    return Status(StatusCode::kOutOfRange, "position " + std::to_string(positions.back()) +
                                               " lies beyond the KV buffer's " +
                                               std::to_string(kv.capacity()) + " tokens");
  }
  return Status::Ok();
}

Status CheckSequences(const DecodeRequest& request, std::span<const SequenceRows> sequences,
                      const ModelConfig& config) {
  std::span<const int32_t> positions = request.positions;
  std::set<const KvBuffer*> seen;
  for (const auto& [kv, rows] : sequences) {
    const auto count = static_cast<size_t>(std::max(rows, 0));
    if (count == 0 || count > positions.size()) {
      return Invalid("each sequence needs at least one of the pass's rows");
    }
    if (kv == nullptr || kv->shape() != config.kv_shape()) {
      return Invalid("the KV buffer is not of this model's shape");
    }
    if (!seen.insert(kv).second) {
      return Invalid("the sequences of a pass need a KV buffer each");
    }
    LEOAM_RETURN_IF_ERROR(CheckRows(request, *kv, positions.first(count)));
    positions = positions.subspan(count);
  }
  if (!positions.empty()) {
    return Invalid("each row must belong to a sequence");
  }
  const bool own =
      request.attention == Attention::kOwn || request.tiered != nullptr || sequences.size() > 1;
  if (own && !AttentionOp::Supports(config.head_dim)) {
    return Status(StatusCode::kUnsupported,
                  "our attention kernel takes heads of a multiple of 16 values");
  }
  return Status::Ok();
}

}  // namespace

Status CheckRequest(const DecodeRequest& request, std::span<const SequenceRows> sequences,
                    const ModelConfig& config) {
  const size_t rows = request.tokens.size();
  if (rows == 0 || rows > static_cast<size_t>(kUbatchTokens)) {
    return Invalid("a pass takes 1 to " + std::to_string(kUbatchTokens) + " tokens, not " +
                   std::to_string(rows));
  }
  if (request.positions.size() != rows) {
    return Invalid("a pass needs one position for each token");
  }
  for (size_t i = 0; i < rows; ++i) {
    if (request.tokens[i] < 0 || request.tokens[i] >= config.vocabulary) {
      return Invalid("token " + std::to_string(request.tokens[i]) + " is not in the vocabulary");
    }
  }
  LEOAM_RETURN_IF_ERROR(CheckSequences(request, sequences, config));
  for (size_t i = 0; i < request.logit_rows.size(); ++i) {
    if (request.logit_rows[i] < 0 || request.logit_rows[i] >= static_cast<int32_t>(rows)) {
      return Invalid("logits are wanted of a row that is not in the pass");
    }
  }
  if (request.layers < 0 || request.layers > config.layers) {
    return Invalid("the model has " + std::to_string(config.layers) + " layers");
  }
  const bool early = request.layers != 0 && request.layers < config.layers;
  if (!request.logit_rows.empty() && (early || request.logits == nullptr)) {
    return Invalid("logits need all layers and a place to go");
  }
  const int layers = early ? request.layers : config.layers;
  for (size_t i = 0; i < request.query_layers.size(); ++i) {
    const int layer = request.query_layers[i];
    if (layer < 0 || layer >= layers || (i > 0 && layer <= request.query_layers[i - 1]) ||
        request.queries == nullptr) {
      return Invalid("query layers must ascend, lie within the pass and have a place to go");
    }
  }
  return Status::Ok();
}

}  // namespace leoam
