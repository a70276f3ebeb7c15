// One size of the picture that patch_fill works on: what is known of it, and which of its patches
// are to be filled from which.
#pragma once

#include <cstdint>
#include <vector>

#include "image/image.h"

namespace pentimento {

inline constexpr int kPatch = 8;  // pixels on a side

struct Anchor {  // the upper left corner of a patch
  int x = 0, y = 0;
};

enum class PatchRole : uint8_t {
  Outside,  // does not lie wholly in the picture
  Source,   // wholly known
  Target,   // touches the hole
};

struct PatchLevel {
  int width = 0, height = 0;
  std::vector<uint8_t> rgbx;    // four bytes a pixel, the last one 0: a patch is rows of 32 bytes
  std::vector<uint8_t> hole;    // of each pixel: 1 = to be filled
  std::vector<PatchRole> role;  // of each patch, by its anchor, as the next three
  std::vector<float> trust;     // of a target: weight of its vote, less the deeper in the hole
  std::vector<Anchor> nearest;  // of a target: the source most like it
  std::vector<int> distance;    // to that
  std::vector<Anchor> sources, targets;

  size_t index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  size_t index(Anchor at) const { return index(at.x, at.y); }
  PatchRole role_at(int x, int y) const {
    return x < 0 || y < 0 || x >= width || y >= height ? PatchRole::Outside : role[index(x, y)];
  }
  const uint8_t* pixel(int x, int y) const { return &rgbx[index(x, y) * 4]; }
  uint8_t* pixel(int x, int y) { return &rgbx[index(x, y) * 4]; }
};

// rgb: 3 channels. mask: of its size, one channel, anything but 0 is the hole.
PatchLevel patch_level_of(const Image& rgb, const Image& mask);

// Half the size, rounded down; a pixel is known if all four under it are.
PatchLevel halved(const PatchLevel& fine);

}  // namespace pentimento
