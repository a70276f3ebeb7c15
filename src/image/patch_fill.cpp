#include "image/patch_fill.h"

#include <algorithm>
#include <climits>
#include <cmath>

#include "base/error.h"
#include "image/fill.h"
#include "image/gradient_fit.h"
#include "image/patch_level.h"

namespace pentimento {
namespace {

constexpr int kLeastSources = 64;            // patches to choose from, or a size is too small
constexpr int kLeastEdge = 3 * kPatch;       // pixels
constexpr int kSearches = 2;                 // passes of PatchMatch before a vote
constexpr int kFirstRounds = 30;             // of search and vote at the smallest size
constexpr size_t kMostSearches = 1'000'000;  // of targets at one size, in all its rounds
constexpr float kFar = 200'000;  // what a patch a whole picture's length away has to be better by
constexpr float kStep =
    16;  // of a whole picture's length, one part: steps are smoothed over that far
constexpr float kLastSharpness =
    4;  // of the last vote at a size: patches that fit worse count less

// SplitMix64: the same numbers on every machine. https://doi.org/10.1145/2714064.2660195
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  int below(size_t n) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return static_cast<int>(((z ^ (z >> 31)) >> 32) * n >> 32);
  }

 private:
  uint64_t state_;
};

// Fills one size: in turn each target looks for its source, and the sources vote on the pixels.
class Filler {
 public:
  Filler(PatchLevel& level, Dice& dice)
      : level_(level),
        dice_(dice),
        far_(kFar / std::pow(static_cast<float>(std::max(level.width, level.height)), 2.0f)) {}

  // The smallest size: smooth colours, and sources by chance.
  void begin() {
    Image rgb(level_.width, level_.height, 3), mask(level_.width, level_.height, 1);
    for (size_t i = 0; i < level_.hole.size(); ++i) {
      std::copy_n(&level_.rgbx[i * 4], 3, &rgb.pixels[i * 3]);
      mask.pixels[i] = level_.hole[i] ? 255 : 0;
    }
    rgb = blur_fill(rgb, mask);
    for (size_t i = 0; i < level_.hole.size(); ++i)
      std::copy_n(&rgb.pixels[i * 3], 3, &level_.rgbx[i * 4]);
    for (const Anchor t : level_.targets) level_.nearest[level_.index(t)] = any_source();
  }

  // Every other size: the sources found at half of it.
  void inherit(const PatchLevel& coarse) {
    for (const Anchor t : level_.targets) {
      const Anchor above{std::min(t.x / 2, coarse.width - kPatch),
                         std::min(t.y / 2, coarse.height - kPatch)};
      const size_t i = coarse.index(above);  // a target as well: its hole holds the finer one
      const Anchor found{2 * coarse.nearest[i].x + t.x - 2 * above.x,
                         2 * coarse.nearest[i].y + t.y - 2 * above.y};
      const bool usable = level_.role_at(found.x, found.y) == PatchRole::Source;
      level_.nearest[level_.index(t)] = usable ? found : any_source();
      level_.distance[level_.index(t)] = coarse.distance[i];
    }
    vote(1);
  }

  void round(float sharpness) {
    search();
    vote(sharpness);
  }

  // The last word: the votes on colours and on how neighbouring pixels differ, both at once, so
  // that sources of different brightness leave no steps.
  void smooth_steps() {
    search();
    GradientProblem p{.width = level_.width,
                      .height = level_.height,
                      .free = level_.hole,
                      .colours = {},
                      .right = differences(1, 0),
                      .down = differences(0, 1),
                      .spring = kStep * kStep * far_ / kFar};
    vote(kLastSharpness);
    p.colours.assign(level_.rgbx.begin(), level_.rgbx.end());
    for (size_t i = 0; i < sums_.size(); i += 4)
      if (level_.hole[i / 4] && sums_[i + 3] > 0)
        for (size_t c = 0; c < 3; ++c) p.colours[i + c] = sums_[i + c] / sums_[i + 3];
    const std::vector<float> fitted = fit_gradients(p);
    for (size_t i = 0; i < fitted.size(); ++i)
      if (level_.hole[i / 4] && i % 4 < 3)
        level_.rgbx[i] = static_cast<uint8_t>(std::lround(std::clamp(fitted[i], 0.0f, 255.0f)));
  }

