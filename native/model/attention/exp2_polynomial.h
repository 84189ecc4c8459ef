// Coefficients shared by the vector versions of 2^x: on [-0.5, 0.5] a Taylor polynomial of
// degree 6, whose error there is below 2e-8 (F32 rounds at 6e-8).
#pragma once

namespace leoam {

inline constexpr float kExp2Terms[] = {1.0F,
                                       6.9314718056e-1F,
                                       2.4022650696e-1F,
                                       5.5504108665e-2F,
                                       9.6181291076e-3F,
                                       1.3333558146e-3F,
                                       1.5403530394e-4F};
// Below this the weight is taken as 0: 2^-126 is the smallest normal F32.
inline constexpr float kExp2Lowest = -126.0F;

}  // namespace leoam
