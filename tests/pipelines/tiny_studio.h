// The tiny random SD 1.x model of tests/golden/pipelines_common.py, loaded once, and the picture
// and mask that belong to it.
#pragma once

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "image/codec.h"
#include "pipelines/img2img_request.h"
#include "pipelines/loaded_model.h"
#include "support/golden.h"
#include "weights/tensor_file.h"

namespace pentimento::testing {

inline InputImage golden_picture(const char* name) {
  return {read_picture(golden_path(name)).image, name, std::string("sha-of-") + name};
}

struct TinyStudio {
  TempDir cache;
  Runtime runtime;
  LoadedModel model;
  InputImage cat = golden_picture("pipelines_input.png");  // 96x72
  InputImage mask = golden_picture("pipelines_mask.png");

  explicit TinyStudio(const std::filesystem::path& folder)
      : runtime({.precision = Precision::F32, .threads = 2}),
        model(load_model(runtime, folder, {}, cache / "hashes", {})) {}

  static TinyStudio& get() {
    static TinyStudio studio(golden_path("pipelines_sd1"));
    return studio;
  }
  // The same model as an inpainting checkpoint: nine input channels.
  static TinyStudio& inpainting() {
    static TempDir folder;
    static TinyStudio studio(with_nine_channels(folder.path()));
    return studio;
  }

 private:
  static std::filesystem::path with_nine_channels(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    fs::copy(golden_path("pipelines_sd1"), folder, fs::copy_options::recursive);
    const fs::path unet = folder / "unet";
    std::ifstream in(unet / "config.json");
    std::string config{std::istreambuf_iterator<char>(in), {}};
    const std::string four = "\"in_channels\": 4";
    config.replace(config.find(four), four.size(), "\"in_channels\": 9");
    std::ofstream(unet / "config.json") << config;

    const fs::path weights = unet / "diffusion_pytorch_model.safetensors";
    TensorFile file = read_tensor_file(weights);
    const Tensor wide = Golden("pipelines_inpaint.safetensors").tensor("conv_in");
    file.tensors["conv_in.weight"] = {.dtype = DType::F32,
                                      .shape = wide.shape,
                                      .bytes = std::as_bytes(std::span(wide.data)),
                                      .owner = nullptr,
                                      .file = nullptr};
    write_safetensors(folder / "wide.safetensors", file.tensors, file.metadata);
    fs::rename(folder / "wide.safetensors", weights);
    return folder;
  }
};

// What --trace wrote, without its header.
inline std::vector<float> read_trace(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10) throw std::runtime_error("no trace " + path.string());
  const size_t header =
      10 + static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  std::vector<float> values((bytes.size() - header) / 4);
  std::memcpy(values.data(), bytes.data() + header, values.size() * 4);
  return values;
}

inline int largest_difference(const Image& a, const Tensor& b) {
  int worst = a.pixels.size() == b.size() ? 0 : 255;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.size()); ++i)
    worst = std::max(worst, std::abs(int{a.pixels[i]} - static_cast<int>(b.data[i])));
  return worst;
}

}  // namespace pentimento::testing
