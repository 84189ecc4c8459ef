#include "kv/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kv/cpu_features.h"
#include "kv/half.h"
#include "leoam/kv_format.h"

namespace leoam {

namespace {

size_t GroupsPerHead(size_t head_dim) { return (head_dim + kGroupValues - 1) / kGroupValues; }

void Dequantise(const uint8_t* high, const uint8_t* low, size_t heads, size_t head_dim,
                float* out) {
  const size_t groups = heads * GroupsPerHead(head_dim);
  const uint8_t* nibbles = high + groups * kGroupParameterBytes;
  for (size_t head = 0; head < heads; ++head) {
    for (size_t begin = 0; begin < head_dim; begin += kGroupValues) {
      uint16_t parameters[2];
      std::memcpy(parameters, high, sizeof(parameters));
      const float scale = HalfToFloat(parameters[0]);
      const float minimum = HalfToFloat(parameters[1]);
      float values[kGroupValues];
      if (low != nullptr) {
        for (size_t i = 0; i < kGroupNibbleBytes; ++i) {
          const int first = ((nibbles[i] & 0xf) << 4) | (low[i] & 0xf);
          const int second = (nibbles[i] & 0xf0) | (low[i] >> 4);
          values[i] = minimum + scale * static_cast<float>(first);
          values[i + kGroupNibbleBytes] = minimum + scale * static_cast<float>(second);
        }
        low += kGroupNibbleBytes;
      } else {
        for (size_t i = 0; i < kGroupNibbleBytes; ++i) {
          const int first = (nibbles[i] & 0xf) << 4;
          const int second = nibbles[i] & 0xf0;
          values[i] = minimum + scale * (static_cast<float>(first) + 7.5F);
          values[i + kGroupNibbleBytes] = minimum + scale * (static_cast<float>(second) + 7.5F);
        }
      }
      const size_t count = std::min(kGroupValues, head_dim - begin);
      std::memcpy(out, values, count * sizeof(float));
      out += count;
      high += kGroupParameterBytes;
      nibbles += kGroupNibbleBytes;
    }
  }
}

void Rotate(const KeyRotation& rotation, size_t heads, size_t head_dim, float* row) {
  if (rotation.bias != nullptr) {
    for (size_t i = 0; i < heads * head_dim; ++i) {
      row[i] += rotation.bias[i];
    }
  }
  const size_t step = rotation.neox ? 1 : 2;
  const size_t partner = rotation.neox ? rotation.pairs : 1;
  for (size_t head = 0; head < heads; ++head) {
    float* values = row + head * head_dim;
    for (size_t i = 0; i < rotation.pairs; ++i) {
      const float x = values[i * step];
      const float y = values[i * step + partner];
      values[i * step] = x * rotation.cosines[i] - y * rotation.sines[i];
      values[i * step + partner] = x * rotation.sines[i] + y * rotation.cosines[i];
    }
  }
}

void ToHalf(const float* in, size_t count, uint16_t* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = FloatToHalf(in[i]);
  }
}

void ToFloat(const uint16_t* in, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = HalfToFloat(in[i]);
  }
}

void ToQ8(const float* in, size_t count, uint8_t* out) {
  for (size_t begin = 0; begin < count; begin += kQ8BlockValues, out += kQ8BlockBytes) {
    float largest = 0.0F;
    for (size_t i = 0; i < kQ8BlockValues; ++i) {
      largest = std::max(largest, std::abs(in[begin + i]));
    }
    const uint16_t scale = FloatToHalf(largest / 127.0F);
    std::memcpy(out, &scale, sizeof(scale));
    const float inverse = largest > 0.0F ? 127.0F / largest : 0.0F;
    for (size_t i = 0; i < kQ8BlockValues; ++i) {
      const auto level = static_cast<int8_t>(std::nearbyint(in[begin + i] * inverse));
      out[sizeof(scale) + i] = static_cast<uint8_t>(level);
    }
  }
}

float Storable(float value) {
  return std::isnan(value) ? 0.0F : std::clamp(value, -kHalfMax, kHalfMax);
}

// Writes one group of `count` values.
void QuantiseGroup(const float* in, size_t count, uint8_t* parameters, uint8_t* high,
                   uint8_t* low) {
  float values[kGroupValues] = {};
  float smallest = kHalfMax;
  float largest = -kHalfMax;
  for (size_t i = 0; i < count; ++i) {
    values[i] = Storable(in[i]);
    smallest = std::min(smallest, values[i]);
    largest = std::max(largest, values[i]);
  }
  // Rounded outward, so that 0..255 spans the group as decoded and nothing is clipped.
  const uint16_t minimum_bits = FloatToHalfDown(smallest);
  const float minimum = HalfToFloat(minimum_bits);
  const uint16_t scale_bits = FloatToHalfUp((largest - minimum) / 255.0F);
  const float scale = HalfToFloat(scale_bits);
  std::memcpy(parameters, &scale_bits, sizeof(scale_bits));
  std::memcpy(parameters + sizeof(scale_bits), &minimum_bits, sizeof(minimum_bits));

  uint8_t quantised[kGroupValues] = {};
  for (size_t i = 0; i < count && scale > 0.0F; ++i) {
    const float level = std::nearbyint((values[i] - minimum) / scale);
    quantised[i] = static_cast<uint8_t>(std::clamp(level, 0.0F, 255.0F));
  }
  for (size_t i = 0; i < kGroupNibbleBytes; ++i) {
    const uint8_t first = quantised[i];
    const uint8_t second = quantised[i + kGroupNibbleBytes];
    high[i] = static_cast<uint8_t>((first >> 4) | (second & 0xf0));
    if (low != nullptr) {
      low[i] = static_cast<uint8_t>((first & 0xf) | (second << 4));
    }
  }
}

}  // namespace

const RowKernels kPlainRowKernels = {Dequantise, Rotate, ToHalf, ToFloat, ToQ8};

const RowKernels& BestRowKernels() {
#if defined(__x86_64__) || defined(_M_X64)
  static const RowKernels& best = CpuHasAvx2() ? kAvx2RowKernels : kPlainRowKernels;
  return best;
#else
  return kPlainRowKernels;
#endif
}

void QuantiseRow(const float* in, size_t heads, size_t head_dim, uint8_t* high, uint8_t* low) {
  uint8_t* nibbles = high + heads * GroupsPerHead(head_dim) * kGroupParameterBytes;
  for (size_t head = 0; head < heads; ++head) {
    for (size_t begin = 0; begin < head_dim; begin += kGroupValues) {
      const size_t count = std::min(kGroupValues, head_dim - begin);
      QuantiseGroup(in, count, high, nibbles, low);
      in += count;
      high += kGroupParameterBytes;
      nibbles += kGroupNibbleBytes;
      low = low == nullptr ? nullptr : low + kGroupNibbleBytes;
    }
  }
}

}  // namespace leoam
