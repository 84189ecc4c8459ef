#include "selection/box_kernel_loops.h"

LEOAM_DEFINE_BOX_KERNEL(PlainBoxKernel)
