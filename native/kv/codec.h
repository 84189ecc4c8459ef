// Stored form of a chunk's KV: K before RoPE and without its bias, V as computed.
// Layout and arithmetic are documented in store/FORMAT.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kv/kv_buffer.h"
#include "kv/rope.h"
#include "leoam/status.h"
#include "leoam/types.h"

namespace leoam {

// F32 K (before RoPE, without bias; after the key norm where the model has one) and V of
// consecutive tokens: k[layer][token][RowValues()], v the same. Filled ubatch by ubatch.
struct SegmentKv {
  KvShape shape;
  size_t tokens = 0;
  std::vector<std::vector<float>> k;  // one per layer
  std::vector<std::vector<float>> v;

  void Reset(const KvShape& new_shape);
};

// What the high part alone looks like, and what is read of data of another precision.
Precision HighPrecision(Precision stored);
Precision ReadPrecision(Precision stored, Precision read_as);

// Bytes of one encoded chunk of `tokens` tokens.
size_t EncodedChunkBytes(const KvShape& shape, Precision precision, size_t tokens);

// Encodes tokens [first, first+count) of `kv`; out is resized to EncodedChunkBytes.
void EncodeChunk(const SegmentKv& kv, size_t first, size_t count, Precision precision,
                 std::vector<uint8_t>* out);

// What must be added to stored keys before they are rotated: bias[layer][RowValues()],
// empty where the model has none.
struct KeyBias {
  std::vector<std::vector<float>> layers;
};

// Decodes tokens [skip, skip+count) of a chunk that holds `tokens` into rows
// of `kv` that stand for [position, position+count): adds the bias, rotates to those positions,
// converts to the buffer's format. `planes`: kQ8 data may be read as kQ4 (the high plane only), in
// which case `data` need only hold the first EncodedChunkBytes(kQ4) bytes.
Status DecodeChunk(std::span<const uint8_t> data, const KvShape& shape, Precision stored,
                   Precision read_as, size_t tokens, size_t skip, size_t count, const KeyBias& bias,
                   const RopeParams& rope, size_t position, KvBuffer* kv);

// One layer of a chunk, as it lies in the chunk: the high parts of K and V, then their low parts.
size_t EncodedLayerBytes(const KvShape& shape, Precision precision, size_t tokens);

// Where decoded rows go, one after the other.
struct KvRows {
  KvFormat format = KvFormat::kF16;
  uint8_t* k = nullptr;
  uint8_t* v = nullptr;
};

// Decodes all tokens of one layer of a chunk, as DecodeChunk does: the first one stands at the
// table's entry `at`. `bias`: [RowValues()], or null. `precision`: of the data, of which there are
// at least EncodedLayerBytes.
void DecodeLayer(std::span<const uint8_t> data, const KvShape& shape, Precision precision,
                 size_t tokens, const float* bias, const RopeTable& rope, size_t at,
                 const KvRows& out);

// The same tokens as stored (no bias, no RoPE), in F32: for repair of a changed segment
// and for tests. Appends to *out.
Status DecodeChunkRaw(std::span<const uint8_t> data, const KvShape& shape, Precision stored,
                      size_t tokens, SegmentKv* out);

// The keys of one (layer, KV head) of a whole segment, 4 bits, apart from the chunks so that
// they can be scanned: bytes of `tokens` keys, encoding (appends to *out) and decoding to
// [tokens][head_dim] F32 (replaces *out), without bias and before RoPE.
size_t EncodedKeyPlaneBytes(const KvShape& shape, size_t tokens);
void EncodeKeyPlane(const SegmentKv& kv, int layer, int kv_head, std::vector<uint8_t>* out);
Status DecodeKeyPlane(std::span<const uint8_t> data, const KvShape& shape, size_t tokens,
                      std::vector<float>* out);

}  // namespace leoam
