// The attention kernel, written once over a vector type. Each instruction set's file
// defines such a type in its own anonymous namespace and instantiates this; nothing from
// the standard library is used here, because an inline function compiled with AVX-512
// could be the copy that the linker keeps for everybody.
//
// Keys are converted to F32 and transposed, so that scores of several keys come from one
// vector product without horizontal sums; both products then share one routine:
//
//   scores[q][key] = sum over d     of query[q][d]  * keys[d][key]
//   sums[q][d]    += sum over keys  of weight[q][key] * values[key][d]
//
// V (the vector type) has: Reg, kWidth, Zero, Load, Store, Broadcast, Add, Mul, Fma(a, b,
// c) = a * b + c, Max, HorizontalMax, HorizontalSum, Exp2 (0 below -126), Exp2One, Prefetch,
// LoadHalf (kWidth halves), OneHalf, LoadBytes (kWidth int8), Transpose8x8(rows, d, out,
// stride): out[i * stride + key] = rows[key][d + i], and TransposeBytes8x8, which also
// multiplies by scales[key].
#pragma once

#include "model/attention/kernel.h"

namespace leoam {

template <class V>
class KernelBody {
 public:
  static void Attend(const AttentionTask& task) {
    float* keys = task.scratch;  // [head_dim][kMaxChunkTokens]
    float* values = keys + static_cast<size_t>(task.head_dim) * kMaxChunkTokens;
    float* weights = values + static_cast<size_t>(task.head_dim) * kMaxChunkTokens;
    if (task.call != AttentionTask::Call::kNext) {
      ConvertKeys(task, keys);
    }
    if (task.call != AttentionTask::Call::kNext && !ReadsValuesInPlace(task)) {
      ConvertValues(task, values);
    }
    for (int first = 0; first < task.queries; first += kQueriesAtOnce) {
      const int left = task.queries - first;
      AttendQueries(task, first, left < kQueriesAtOnce ? left : kQueriesAtOnce, keys, values,
                    weights);
    }
  }

 private:
  // F16 values that are read once are widened on the way instead of copied.
  static bool ReadsValuesInPlace(const AttentionTask& task) {
    return task.call == AttentionTask::Call::kOnly && task.format == KvFormat::kF16;
  }

  using Reg = typename V::Reg;
  static constexpr int kQueriesAtOnce = 8;
  static constexpr int kWidth = V::kWidth;

  // One product of `rows` rows: to[m][c] = keep[m] * to[m][c] + sum a[m][k] * b[k][c].
  // B: float, or uint16_t for halves that are widened as they are read.
  template <typename B>
  struct Product {
    const float* a;
    size_t a_stride;
    const B* b;
    size_t b_stride;
    int depth;
    float* to;
    size_t to_stride;
    int columns;
    const float* keep;  // per row, or null: overwrite
  };

  // The rows lie apart, so the processor does not see them coming by itself.
  static void FetchAhead(const uint8_t* next, const AttentionTask& task, int first, int count) {
    constexpr size_t kLineBytes = 64;
    const size_t bytes = KvBytes(task.format, task.head_dim);
    for (int i = first; next != nullptr && i < first + count; ++i) {
      for (size_t byte = 0; byte < bytes; byte += kLineBytes) {
        V::Prefetch(next + static_cast<size_t>(i) * task.stride + byte);
      }
    }
  }

  static const uint16_t* Halves(const uint8_t* row) {
    return reinterpret_cast<const uint16_t*>(row);
  }
  static float Scale(const uint8_t* block) { return V::OneHalf(Halves(block)); }
  static const int8_t* Bytes(const uint8_t* block) {
    return reinterpret_cast<const int8_t*>(block + 2);
  }

  static void ConvertKeys(const AttentionTask& task, float* keys) {
    for (int key = 0; key < task.tokens; key += 8) {
      FetchAhead(task.next_k, task, key, 8);
      FetchAhead(task.next_v, task, key, 8);
      const uint8_t* rows[8];
      for (int i = 0; i < 8; ++i) {
        // Past the end the last key stands in; its scores are ignored.
        const int row = key + i < task.tokens ? key + i : task.tokens - 1;
        rows[i] = task.k + static_cast<size_t>(row) * task.stride;
      }
      if (task.format == KvFormat::kF16) {
        TransposeHalves(rows, task.head_dim, keys + key);
      } else {
        TransposeBlocks(rows, task.head_dim, keys + key);
      }
    }
  }

