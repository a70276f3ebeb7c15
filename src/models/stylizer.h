// The painting-style networks, read from ONNX by OpenVINO and fitted to a size. Letters: H W rows
// and columns, multiples of 4, at least 32.
//   x -> 3 convolutions down to H/4 W/4 -> 5 residual blocks -> 3 convolutions up -> sigmoid
// with instance norm after each: y = gamma(style) (x - mean) / sqrt(variance + eps) + beta(style).
// Sources: https://arxiv.org/abs/1610.07629 (26 styles), https://arxiv.org/abs/1705.06830 (any).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "openvino/core/model.hpp"

namespace pentimento::models {

// Where instance norm takes its moments (mean and variance of each channel) from.
enum class Moments {
  Own,    // the picture it is given
  Shown,  // the same, and returned as outputs "moment0", "moment1", …, each [1,C,1,1]
  Given,  // inputs of those names: the moments of the picture this is a tile of
};

// Beyond this many pixels from an edge a tile with Given moments does not know that it ends there.
// Receptive radius: 9x9 4, 3x3 at /2 1 + 2, ten 3x3 at /4 40, upsampling up to 4 + 2 + 1, 9x9 4.
inline constexpr int kPaintingMargin_px = 64;

// Reading: throws NotFound, CorruptFile.
// multistyle26.onnx:        image [1,3,?,?] 0..1, style [26] weights of sum 1 -> painting [1,3,?,?]
std::shared_ptr<ov::Model> read_multistyle(const std::filesystem::path& file);
// arbitrary_predict.onnx:   image [1,3,256,256] 0..1 -> style [1,1,1,100]
std::shared_ptr<ov::Model> read_style_predictor(const std::filesystem::path& file);
// arbitrary_transform.onnx: image [1,3,384,384] 0..1, style [1,1,1,100] -> painting [1,3,384,384]
std::shared_ptr<ov::Model> read_style_transform(const std::filesystem::path& file);

// A copy of a network that paints, for pictures of height x width.
std::shared_ptr<ov::Model> fitted_painter(const ov::Model& painter, int height, int width,
                                          Moments moments);

}  // namespace pentimento::models
