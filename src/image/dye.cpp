#include "image/dye.h"

#include <algorithm>
#include <cmath>

namespace pentimento {
namespace {

constexpr double kLeastLight = 0.06,
                 kMostLight = 0.93;  // of a dye: pure black and white have no folds
constexpr double kLeastGamma = 0.2, kMostGamma = 4;

double light_of(const uint8_t* rgb) {
  return (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255;
}

double mean_light(const Image& rgb, const Image& mask) {
  double sum = 0, weight = 0;
  for (size_t i = 0; i < mask.pixels.size(); ++i) {
    sum += mask.pixels[i] * light_of(&rgb.pixels[3 * i]);
    weight += mask.pixels[i];
  }
  return weight > 0 ? std::clamp(sum / weight, 0.02, 0.98) : 0.5;
}

}  // namespace

Image dyed(const Image& rgb, const Image& mask, const std::array<uint8_t, 3>& colour) {
  const double own = std::clamp(light_of(colour.data()), kLeastLight, kMostLight);
  const double gamma =
      std::clamp(std::log(own) / std::log(mean_light(rgb, mask)), kLeastGamma, kMostGamma);
  Image out = rgb;
  for (size_t i = 0; i < mask.pixels.size(); ++i) {
    const double cover = mask.pixels[i] / 255.0;
    if (cover == 0) continue;
    uint8_t* pixel = &out.pixels[3 * i];
    const double light = std::pow(light_of(pixel), gamma);
    for (size_t c = 0; c < 3; ++c) {
      const double full = colour[c] / 255.0;
      const double cloth =
          light < own ? full * light / own : full + (1 - full) * (light - own) / (1 - own);
      pixel[c] = static_cast<uint8_t>(std::lround(pixel[c] + cover * (255 * cloth - pixel[c])));
    }
  }
  return out;
}

}  // namespace pentimento