  static void TransposeHalves(const uint8_t* const rows[8], int head_dim, float* keys) {
    const uint16_t* halves[8];
    for (int i = 0; i < 8; ++i) {
      halves[i] = Halves(rows[i]);
    }
    for (int d = 0; d < head_dim; d += 8) {
      V::Transpose8x8(halves, d, keys + static_cast<size_t>(d) * kMaxChunkTokens, kMaxChunkTokens);
    }
  }

  // The eight keys of a vector have each their own scale: one vector of scales a block.
  static void TransposeBlocks(const uint8_t* const rows[8], int head_dim, float* keys) {
    for (int block = 0; block < head_dim / kQ8BlockValues; ++block) {
      const int8_t* bytes[8];
      float scales[8];
      for (int i = 0; i < 8; ++i) {
        bytes[i] = Bytes(rows[i] + block * kQ8BlockBytes);
        scales[i] = Scale(rows[i] + block * kQ8BlockBytes);
      }
      float* to = keys + static_cast<size_t>(block) * kQ8BlockValues * kMaxChunkTokens;
      for (int d = 0; d < kQ8BlockValues; d += 8) {
        V::TransposeBytes8x8(bytes, d, scales, to + static_cast<size_t>(d) * kMaxChunkTokens,
                             kMaxChunkTokens);
      }
    }
  }

  static void ConvertValues(const AttentionTask& task, float* values) {
    for (int key = 0; key < task.tokens; ++key) {
      const uint8_t* from = task.v + static_cast<size_t>(key) * task.stride;
      float* to = values + static_cast<size_t>(key) * task.head_dim;
      if (task.format == KvFormat::kF16) {
        for (int d = 0; d < task.head_dim; d += kWidth) {
          V::Store(to + d, V::LoadHalf(Halves(from) + d));
        }
        continue;
      }
      for (int d = 0; d < task.head_dim; d += kQ8BlockValues, from += kQ8BlockBytes) {
        const Reg scale = V::Broadcast(Scale(from));
        for (int i = 0; i < kQ8BlockValues; i += kWidth) {
          V::Store(to + d + i, V::Mul(scale, V::LoadBytes(Bytes(from) + i)));
        }
      }
    }
  }

  static void AttendQueries(const AttentionTask& task, int first, int count, const float* keys,
                            const float* values, float* weights) {
    // Whole vectors: the columns past the end hold anything until Weigh hides them.
    const int columns = (task.tokens + kWidth - 1) / kWidth * kWidth;
    const float* q = task.q + static_cast<size_t>(first) * task.head_dim;
    float* sums = task.sums + static_cast<size_t>(first) * task.sums_stride;
    Multiply<float>(count, {q, static_cast<size_t>(task.head_dim), keys, kMaxChunkTokens,
                            task.head_dim, weights, kMaxChunkTokens, columns, nullptr});
    float keep[kQueriesAtOnce];
    for (int i = 0; i < count; ++i) {
      float* chunk_weights =
          task.chunk_weights == nullptr ? nullptr : task.chunk_weights + 2 * (first + i);
      keep[i] = Weigh(task, columns, weights + static_cast<size_t>(i) * kMaxChunkTokens,
                      sums + i * task.sums_stride + task.head_dim, chunk_weights);
    }
    const auto depth = static_cast<size_t>(task.head_dim);
    if (ReadsValuesInPlace(task)) {
      MultiplyNarrow(count, {weights, kMaxChunkTokens, Halves(task.v), task.stride / 2, task.tokens,
                             sums, task.sums_stride, task.head_dim, keep});
    } else {
      Multiply<float>(count, {weights, kMaxChunkTokens, values, depth, task.tokens, sums,
                              task.sums_stride, task.head_dim, keep});
    }
  }

