#include "kv/codec.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "kv/row_kernels.h"

namespace leoam {

namespace {

// Tokens whose angles are kept while all layers of a chunk are decoded: one block's angles
// (4 KiB at 64 rotated dimensions) and one row stay in the first-level cache.
constexpr size_t kBlockTokens = 16;

size_t GroupsPerRow(const KvShape& shape) {
  const auto head_dim = static_cast<size_t>(shape.head_dim);
  return static_cast<size_t>(shape.kv_heads) * ((head_dim + kGroupValues - 1) / kGroupValues);
}

// Sizes of a row, and of a chunk's parts, in bytes.
struct Layout {
  size_t high_row = 0;  // F16: the whole row
  size_t low_row = 0;   // 0 where the precision has no low plane
  size_t high_part = 0;

  Layout(const KvShape& shape, Precision precision, size_t tokens) {
    if (precision == Precision::kF16) {
      high_row = shape.RowValues() * sizeof(uint16_t);
    } else {
      high_row = GroupsPerRow(shape) * (kGroupParameterBytes + kGroupNibbleBytes);
    }
    if (precision == Precision::kQ8) {
      low_row = GroupsPerRow(shape) * kGroupNibbleBytes;
    }
    high_part = static_cast<size_t>(shape.layers) * 2 * tokens * high_row;
  }
};

// Finds the rows of one chunk: per layer the K of all tokens, then the V of all tokens.
class ChunkRows {
 public:
  ChunkRows(const uint8_t* data, const Layout& layout, size_t tokens)
      : data_(data), layout_(layout), tokens_(tokens) {}

  const uint8_t* high(size_t layer, bool value, size_t token) const {
    return data_ + Row(layer, value, token) * layout_.high_row;
  }
  // Null where there is no low plane.
  const uint8_t* low(size_t layer, bool value, size_t token) const {
    if (layout_.low_row == 0) {
      return nullptr;
    }
    return data_ + layout_.high_part + Row(layer, value, token) * layout_.low_row;
  }

 private:
  size_t Row(size_t layer, bool value, size_t token) const {
    return (layer * 2 + (value ? 1 : 0)) * tokens_ + token;
  }

  const uint8_t* data_;
  Layout layout_;
  size_t tokens_;
};

Status CheckSize(std::span<const uint8_t> data, const KvShape& shape, Precision precision,
                 size_t tokens) {
  const size_t wanted = EncodedChunkBytes(shape, precision, tokens);
  if (data.size() < wanted) {
    return Status(StatusCode::kInvalidArgument, "A chunk of " + std::to_string(tokens) +
                                                    " tokens has " + std::to_string(data.size()) +
                                                    " bytes instead of " + std::to_string(wanted) +
                                                    ".");
  }
  return Status::Ok();
}

Status CheckTarget(const KvShape& shape, const KeyBias& bias, const RopeParams& rope,
                   size_t position, size_t count, const KvBuffer& kv) {
  if (!(kv.shape() == shape)) {
    return Status(StatusCode::kInvalidArgument,
                  "The chunk was stored for a model with other KV sizes.");
  }
  if (kv.Row(position) + count > kv.capacity() || kv.InGap(position)) {
    return Status(StatusCode::kOutOfRange,
                  "Tokens up to position " + std::to_string(position + count) +
                      " do not fit a KV buffer of " + std::to_string(kv.capacity()) + ".");
  }
  if (!bias.layers.empty() && bias.layers.size() != static_cast<size_t>(shape.layers)) {
    return Status(StatusCode::kInvalidArgument, "The key bias has another number of layers.");
  }
  for (const std::vector<float>& layer : bias.layers) {
    if (!layer.empty() && layer.size() != shape.RowValues()) {
      return Status(StatusCode::kInvalidArgument, "The key bias has another row size.");
    }
  }
  if (rope.dims > shape.head_dim) {
    return Status(StatusCode::kInvalidArgument, "RoPE rotates more values than a head has.");
  }
  return Status::Ok();
}

void ReadRow(const RowKernels& kernels, const uint8_t* high, const uint8_t* low,
             Precision precision, const KvShape& shape, float* out) {
  if (precision == Precision::kF16) {
    kernels.to_float(reinterpret_cast<const uint16_t*>(high), shape.RowValues(), out);
  } else {
    kernels.dequantise(high, low, static_cast<size_t>(shape.kv_heads),
                       static_cast<size_t>(shape.head_dim), out);
  }
}

// Tokens [first, first + count) of one layer of a chunk.
struct LayerRange {
  KvShape shape;
  Precision precision;
  size_t layer;
  size_t first;
  size_t count;
};

// The first one stands at the table's entry `at`. `row`: room for [RowValues()].
void DecodeRows(const ChunkRows& rows, const LayerRange& range, const float* bias,
                const RopeTable& rope, size_t at, const KvRows& out, float* row) {
  const RowKernels& kernels = BestRowKernels();
  const auto& [shape, precision, layer, first, count] = range;
  const size_t values = shape.RowValues();
  const size_t row_bytes = KvBytes(out.format, values);
  for (size_t i = 0; i < count; ++i) {
    ReadRow(kernels, rows.high(layer, false, first + i), rows.low(layer, false, first + i),
            precision, shape, row);
    const KeyRotation rotation{bias, rope.cosines(at + i), rope.sines(at + i), rope.pairs(),
                               rope.neox()};
    kernels.rotate(rotation, static_cast<size_t>(shape.kv_heads),
                   static_cast<size_t>(shape.head_dim), row);
    EncodeKvRow(out.format, row, values, out.k + i * row_bytes);
  }
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* high = rows.high(layer, true, first + i);
    uint8_t* to = out.v + i * row_bytes;
    if (precision == Precision::kF16 && out.format == KvFormat::kF16) {
      std::memcpy(to, high, row_bytes);
      continue;
    }
    ReadRow(kernels, high, rows.low(layer, true, first + i), precision, shape, row);
    EncodeKvRow(out.format, row, values, to);
  }
}

}  // namespace

