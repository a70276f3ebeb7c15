// Networks that enlarge pictures, whatever file they come in: .safetensors, .pth, or ncnn's
// .param/.bin, under the names that BasicSR (https://github.com/XPixelGroup/BasicSR) gives them.
//   RRDBNet  (ESRGAN, https://arxiv.org/abs/1809.00219; Real-ESRGAN,
//   https://arxiv.org/abs/2107.10833) SRVGGNetCompact  (Real-ESRGAN's small networks)
// Which one it is and how large is read off the shapes.
// Limitations: RGB in and out; 3x3 convolutions; PReLU activations in the compact network. An
// RRDBNet of the oldest naming that enlarges three times looks like one that enlarges twice, and
// is taken for that.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "weights/tensor_view.h"

namespace pentimento {

struct UpscalerConfig {
  enum class Kind { Rrdb, Compact } kind = Kind::Rrdb;
  int scale = 4;      // 1..8: the result's width over the picture's
  int features = 64;  // channels inside
  int blocks = 23;    // Rrdb: residual blocks; Compact: convolutions between first and last
  int growth = 32;    // Rrdb: channels that each convolution of a dense block adds
  int unshuffle = 1;  // Rrdb: squares of so many pixels become channels before the first layer
  int doublings = 2;  // Rrdb: scale = 2^doublings / unshuffle
  bool operator==(const UpscalerConfig&) const = default;
};
const char* to_string(UpscalerConfig::Kind kind);  // "RRDBNet", "SRVGGNetCompact"

// Names in `tensors`, each with .weight and .bias:
//   Rrdb:    conv_first, body.N.rdb{1,2,3}.conv{1..5}, conv_body, conv_up1 …, conv_hr, conv_last
//   Compact: body.0, body.2, … convolutions; body.1, body.3, … slopes (.weight alone)
struct UpscalerFile {
  std::filesystem::path path;  // of the weights: ncnn's .bin
  std::string name;            // file stem
  UpscalerConfig config;
  TensorMap tensors;
};

// Throws NotFound; CorruptFile when tensors are missing, of impossible shapes, or too many;
// Unsupported naming what else the file is.
UpscalerFile open_upscaler(const std::filesystem::path& path);

// What the tensors of such a file are, every one of them checked; `file` is for messages. Throws as
// open_upscaler does.
UpscalerConfig upscaler_config(const TensorMap& tensors, const std::string& file);

// The shape of every tensor of such a network.
std::map<std::string, Shape> upscaler_shapes(const UpscalerConfig& config);

}  // namespace pentimento
