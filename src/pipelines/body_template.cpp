#include "pipelines/body_template.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "image/blur.h"
#include "image/resize.h"

namespace pentimento {
namespace {

using Rgb = std::array<uint8_t, 3>;

constexpr Rgb kSkin{205, 165, 140}, kHair{62, 44, 34}, kTrousers{58, 64, 82}, kShoes{40, 38, 40};
constexpr double kWallTop = 226, kFloor = 196;  // grey levels
constexpr int kSupersampling = 2;

// Positions are shares of the width and height.
struct Ellipse {
  double x, y, width, height;
  Rgb colour;
};
struct Limb {  // a line with round ends, thicker at its beginning
  double x1, y1, x2, y2, begin, end;
  Rgb colour;
};

// In the order they are drawn.
constexpr std::array kTorso = {
    Ellipse{0.5, 0.095, 0.185, 0.145, kHair}, Ellipse{0.5, 0.112, 0.15, 0.128, kSkin},
    Ellipse{0.5, 0.295, 0.37, 0.17, kSkin}, Ellipse{0.5, 0.40, 0.27, 0.26, kSkin},
    Ellipse{0.5, 0.535, 0.28, 0.11, kTrousers}};
constexpr std::array kLimbs = {
    Limb{0.445, 0.55, 0.435, 0.94, 0.082, 0.048, kTrousers},  // legs
    Limb{0.555, 0.55, 0.565, 0.94, 0.082, 0.048, kTrousers},
    Limb{0.345, 0.265, 0.285, 0.40, 0.046, 0.038, kSkin},  // arms
    Limb{0.285, 0.40, 0.265, 0.55, 0.036, 0.028, kSkin},
    Limb{0.655, 0.265, 0.715, 0.40, 0.046, 0.038, kSkin},
    Limb{0.715, 0.40, 0.735, 0.55, 0.036, 0.028, kSkin},
    Limb{0.5, 0.17, 0.5, 0.235, 0.050, 0.060, kSkin},  // neck
};
constexpr std::array kFeet = {Ellipse{0.425, 0.955, 0.10, 0.035, kShoes},
                              Ellipse{0.575, 0.955, 0.10, 0.035, kShoes}};

// Where garments of each kind hang: as shares, the largest that fits, hung at the top middle.
struct Place {
  double top, width, height;
};
constexpr Place kUpper{0.205, 0.66, 0.40}, kLower{0.475, 0.44, 0.48}, kDress{0.205, 0.62, 0.66};
constexpr double kDressAspect = 1.6;

void set(Image& image, int x, int y, const Rgb& colour) {
  std::copy(colour.begin(), colour.end(), image.at(x, y));
}

Image wall(int width, int height) {
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    const double t = static_cast<double>(y) / height;
    const auto grey = static_cast<uint8_t>(kWallTop + (kFloor - kWallTop) * t * t);
    for (int x = 0; x < width; ++x) set(image, x, y, {grey, grey, grey});
  }
  return image;
}

void draw(Image& image, const Ellipse& e) {
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const double u = ((x + 0.5) / image.width - e.x) / (e.width / 2);
      const double v = ((y + 0.5) / image.height - e.y) / (e.height / 2);
      if (u * u + v * v <= 1) set(image, x, y, e.colour);
    }
}

// Thickness is a share of the width; distances are measured in pixels.
void draw(Image& image, const Limb& l) {
  const double w = image.width, h = image.height;
  const double dx = (l.x2 - l.x1) * w, dy = (l.y2 - l.y1) * h;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const double px = x + 0.5 - l.x1 * w, py = y + 0.5 - l.y1 * h;
      const double t = std::clamp((px * dx + py * dy) / (dx * dx + dy * dy), 0.0, 1.0);
      const double radius = (l.begin + (l.end - l.begin) * t) * w;
      if (std::hypot(px - t * dx, py - t * dy) <= radius) set(image, x, y, l.colour);
    }
}

}  // namespace

Image draw_body_template(int width, int height) {
  Image image = wall(width * kSupersampling, height * kSupersampling);
  for (const Ellipse& part : kTorso) draw(image, part);
  for (const Limb& limb : kLimbs) draw(image, limb);
  for (const Ellipse& foot : kFeet) draw(image, foot);
  // Soft, so that it suggests a place and not an outline.
  return gaussian_blur(resize(image, width, height, Filter::Box), width / 160.0);
}

Region garment_place(GarmentKind kind, int width, int height, double aspect) {
  const Place& place = kind == GarmentKind::Upper   ? kUpper
                       : kind == GarmentKind::Lower ? kLower
                                                    : kDress;
  const double wide = std::min(place.width * width, place.height * height / aspect);
  const int w = std::max(1, static_cast<int>(std::lround(wide)));
  const int h = std::max(1, static_cast<int>(std::lround(wide * aspect)));
  const int left = (width - w) / 2, top = static_cast<int>(std::lround(place.top * height));
  return {left, top, left + w, top + h};
}

GarmentKind likely_kind(double aspect) {
  return aspect > kDressAspect ? GarmentKind::Dress : GarmentKind::Upper;
}

}  // namespace pentimento
