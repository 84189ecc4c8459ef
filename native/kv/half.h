// F16 as bits: conversion without instructions beyond the baseline, and the neighbours
// of a value, for rounding in a chosen direction.
#pragma once

#include <bit>
#include <cstdint>

namespace leoam {

inline constexpr float kHalfMax = 65504.0F;

inline float HalfToFloat(uint16_t half) {
  const uint32_t sign = (half & 0x8000U) << 16;
  const uint32_t magnitude = half & 0x7fffU;
  if (magnitude < 0x0400U) {  // zero and subnormal: a multiple of 2^-24
    const float value = static_cast<float>(magnitude) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
  }
  const uint32_t rebias = magnitude >= 0x7c00U ? 224U << 23 : 112U << 23;
  return std::bit_cast<float>(((magnitude << 13) + rebias) | sign);
}

// To nearest, ties to even; values too large become infinite.
inline uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000U;
  uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) {
    return static_cast<uint16_t>(sign | 0x7e00U);
  }
  if (magnitude >= 0x477ff000U) {
    return static_cast<uint16_t>(sign | 0x7c00U);
  }
  if (magnitude < 0x38800000U) {
    // Next to 0.5 an F32 has steps of 2^-24, those of a subnormal half: the addition rounds.
    const float rounded = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(rounded) - 0x3f000000U));
  }
  magnitude += 0xfffU + ((magnitude >> 13) & 1U);
  return static_cast<uint16_t>(sign | ((magnitude - (112U << 23)) >> 13));
}

// The next larger half; of finite values only.
inline uint16_t HalfAbove(uint16_t half) {
  if (half == 0x8000U) {
    return 1;
  }
  return static_cast<uint16_t>((half & 0x8000U) != 0 ? half - 1 : half + 1);
}

// The largest half that is not above `value`, and the smallest that is not below it.
// |value| must be at most kHalfMax.
inline uint16_t FloatToHalfDown(float value) {
  const uint16_t nearest = FloatToHalf(value);
  if (HalfToFloat(nearest) <= value) {
    return nearest;
  }
  return static_cast<uint16_t>(HalfAbove(nearest ^ 0x8000U) ^ 0x8000U);
}

inline uint16_t FloatToHalfUp(float value) {
  const uint16_t nearest = FloatToHalf(value);
  return HalfToFloat(nearest) >= value ? nearest : HalfAbove(nearest);
}

}  // namespace leoam
