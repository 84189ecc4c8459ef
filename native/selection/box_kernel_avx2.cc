#include "selection/box_kernel_loops.h"

#if defined(__AVX2__)
LEOAM_DEFINE_BOX_KERNEL(Avx2BoxKernel)
#endif
