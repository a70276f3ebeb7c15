#include "samplers/box_muller.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace pentimento {
namespace {

// a * b + c rounded once: the product is exact in double. The sum rounds twice in one case of 2^29;
// std::fma never does, and takes ten times as long where the compiler may not assume hardware FMA.
float fused(float a, float b, float c) {
  return static_cast<float>(double{a} * double{b} + double{c});
}

// Horner's scheme: ((c[0] * x + c[1]) * x + …).
template <size_t N>
float polynomial(float x, const float (&c)[N]) {
  float y = c[0];
  for (size_t i = 1; i < N; ++i) y = fused(y, x, c[i]);
  return y;
}

// ln x for normal x > 0: x = m * 2^e with m in [sqrt(1/2), sqrt(2)), ln(1 + m') by polynomial.
float log_cephes(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  float e = static_cast<float>(static_cast<int>(bits >> 23) - 126);
  float m = std::bit_cast<float>((bits & 0x007fffffu) | 0x3f000000u);  // [0.5, 1)
  if (m < 0.707106781186547524f) {
    e -= 1.0f;
    m = (m - 1.0f) + m;
  } else {
    m = m - 1.0f;
  }
  constexpr float kLog[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                            -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                            2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  const float square = m * m;
  float y = polynomial(m, kLog) * m;
  const float low = e * kLn2Low;
  y = fused(y, square, low);
  y = fused(-0.5f, square, y);
  m = m + y;
  return fused(e, kLn2High, m);
}

struct SinCos {
  float sin, cos;
};

// For 0 <= x < 2 pi: reduced to [-pi/4, pi/4] in octant j, then a polynomial each.
SinCos sincos_cephes(float x) {
  const float octants = x * 1.27323954473516f;  // 4 / pi
  const int j = (static_cast<int>(octants) + 1) & ~1;
  const float y = static_cast<float>(j);
  x = fused(y, -0.78515625f, x);  // pi / 4 in three parts
  x = fused(y, -2.4187564849853515625e-4f, x);
  x = fused(y, -3.77489497744594108e-8f, x);

  constexpr float kCos[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  constexpr float kSin[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  const float z = x * x, half = 0.5f * z;
  float c = polynomial(z, kCos) * z;
  c = fused(c, z, -half);
  c = c + 1.0f;
  float s = polynomial(z, kSin) * z;
  s = fused(s, x, x);

  const bool swap = (j & 2) != 0;
  const bool sin_negative = (j & 4) != 0, cos_negative = ((j - 2) & 4) == 0;
  SinCos result{swap ? c : s, swap ? s : c};
  if (sin_negative) result.sin = -result.sin;
  if (cos_negative) result.cos = -result.cos;
  return result;
}

}  // namespace

void box_muller_16(std::span<float, 16> u) {
  constexpr float kTwoPi = static_cast<float>(2.0 * std::numbers::pi);
  for (size_t j = 0; j < 8; ++j) {
    const float radius = std::sqrt(-2.0f * log_cephes(1.0f - u[j]));
    const SinCos angle = sincos_cephes(kTwoPi * u[j + 8]);
    u[j] = radius * angle.cos;
    u[j + 8] = radius * angle.sin;
  }
}

}  // namespace pentimento
