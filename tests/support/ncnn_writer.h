// Writes an upscaling network as ncnn keeps it: the listing a converter would make, and the
// weights.
#pragma once

#include <fstream>
#include <string>

#include "base/half.h"
#include "weights/upscaler_file.h"

namespace pentimento::testing {

class NcnnWriter {
 public:
  NcnnWriter(const UpscalerConfig& config, const TensorMap& tensors)
      : config_(config), tensors_(tensors) {
    line("Input data 0 1 x");
    if (config.kind == UpscalerConfig::Kind::Compact)
      compact();
    else
      rrdb();
  }

  std::string listing() const {
    return "7767517\n" + std::to_string(layers_) + " " + std::to_string(values_) + "\n" + lines_;
  }
  const std::string& weights() const { return weights_; }

  // NAME.param and NAME.bin; returns the path of the first.
  std::filesystem::path write(const std::filesystem::path& folder, const std::string& name) const {
    std::ofstream(folder / (name + ".bin"), std::ios::binary) << weights_;
    std::ofstream(folder / (name + ".param"), std::ios::binary) << listing();
    return folder / (name + ".param");
  }

 private:
  void line(const std::string& text) {
    lines_ += text + "\n";
    ++layers_;
    ++values_;
  }

  template <typename T>
  void append(const T& value) {
    weights_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string conv(const std::string& name, const std::string& in, bool leaky) {
    const TensorView& weight = tensors_.at(name + ".weight");
    append(uint32_t{0x01306B47});
    for (const float value : weight.to_f32()) append(f32_to_f16(value));
    while (weights_.size() % 4 != 0) weights_ += '\0';
    for (const float value : tensors_.at(name + ".bias").to_f32()) append(value);
    const std::string out = "v" + std::to_string(values_);
    line("Convolution " + name + " 1 1 " + in + " " + out +
         " 0=" + std::to_string(weight.shape[0]) + " 1=3 4=1 5=1 6=" +
         std::to_string(element_count(weight.shape)) + (leaky ? " 9=2 -23310=1,2.000000e-01" : ""));
    return out;
  }

  std::string layer(const std::string& type, std::vector<std::string> inputs,
                    const std::string& options) {
    const std::string out = "v" + std::to_string(values_);
    std::string text = type + " l" + out + " " + std::to_string(inputs.size()) + " 1";
    for (const std::string& input : inputs) text += " " + input;
    line(text + " " + out + " " + options);
    return out;
  }

  void compact() {
    std::string h = "x";
    for (int i = 0; i <= config_.blocks; ++i) {
      h = conv("body." + std::to_string(2 * i), h, false);
      const TensorView& slopes = tensors_.at("body." + std::to_string(2 * i + 1) + ".weight");
      for (const float value : slopes.to_f32()) append(value);
      h = layer("PReLU", {h}, "0=" + std::to_string(slopes.shape[0]));
    }
    h = conv("body." + std::to_string(2 * config_.blocks + 2), h, false);
    const std::string s = std::to_string(config_.scale);
    h = layer("PixelShuffle", {h}, "0=" + s);
    const std::string base = layer("Interp", {"x"}, "0=1 1=" + s + ".0 2=" + s + ".0");
    layer("BinaryOp", {h, base}, "");
  }

  void rrdb() {
    const std::string first = conv("conv_first", "x", false);
    std::string h = first;
    for (int n = 0; n < config_.blocks; ++n) {
      std::string d = h;
      for (int m = 1; m <= 3; ++m) {
        std::vector<std::string> seen{d};
        const std::string block =
            "body." + std::to_string(n) + ".rdb" + std::to_string(m) + ".conv";
        for (int k = 1; k <= 5; ++k) {
          const std::string in = seen.size() == 1 ? d : layer("Concat", seen, "");
          seen.push_back(conv(block + std::to_string(k), in, k < 5));
        }
        d = layer("Eltwise", {seen.back(), d}, "0=1 -23301=2,2.000000e-01,1.000000e+00");
      }
      h = layer("Eltwise", {d, h}, "0=1 -23301=2,2.000000e-01,1.000000e+00");
    }
    h = layer("BinaryOp", {first, conv("conv_body", h, false)}, "0=0");
    for (int i = 1; i <= config_.doublings; ++i)
      h = conv("conv_up" + std::to_string(i), layer("Interp", {h}, "0=1 1=2.0 2=2.0"), true);
    conv("conv_last", conv("conv_hr", h, true), false);
  }

  UpscalerConfig config_;
  TensorMap tensors_;
  std::string lines_, weights_;
  int layers_ = 0, values_ = 0;
};

}  // namespace pentimento::testing
