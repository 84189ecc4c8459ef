#include "selection/score_kernel_loops.h"

LEOAM_DEFINE_SCORE_KERNEL(PlainScoreKernel)
