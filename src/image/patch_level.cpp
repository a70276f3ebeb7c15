#include "image/patch_level.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace pentimento {
namespace {

constexpr float kNearer = 1.3f;  // a vote counts so many times more a pixel nearer to what is known
constexpr int kDeepest = 64;     // pixels; beyond, no vote counts less

// How far each pixel of the hole is from what is known, in steps to one of eight neighbours.
std::vector<int> depth_of(const PatchLevel& level) {
  const int w = level.width, h = level.height;
  std::vector<int> depth(level.hole.size());
  for (size_t i = 0; i < depth.size(); ++i) depth[i] = level.hole[i] ? kDeepest : 0;
  const auto near = [&](int x, int y, int dx, int dy) {
    const int nx = x + dx, ny = y + dy;
    if (nx < 0 || ny < 0 || nx >= w || ny >= h) return;
    int& d = depth[level.index(x, y)];
    d = std::min(d, depth[level.index(nx, ny)] + 1);
  };
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (const int k : {-1, 0, 1}) near(x, y, k, -1), near(x, y, -1, 0);
  for (int y = h - 1; y >= 0; --y)
    for (int x = w - 1; x >= 0; --x)
      for (const int k : {-1, 0, 1}) near(x, y, k, 1), near(x, y, 1, 0);
  return depth;
}

// For every corner of pixels, how many pixels of the hole lie above and to the left of it.
class HoleCount {
 public:
  explicit HoleCount(const PatchLevel& level) : stride_(level.width + 1) {
    sum_.resize(static_cast<size_t>(stride_) * static_cast<size_t>(level.height + 1));
    for (int y = 0; y < level.height; ++y)
      for (int x = 0; x < level.width; ++x)
        sum_[at(x + 1, y + 1)] = level.hole[level.index(x, y)] + sum_[at(x, y + 1)] +
                                 sum_[at(x + 1, y)] - sum_[at(x, y)];
  }
  int in_patch(int x, int y) const {
    return sum_[at(x + kPatch, y + kPatch)] - sum_[at(x, y + kPatch)] - sum_[at(x + kPatch, y)] +
           sum_[at(x, y)];
  }

 private:
  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(stride_) + static_cast<size_t>(x);
  }
  int stride_;
  std::vector<int> sum_;
};

void sort_patches(PatchLevel& level) {
  const size_t n = level.hole.size();
  level.role.assign(n, PatchRole::Outside);
  level.trust.assign(n, 0);
  level.nearest.assign(n, {});
  level.distance.assign(n, 0);
  const HoleCount count(level);
  const std::vector<int> depth = depth_of(level);
  for (int y = 0; y + kPatch <= level.height; ++y)
    for (int x = 0; x + kPatch <= level.width; ++x) {
      const size_t i = level.index(x, y);
      if (count.in_patch(x, y) == 0) {
        level.role[i] = PatchRole::Source;
        level.sources.push_back({x, y});
        continue;
      }
      level.role[i] = PatchRole::Target;
      level.targets.push_back({x, y});
      const int middle = depth[level.index(x + kPatch / 2, y + kPatch / 2)];
      level.trust[i] = std::pow(kNearer, -static_cast<float>(middle));
    }
}

PatchLevel blank(int width, int height) {
  PatchLevel level;
  level.width = width;
  level.height = height;
  const size_t n = static_cast<size_t>(width) * static_cast<size_t>(height);
  level.rgbx.resize(n * 4);
  level.hole.resize(n);
  return level;
}

}  // namespace

PatchLevel patch_level_of(const Image& rgb, const Image& mask) {
  PatchLevel level = blank(rgb.width, rgb.height);
  for (size_t i = 0; i < level.hole.size(); ++i) {
    level.hole[i] = mask.pixels[i] != 0;
    std::copy_n(&rgb.pixels[i * 3], 3, &level.rgbx[i * 4]);
  }
  sort_patches(level);
  return level;
}

PatchLevel halved(const PatchLevel& fine) {
  PatchLevel level = blank(fine.width / 2, fine.height / 2);
  for (int y = 0; y < level.height; ++y)
    for (int x = 0; x < level.width; ++x) {
      std::array<int, 3> sum{};
      for (const int k : {0, 1, 2, 3}) {
        const int under_x = 2 * x + k % 2, under_y = 2 * y + k / 2;
        level.hole[level.index(x, y)] |= fine.hole[fine.index(under_x, under_y)];
        for (size_t c = 0; c < 3; ++c) sum[c] += fine.pixel(under_x, under_y)[c];
      }
      for (size_t c = 0; c < 3; ++c) level.pixel(x, y)[c] = static_cast<uint8_t>((sum[c] + 2) / 4);
    }
  sort_patches(level);
  return level;
}

}  // namespace pentimento
