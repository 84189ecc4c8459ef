#include "selection/score_kernel_loops.h"

#if defined(__AVX2__)
LEOAM_DEFINE_SCORE_KERNEL(Avx2ScoreKernel)
#endif
