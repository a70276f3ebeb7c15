#include "text/emphasis.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"

namespace pentimento {

void apply_emphasis(std::span<float> z, std::span<const float> weights, Emphasis emphasis) {
  if (emphasis == Emphasis::None || emphasis == Emphasis::Ignore) return;
  if (std::all_of(weights.begin(), weights.end(), [](float w) { return w == 1; })) return;
  if (z.size() % weights.size() != 0)
    throw Error(ErrorKind::InvalidArgument,
                "emphasis: " + std::to_string(z.size()) + " values for " +
                    std::to_string(weights.size()) +
                    " weights; expected one row of values for each weight");

  const auto mean = [&] {
    return std::accumulate(z.begin(), z.end(), 0.0) / static_cast<double>(z.size());
  };
  const double mean_before = mean();
  const size_t width = z.size() / weights.size();
  for (size_t row = 0; row < weights.size(); ++row)
    for (float& value : z.subspan(row * width, width)) value *= weights[row];
  if (emphasis == Emphasis::NoNorm) return;

  const float ratio = static_cast<float>(mean_before / mean());
  if (!std::isfinite(ratio)) return;
  for (float& value : z) value *= ratio;
}

}  // namespace pentimento
