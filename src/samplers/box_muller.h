// The Box-Muller transform as torch computes it on x86 with AVX2 or AVX-512, bit for bit: Cephes'
// single-precision polynomials for log, sin and cos (https://netlib.org/cephes), evaluated with
// fused multiply-adds. Nothing but IEEE arithmetic, so every machine gives the same noise.
// Limitations: torch built for plain SSE2 or for ARM uses libm instead and differs by up to 2e-6.
#pragma once

#include <span>

namespace pentimento {

// 16 uniform values in [0, 1) -> 16 standard normal ones, in place:
//   r = sqrt(-2 ln(1 - u[j])), a = 2 pi u[j + 8];  u[j] = r cos a, u[j + 8] = r sin a   (j < 8)
void box_muller_16(std::span<float, 16> u);

}  // namespace pentimento