void SegmentKv::Reset(const KvShape& new_shape) {
  shape = new_shape;
  tokens = 0;
  k.assign(static_cast<size_t>(shape.layers), {});
  v.assign(static_cast<size_t>(shape.layers), {});
}

Precision HighPrecision(Precision stored) {
  return stored == Precision::kQ8 ? Precision::kQ4 : stored;
}

Precision ReadPrecision(Precision stored, Precision read_as) {
  return read_as == Precision::kQ4 ? HighPrecision(stored) : stored;
}

size_t EncodedChunkBytes(const KvShape& shape, Precision precision, size_t tokens) {
  const Layout layout(shape, precision, tokens);
  return layout.high_part + static_cast<size_t>(shape.layers) * 2 * tokens * layout.low_row;
}

void EncodeChunk(const SegmentKv& kv, size_t first, size_t count, Precision precision,
                 std::vector<uint8_t>* out) {
  const KvShape& shape = kv.shape;
  const Layout layout(shape, precision, count);
  const size_t row_values = shape.RowValues();
  out->assign(EncodedChunkBytes(shape, precision, count), 0);
  uint8_t* high = out->data();
  uint8_t* low = precision == Precision::kQ8 ? high + layout.high_part : nullptr;
  for (size_t layer = 0; layer < static_cast<size_t>(shape.layers); ++layer) {
    for (const std::vector<float>* rows : {&kv.k[layer], &kv.v[layer]}) {
      for (size_t token = first; token < first + count; ++token) {
        const float* row = rows->data() + token * row_values;
        if (precision == Precision::kF16) {
          BestRowKernels().to_half(row, row_values, reinterpret_cast<uint16_t*>(high));
        } else {
          QuantiseRow(row, static_cast<size_t>(shape.kv_heads), static_cast<size_t>(shape.head_dim),
                      high, low);
        }
        high += layout.high_row;
        low = low == nullptr ? nullptr : low + layout.low_row;
      }
    }
  }
}

Status DecodeChunk(std::span<const uint8_t> data, const KvShape& shape, Precision stored,
                   Precision read_as, size_t tokens, size_t skip, size_t count, const KeyBias& bias,
                   const RopeParams& rope, size_t position, KvBuffer* kv) {
  const Precision precision = ReadPrecision(stored, read_as);
  LEOAM_RETURN_IF_ERROR(CheckSize(data, shape, precision, tokens));
  LEOAM_RETURN_IF_ERROR(CheckTarget(shape, bias, rope, position, count, *kv));
  if (skip + count > tokens) {
    return Status(StatusCode::kInvalidArgument, "More tokens were asked for than the chunk has.");
  }

  const ChunkRows rows(data.data(), Layout(shape, precision, tokens), tokens);
  std::vector<float> row(shape.RowValues());
  const size_t first_row = kv->Row(position);
  for (size_t begin = 0; begin < count; begin += kBlockTokens) {
    const RopeTable table(rope, position + begin, std::min(kBlockTokens, count - begin));
    for (size_t layer = 0; layer < static_cast<size_t>(shape.layers); ++layer) {
      const bool biased = !bias.layers.empty() && !bias.layers[layer].empty();
      const int target = static_cast<int>(layer);
      DecodeRows(rows, {shape, precision, layer, skip + begin, table.tokens()},
                 biased ? bias.layers[layer].data() : nullptr, table, 0,
                 {kv->format(), kv->k_row(target, first_row + begin),
                  kv->v_row(target, first_row + begin)},
                 row.data());
    }
  }
  return Status::Ok();
}

