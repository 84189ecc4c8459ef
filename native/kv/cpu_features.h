// Which instruction sets this processor has, for kernels that are chosen at run time.
#pragma once

namespace leoam {

// AVX2, FMA and F16C, and an operating system that saves their registers.
bool CpuHasAvx2();

// The CRC32 instruction.
bool CpuHasSse42();

}  // namespace leoam