 private:
  Anchor any_source() {
    return level_.sources[static_cast<size_t>(dice_.below(level_.sources.size()))];
  }

  // Sum of squares between a target and a source, and how far they are apart, all in one number;
  // something not below `enough` when it is not.
  int difference(Anchor t, Anchor s, int enough) const {
    const auto dx = static_cast<float>(t.x - s.x), dy = static_cast<float>(t.y - s.y);
    int sum = static_cast<int>(far_ * (dx * dx + dy * dy));
    for (int y = 0; y < kPatch && sum < enough; ++y) {
      const uint8_t* p = level_.pixel(t.x, t.y + y);
      const uint8_t* q = level_.pixel(s.x, s.y + y);
      for (int i = 0; i < kPatch * 4; ++i) {
        const int d = int{p[i]} - int{q[i]};
        sum += d * d;
      }
    }
    return sum;
  }

  void search() {
    const auto& targets = level_.targets;
    for (const Anchor t : targets) {
      const size_t i = level_.index(t);
      level_.distance[i] = difference(t, level_.nearest[i], INT_MAX);
    }
    for (int pass = 0; pass < kSearches; ++pass) {
      const bool back = pass % 2 != 0;
      for (size_t k = 0; k < targets.size(); ++k)
        improve(targets[back ? targets.size() - 1 - k : k], back ? 1 : -1);
    }
  }

  // A neighbour's find, moved along; then by chance, in ever smaller squares around the best.
  void improve(Anchor t, int step) {
    for (const Anchor by : {Anchor{step, 0}, Anchor{0, step}}) {
      const Anchor beside{t.x + by.x, t.y + by.y};
      if (level_.role_at(beside.x, beside.y) != PatchRole::Target) continue;
      const Anchor n = level_.nearest[level_.index(beside)];
      consider(t, {n.x - by.x, n.y - by.y});
    }
    for (int reach = std::max(level_.width, level_.height); reach >= 1; reach /= 2) {
      const Anchor n = level_.nearest[level_.index(t)];
      const int dx = dice_.below(static_cast<size_t>(2 * reach + 1)) - reach;
      const int dy = dice_.below(static_cast<size_t>(2 * reach + 1)) - reach;
      consider(t, {n.x + dx, n.y + dy});
    }
  }

  void consider(Anchor t, Anchor s) {
    if (level_.role_at(s.x, s.y) != PatchRole::Source) return;
    const size_t i = level_.index(t);
    const int d = difference(t, s, level_.distance[i]);
    if (d >= level_.distance[i]) return;
    level_.distance[i] = d;
    level_.nearest[i] = s;
  }