size_t EncodedLayerBytes(const KvShape& shape, Precision precision, size_t tokens) {
  return EncodedChunkBytes(shape, precision, tokens) / static_cast<size_t>(shape.layers);
}

void DecodeLayer(std::span<const uint8_t> data, const KvShape& shape, Precision precision,
                 size_t tokens, const float* bias, const RopeTable& rope, size_t at,
                 const KvRows& out) {
  const KvShape one_layer{1, shape.kv_heads, shape.head_dim};
  const ChunkRows rows(data.data(), Layout(one_layer, precision, tokens), tokens);
  std::vector<float> row(shape.RowValues());
  DecodeRows(rows, {one_layer, precision, 0, 0, tokens}, bias, rope, at, out, row.data());
}

Status DecodeChunkRaw(std::span<const uint8_t> data, const KvShape& shape, Precision stored,
                      size_t tokens, SegmentKv* out) {
  LEOAM_RETURN_IF_ERROR(CheckSize(data, shape, stored, tokens));
  if (!(out->shape == shape)) {
    return Status(StatusCode::kInvalidArgument,
                  "The chunk was stored for a model with other KV sizes.");
  }
  const RowKernels& kernels = BestRowKernels();
  const ChunkRows rows(data.data(), Layout(shape, stored, tokens), tokens);
  const size_t row_values = shape.RowValues();
  for (size_t layer = 0; layer < static_cast<size_t>(shape.layers); ++layer) {
    for (const bool value : {false, true}) {
      std::vector<float>& target = value ? out->v[layer] : out->k[layer];
      target.resize((out->tokens + tokens) * row_values);
      for (size_t token = 0; token < tokens; ++token) {
        ReadRow(kernels, rows.high(layer, value, token), rows.low(layer, value, token), stored,
                shape, target.data() + (out->tokens + token) * row_values);
      }
    }
  }
  out->tokens += tokens;
  return Status::Ok();
}

size_t EncodedKeyPlaneBytes(const KvShape& shape, size_t tokens) {
  const KvShape one_head{1, 1, shape.head_dim};
  return tokens * Layout(one_head, Precision::kQ4, tokens).high_row;
}

void EncodeKeyPlane(const SegmentKv& kv, int layer, int kv_head, std::vector<uint8_t>* out) {
  const auto head_dim = static_cast<size_t>(kv.shape.head_dim);
  const size_t start = out->size();
  const size_t row_bytes = EncodedKeyPlaneBytes(kv.shape, 1);
  out->resize(start + kv.tokens * row_bytes);
  const float* key =
      kv.k[static_cast<size_t>(layer)].data() + static_cast<size_t>(kv_head) * head_dim;
  for (size_t token = 0; token < kv.tokens; ++token) {
    QuantiseRow(key, 1, head_dim, out->data() + start + token * row_bytes, nullptr);
    key += kv.shape.RowValues();
  }
}

Status DecodeKeyPlane(std::span<const uint8_t> data, const KvShape& shape, size_t tokens,
                      std::vector<float>* out) {
  const size_t row_bytes = EncodedKeyPlaneBytes(shape, 1);
  if (data.size() < tokens * row_bytes) {
    return Status(StatusCode::kInvalidArgument, "A key plane is shorter than its tokens need.");
  }
  const auto head_dim = static_cast<size_t>(shape.head_dim);
  out->resize(tokens * head_dim);
  for (size_t token = 0; token < tokens; ++token) {
    BestRowKernels().dequantise(data.data() + token * row_bytes, nullptr, 1, head_dim,
                                out->data() + token * head_dim);
  }
  return Status::Ok();
}

}  // namespace leoam