  // Scores become weights under the new maximum. Returns the factor by which what was
  // summed under the old one shrinks.
  static float Weigh(const AttentionTask& task, int columns, float* scores, float* state,
                     float* chunk_weights) {
    for (int i = task.tokens; i < columns; ++i) {
      scores[i] = kNoMaximum;
    }
    Reg highest = V::Load(scores);
    for (int i = kWidth; i < columns; i += kWidth) {
      highest = V::Max(highest, V::Load(scores + i));
    }
    const float top = V::HorizontalMax(highest) * task.scale;
    const float maximum = top > state[0] ? top : state[0];
    const Reg scale = V::Broadcast(task.scale);
    const Reg shift = V::Broadcast(-maximum);
    Reg sum = V::Zero();
    for (int i = 0; i < columns; i += kWidth) {
      const Reg weight = V::Exp2(V::Fma(V::Load(scores + i), scale, shift));
      V::Store(scores + i, weight);
      sum = V::Add(sum, weight);
    }
    const float added = V::HorizontalSum(sum);
    const float keep = V::Exp2One(state[0] - maximum);
    state[0] = maximum;
    state[1] = state[1] * keep + added;
    if (chunk_weights != nullptr) {
      chunk_weights[0] = maximum;
      chunk_weights[1] = added;
    }
    return keep;
  }

  // All rows at once, one vector wide: each vector of b is read and widened once.
  static void MultiplyNarrow(int rows, const Product<uint16_t>& p) {
    switch (rows) {
      case 1:
        return Columns<1, 4>(0, p);
      case 2:
        return Columns<2, 2>(0, p);
      case 3:
        return Columns<3, 2>(0, p);
      case 4:
        return Columns<4, 2>(0, p);
      case 5:
        return Columns<5, 2>(0, p);
      case 6:
        return Columns<6, 2>(0, p);
      case 7:
        return Columns<7, 1>(0, p);
      default:
        return Columns<8, 1>(0, p);
    }
  }

  template <typename B>
  static void Multiply(int rows, const Product<B>& p) {
    switch (rows) {
      case 1:
        return Columns<1, 4>(0, p);
      case 2:
        return Columns<2, 4>(0, p);
      case 3:
        return Columns<3, 4>(0, p);
      case 4:
        return Columns<4, 2>(0, p);
      case 5:
        return Columns<5, 2>(0, p);
      case 6:
        return Columns<6, 2>(0, p);
      case 7:
        Columns<4, 2>(0, p);
        return Columns<3, 4>(4, p);
      default:
        Columns<4, 2>(0, p);
        return Columns<4, 2>(4, p);
    }
  }

  template <int kRows, int kVectors, typename B>
  static void Columns(int first_row, const Product<B>& p) {
    int column = 0;
    for (; column + kVectors * kWidth <= p.columns; column += kVectors * kWidth) {
      Block<kRows, kVectors>(first_row, column, p);
    }
    for (; column < p.columns; column += kWidth) {
      Block<kRows, 1>(first_row, column, p);
    }
  }

  static Reg Read(const float* p) { return V::Load(p); }
  static Reg Read(const uint16_t* p) { return V::LoadHalf(p); }

  // kRows x kVectors sums stay in registers over the whole depth.
  template <int kRows, int kVectors, typename B>
  static void Block(int first_row, int column, const Product<B>& p) {
    Reg sums[kRows][kVectors];
    for (int m = 0; m < kRows; ++m) {
      for (int n = 0; n < kVectors; ++n) {
        sums[m][n] = V::Zero();
      }
    }
    const float* a = p.a + first_row * p.a_stride;
    const B* b = p.b + column;
    for (int k = 0; k < p.depth; ++k, b += p.b_stride) {
      Reg line[kVectors];
      for (int n = 0; n < kVectors; ++n) {
        line[n] = Read(b + n * kWidth);
      }
      for (int m = 0; m < kRows; ++m) {
        const Reg factor = V::Broadcast(a[m * p.a_stride + k]);
        for (int n = 0; n < kVectors; ++n) {
          sums[m][n] = V::Fma(factor, line[n], sums[m][n]);
        }
      }
    }
    for (int m = 0; m < kRows; ++m) {
      float* to = p.to + (first_row + m) * p.to_stride + column;
      for (int n = 0; n < kVectors; ++n) {
        Reg value = sums[m][n];
        if (p.keep != nullptr) {
          const Reg keep = V::Broadcast(p.keep[first_row + m]);
          value = V::Fma(keep, V::Load(to + n * kWidth), value);
        }
        V::Store(to + n * kWidth, value);
      }
    }
  }
};

}  // namespace leoam