  // Three quarters of the targets are nearer to their sources than this.
  int usual_distance() {
    std::vector<int> all;
    all.reserve(level_.targets.size());
    for (const Anchor t : level_.targets) all.push_back(level_.distance[level_.index(t)]);
    const auto at = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) * 3 / 4);
    std::nth_element(all.begin(), at, all.end());
    return *at;
  }

  // How much each target's source has a say, by its anchor.
  std::vector<float> weights(float sharpness) {
    const float scale = sharpness / (2 * static_cast<float>(std::max(usual_distance(), 64)));
    std::vector<float> all(level_.role.size());
    for (const Anchor t : level_.targets) {
      const size_t i = level_.index(t);
      const float misfit = std::min(static_cast<float>(level_.distance[i]) * scale, 60.0f);
      all[i] = level_.trust[i] * std::exp(-misfit);
    }
    return all;
  }

  // Every pixel of the hole becomes the mean of what the sources of the patches over it propose.
  void vote(float sharpness) {
    const std::vector<float> weight = weights(sharpness);
    sums_.assign(level_.rgbx.size(), 0);
    for (const Anchor t : level_.targets) {
      const Anchor s = level_.nearest[level_.index(t)];
      for (int y = 0; y < kPatch; ++y) {
        float* to = &sums_[level_.index(t.x, t.y + y) * 4];
        const uint8_t* from = level_.pixel(s.x, s.y + y);
        for (int x = 0; x < kPatch; ++x, to += 4, from += 4) {
          for (int c = 0; c < 3; ++c)
            to[c] += weight[level_.index(t)] * static_cast<float>(from[c]);
          to[3] += weight[level_.index(t)];
        }
      }
    }
    for (size_t i = 0; i < level_.hole.size(); ++i)
      if (level_.hole[i] && sums_[i * 4 + 3] > 0)
        for (size_t c = 0; c < 3; ++c)
          level_.rgbx[i * 4 + c] =
              static_cast<uint8_t>(std::lround(sums_[i * 4 + c] / sums_[i * 4 + 3]));
  }

  // The same vote on the difference to the pixel dx to the right and dy below; GradientProblem's
  // shape.
  std::vector<float> differences(int dx, int dy) {
    const std::vector<float> weight = weights(kLastSharpness);
    std::vector<float> sums(level_.rgbx.size());
    for (const Anchor t : level_.targets) {
      const Anchor s = level_.nearest[level_.index(t)];
      for (int y = 0; y < kPatch - dy; ++y)
        for (int x = 0; x < kPatch - dx; ++x) {
          float* to = &sums[level_.index(t.x + x, t.y + y) * 4];
          const uint8_t* here = level_.pixel(s.x + x, s.y + y);
          const uint8_t* there = level_.pixel(s.x + x + dx, s.y + y + dy);
          for (int c = 0; c < 3; ++c)
            to[c] += weight[level_.index(t)] * static_cast<float>(int{there[c]} - int{here[c]});
          to[3] += weight[level_.index(t)];
        }
    }
    for (size_t i = 0; i < sums.size(); i += 4)
      if (sums[i + 3] > 0)
        for (size_t c = 0; c < 3; ++c) sums[i + c] /= sums[i + 3];
    return sums;
  }

  PatchLevel& level_;
  Dice& dice_;
  float far_;
  std::vector<float> sums_;  // of the votes: three colours times their weights, the weights
};

}  // namespace

Image patch_fill(const Image& image, const Image& mask, uint64_t seed) {
  if (mask.channels != 1 || mask.width != image.width || mask.height != image.height)
    throw Error(ErrorKind::InvalidArgument,
                "the mask is " + std::to_string(mask.width) + "x" + std::to_string(mask.height) +
                    ", expected one channel of the picture's " + std::to_string(image.width) + "x" +
                    std::to_string(image.height));
  Image rgb = to_rgb(image);
  std::vector<PatchLevel> levels = {patch_level_of(rgb, mask)};
  if (levels[0].targets.empty() || levels[0].sources.empty()) return blur_fill(rgb, mask);
  while (std::min(levels.back().width, levels.back().height) >= 2 * kLeastEdge) {
    PatchLevel next = halved(levels.back());
    if (next.targets.empty() || next.sources.size() < kLeastSources) break;
    levels.push_back(std::move(next));
  }
  Dice dice(seed);
  for (size_t k = levels.size(); k-- > 0;) {
    const bool smallest = k + 1 == levels.size();
    Filler filler(levels[k], dice);
    smallest ? filler.begin() : filler.inherit(levels[k + 1]);
    const auto affordable = kMostSearches / std::max<size_t>(levels[k].targets.size(), 1);
    const int rounds =
        smallest ? kFirstRounds : static_cast<int>(std::clamp<size_t>(affordable, 1, 4 + 4 * k));
    for (int i = 1; i < rounds; ++i) filler.round(1);
    k == 0 ? filler.smooth_steps() : filler.round(kLastSharpness);
  }
  for (size_t i = 0; i < levels[0].hole.size(); ++i)
    if (levels[0].hole[i]) std::copy_n(&levels[0].rgbx[i * 4], 3, &rgb.pixels[i * 3]);
  return rgb;
}

}  // namespace pentimento
