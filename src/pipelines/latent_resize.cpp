#include "pipelines/latent_resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace pentimento {
namespace {

constexpr const char* kModes[] = {"Latent",           "Latent (antialiased)",
                                  "Latent (bicubic)", "Latent (bicubic antialiased)",
                                  "Latent (nearest)", "Latent (nearest-exact)"};
enum Mode { Bilinear, BilinearAntialiased, Bicubic, BicubicAntialiased, Nearest, NearestExact };

// Which source values make one target value.
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

// Without antialiasing: a fixed number of neighbours, those beyond the edge repeat it.
Tap plain_tap(int i, int source, double scale, bool bicubic) {
  const double at = (i + 0.5) * scale - 0.5;
  const double start = bicubic ? at : std::max(at, 0.0);
  const int low = static_cast<int>(std::floor(start)), reach = bicubic ? 1 : 0;
  Tap tap{std::clamp(low - reach, 0, source - 1), {}};
  tap.weights.assign(static_cast<size_t>(2 * reach + 2), 0);
  for (int k = low - reach; k <= low + 1 + reach; ++k) {
    const double weight = bicubic ? cubic(start - k, -0.75) : triangle(start - k);
    tap.weights[static_cast<size_t>(std::clamp(k, 0, source - 1) - tap.first)] +=
        static_cast<float>(weight);
  }
  tap.weights.resize(std::min(tap.weights.size(), static_cast<size_t>(source - tap.first)));
  return tap;
}

// With it: the filter widens when the latent shrinks, and what lies beyond the edge is left out.
Tap antialiased_tap(int i, int source, double scale, bool bicubic) {
  const double widen = std::max(scale, 1.0), support = (bicubic ? 2 : 1) * widen;
  const double center = (i + 0.5) * scale;
  const int first = std::max(static_cast<int>(center - support + 0.5), 0);
  const int last = std::min(static_cast<int>(center + support + 0.5), source);
  Tap tap{first, {}};
  double total = 0;
  for (int k = first; k < last; ++k) {
    const double x = (k - center + 0.5) / widen;
    const double weight = bicubic ? cubic(x, -0.5) : triangle(x);
    tap.weights.push_back(static_cast<float>(weight));
    total += weight;
  }
  for (float& weight : tap.weights) weight = static_cast<float>(weight / total);
  return tap;
}

std::vector<Tap> taps(int source, int target, Mode mode) {
  const double scale = static_cast<double>(source) / target;
  std::vector<Tap> list;
  for (int i = 0; i < target; ++i) {
    switch (mode) {
      case Nearest:
      case NearestExact: {
        const double at = (i + (mode == NearestExact ? 0.5 : 0.0)) * scale;
        list.push_back({std::min(static_cast<int>(at), source - 1), {1.0f}});
        break;
      }
      case Bilinear:
      case Bicubic:
        list.push_back(plain_tap(i, source, scale, mode == Bicubic));
        break;
      case BilinearAntialiased:
      case BicubicAntialiased:
        list.push_back(antialiased_tap(i, source, scale, mode == BicubicAntialiased));
        break;
    }
  }
  return list;
}

}  // namespace

std::span<const char* const> latent_resize_modes() { return kModes; }

bool is_latent_resize_mode(const std::string& name) {
  return std::find(std::begin(kModes), std::end(kModes), name) != std::end(kModes);
}

Tensor resize_latent(const Tensor& latent, int height, int width, const std::string& mode) {
  const auto found = std::find(std::begin(kModes), std::end(kModes), mode);
  if (found == std::end(kModes))
    throw Error(ErrorKind::InvalidArgument, "there is no latent upscaler called '" + mode + "'");
  const Mode how = static_cast<Mode>(found - std::begin(kModes));
  const int source_height = static_cast<int>(latent.dim(2)),
            source_width = static_cast<int>(latent.dim(3));
  const auto rows = taps(source_height, height, how), columns = taps(source_width, width, how);
  Tensor result({latent.dim(0), latent.dim(1), height, width});
  const auto planes = static_cast<size_t>(latent.dim(0) * latent.dim(1));
  std::vector<float> narrow(static_cast<size_t>(source_height) * static_cast<size_t>(width));
  float* out = result.data.data();
  for (size_t plane = 0; plane < planes; ++plane) {
    const float* in =
        latent.data.data() + plane * static_cast<size_t>(source_height * source_width);
    float* line = narrow.data();
    for (int y = 0; y < source_height; ++y)
      for (const Tap& tap : columns) {
        double sum = 0;
        for (size_t k = 0; k < tap.weights.size(); ++k)
          sum += double{tap.weights[k]} * in[y * source_width + tap.first + static_cast<int>(k)];
        *line++ = static_cast<float>(sum);
      }
    for (const Tap& tap : rows)
      for (int x = 0; x < width; ++x) {
        double sum = 0;
        for (size_t k = 0; k < tap.weights.size(); ++k)
          sum += double{tap.weights[k]} *
                 narrow[(static_cast<size_t>(tap.first) + k) * static_cast<size_t>(width) +
                        static_cast<size_t>(x)];
        *out++ = static_cast<float>(sum);
      }
  }
  return result;
}

}  // namespace pentimento
