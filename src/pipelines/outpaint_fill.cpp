// What stands in a new strip before it is painted, and the masks around it.
#include <algorithm>
#include <cmath>
#include <span>

#include "image/blur.h"
#include "image/mask.h"
#include "image/patch_fill.h"
#include "image/shaped_noise.h"
#include "pipelines/outpaint.h"
#include "samplers/random.h"

namespace pentimento {
namespace {

struct Point {
  int x, y;
};

// The pixel of the known part that is nearest to one of the fresh part, and how far away it is.
Point nearest_known(const OutpaintPass& pass, int x, int y) {
  const Region& known = pass.known;
  return {std::clamp(x, known.left, known.right - 1), std::clamp(y, known.top, known.bottom - 1)};
}

int distance_of(const OutpaintPass& pass, int x, int y) {
  const Point at = nearest_known(pass, x, y);
  return std::max(std::abs(x - at.x), std::abs(y - at.y));
}

int reflected(int at, int low, int high) {  // bounces within [low, high)
  const int length = high - low, period = 2 * length;
  const int phase = ((at - low) % period + period) % period;
  return low + (phase < length ? phase : period - 1 - phase);
}

void draw_out(Image& canvas, const OutpaintPass& pass) {
  for (int y = pass.fresh.top; y < pass.fresh.bottom; ++y)
    for (int x = pass.fresh.left; x < pass.fresh.right; ++x) {
      const Point from = nearest_known(pass, x, y);
      std::copy_n(canvas.at(from.x, from.y), canvas.channels, canvas.at(x, y));
    }
}

// The drawn-out strip under ever wider blurs, each coming in slowly from its own radius on.
void smooth(Image& canvas, const OutpaintPass& pass) {
  Image strip = crop(canvas, pass.fresh);
  for (int radius = 2; radius <= 64; radius *= 2) {
    const Image blurred = gaussian_blur(strip, radius);
    for (int y = 0; y < strip.height; ++y)
      for (int x = 0; x < strip.width; ++x) {
        const int beyond = distance_of(pass, x + pass.fresh.left, y + pass.fresh.top) - radius;
        const int share = std::clamp(beyond, 0, 2 * radius);  // of 2 * radius
        for (int c = 0; c < strip.channels; ++c) {
          const int from = strip.at(x, y)[c], to = blurred.at(x, y)[c];
          strip.at(x, y)[c] = static_cast<uint8_t>(
              (from * (2 * radius - share) + to * share + radius) / (2 * radius));
        }
      }
  }
  paste(canvas, strip, pass.fresh.left, pass.fresh.top);
}

// How strong the detail of the known window is: the spread around its own blur, per channel.
std::vector<double> detail_of(const Image& canvas, const OutpaintPass& pass) {
  const Region seen{std::max(pass.window.left, pass.known.left),
                    std::max(pass.window.top, pass.known.top),
                    std::min(pass.window.right, pass.known.right),
                    std::min(pass.window.bottom, pass.known.bottom)};
  const Image part = crop(canvas, seen), smooth = gaussian_blur(part, 4);
  std::vector<double> spread(static_cast<size_t>(part.channels));
  for (size_t i = 0; i < part.pixels.size(); ++i) {
    const double d = static_cast<double>(part.pixels[i]) - smooth.pixels[i];
    spread[i % spread.size()] += d * d;
  }
  const double count = static_cast<double>(part.pixels.size()) / static_cast<double>(spread.size());
  for (double& s : spread) s = std::sqrt(s / std::max(count, 1.0));
  return spread;
}

void mirror(Image& canvas, const OutpaintPass& pass, uint64_t seed) {
  const auto spread = detail_of(canvas, pass);
  const int64_t values = int64_t{pass.fresh.width()} * pass.fresh.height() * canvas.channels;
  const auto noise = make_generator(RngSource::Cpu, seed)->randn(std::max<int64_t>(values, 16));
  size_t at = 0;
  for (int y = pass.fresh.top; y < pass.fresh.bottom; ++y)
    for (int x = pass.fresh.left; x < pass.fresh.right; ++x) {
      const uint8_t* from = canvas.at(reflected(x, pass.known.left, pass.known.right),
                                      reflected(y, pass.known.top, pass.known.bottom));
      uint8_t* to = canvas.at(x, y);
      for (int c = 0; c < canvas.channels; ++c, ++at)
        to[c] = static_cast<uint8_t>(
            std::clamp(from[c] + noise[at] * spread[static_cast<size_t>(c)], 0.0, 255.0));
    }
}

// A mask of the window: what is known of it.
Image known_in_window(const OutpaintPass& pass) {
  Image known(pass.window.width(), pass.window.height(), 1);
  for (int y = 0; y < known.height; ++y)
    for (int x = 0; x < known.width; ++x) {
      const Point at{x + pass.window.left, y + pass.window.top};
      const Point near = nearest_known(pass, at.x, at.y);
      *known.at(x, y) = at.x == near.x && at.y == near.y ? 255 : 0;
    }
  return known;
}

void piece_together(Image& canvas, const OutpaintPass& pass, uint64_t seed) {
  const Image window = crop(canvas, pass.window);
  paste(canvas, patch_fill(window, inverted(known_in_window(pass)), seed), pass.window.left,
        pass.window.top);
}

// The texture of what the window knows.
void clutter(Image& canvas, const OutpaintPass& pass, const ShapedNoiseOptions& options,
             uint64_t seed) {
  const Image window = crop(canvas, pass.window), known = known_in_window(pass);
  const auto values = static_cast<int64_t>(known.pixels.size()) * (canvas.channels + 1);
  const auto draws = make_generator(RngSource::Cpu, seed)->randn(std::max<int64_t>(values, 16));
  const Image filled = fill_with_shaped_noise(
      window, known, std::span(draws).first(static_cast<size_t>(values)), options);
  paste(canvas, filled, pass.window.left, pass.window.top);
}

// 255 in the fresh part; into the known one down a ramp over `px` pixels, or not at all.
template <typename Ramp>
Image mask_around(const OutpaintPlan& plan, const OutpaintPass& pass, int px, Ramp value_at) {
  Image mask(plan.result_width, plan.result_height, 1);
  const Region& f = pass.fresh;
  for (int y = std::max(f.top - px, 0); y < std::min(f.bottom + px, mask.height); ++y)
    for (int x = std::max(f.left - px, 0); x < std::min(f.right + px, mask.width); ++x) {
      const int dx = std::max({f.left - x, x - (f.right - 1), 0});
      const int dy = std::max({f.top - y, y - (f.bottom - 1), 0});
      const bool known = x >= pass.known.left && x < pass.known.right && y >= pass.known.top &&
                         y < pass.known.bottom;
      if (dx + dy == 0)
        *mask.at(x, y) = 255;
      else if (known)
        *mask.at(x, y) = value_at(std::max(dx, dy));
    }
  return mask;
}

}  // namespace

void fill_fresh(Image& canvas, const OutpaintPass& pass, const OutpaintRequest& r, uint64_t seed) {
  if (r.fill == OutpaintFill::Mirror) return mirror(canvas, pass, seed);
  if (r.fill == OutpaintFill::Noise)
    return clutter(canvas, pass, {.detail = r.noise_detail, .colour = r.noise_colour}, seed);
  if (r.fill == OutpaintFill::Patches) return piece_together(canvas, pass, seed);
  draw_out(canvas, pass);
  if (r.fill == OutpaintFill::Blur) smooth(canvas, pass);
}

Image repaint_mask_of(const OutpaintRequest& r, const OutpaintPlan& plan,
                      const OutpaintPass& pass) {
  return mask_around(plan, pass, r.overlap_px, [](int) { return uint8_t{255}; });
}

Image paste_mask_of(const OutpaintRequest& r, const OutpaintPlan& plan, const OutpaintPass& pass) {
  return mask_around(plan, pass, r.feather_px, [&](int d) {
    return static_cast<uint8_t>(255 - 255 * d / (r.feather_px + 1));
  });
}

}  // namespace pentimento
