// Reference: CatVTON's pipeline restated in PyTorch (tests/golden/models_catvton.py).
#include "pipelines/drape.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/error.h"
#include "support/golden.h"
#include "weights/key_maps.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using testing::Golden;
using testing::golden_path;
using testing::TempDir;

const Golden& golden() {
  static const Golden file("models_catvton.safetensors");
  return file;
}

Image stored(const std::string& key) {
  const TensorView& view = golden().file().tensors.at("drape." + key);
  Image image(static_cast<int>(view.shape.at(1)), static_cast<int>(view.shape.at(0)),
              static_cast<int>(view.shape.at(2)));
  std::memcpy(image.pixels.data(), view.bytes.data(), image.pixels.size());
  return image;
}

// The tiny model with `channels` input channels, as a diffusers folder.
fs::path checkpoint_with(const fs::path& folder, int channels) {
  fs::copy(golden_path("pipelines_sd1"), folder, fs::copy_options::recursive);
  const fs::path unet = folder / "unet";
  std::ifstream in(unet / "config.json");
  std::string config{std::istreambuf_iterator<char>(in), {}};
  const std::string four = "\"in_channels\": 4";
  config.replace(config.find(four), four.size(), "\"in_channels\": " + std::to_string(channels));
  std::ofstream(unet / "config.json") << config;
  TensorMap tensors = read_tensor_file(unet / "diffusion_pytorch_model.safetensors").tensors;
  const Tensor nine = golden().tensor("unet/conv_in.weight");
  Tensor weight({nine.dim(0), channels, 3, 3});
  for (int64_t o = 0; o < nine.dim(0); ++o)
    std::copy_n(nine.data.data() + o * 81, channels * 9, weight.data.data() + o * channels * 9);
  tensors["conv_in.weight"] = {
      .dtype = DType::F32, .shape = weight.shape, .bytes = std::as_bytes(std::span(weight.data))};
  tensors["conv_in.bias"] = golden().file().tensors.at("unet/conv_in.bias");
  write_safetensors(folder / "wide.safetensors", tensors, {});
  fs::rename(folder / "wide.safetensors", unet / "diffusion_pytorch_model.safetensors");
  return folder;
}

struct Studio {
  TempDir folder;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  fs::path attention = write_attention("catvton.safetensors");
  DrapeModel model = load(9, attention), mask_free = load(8, attention);

  fs::path write_attention(const std::string& name) {
    write_safetensors(folder / name, below(golden().file().tensors, "attention/"), {});
    return folder / name;
  }
  DrapeModel load(int channels, const fs::path& weights) {
    const fs::path place = folder / std::to_string(channels);
    fs::create_directories(place);
    return load_drape_model(runtime, checkpoint_with(place / "model", channels), weights, {},
                            folder / "hashes", {});
  }
};

Studio& studio() {
  static Studio shared;
  return shared;
}

DrapeRequest request(double eta) {
  return {.width = 64, .height = 64, .steps = 4, .eta = eta, .seed = 7, .repaint = false};
}

TEST(Drape, PaintsWhatItsRestatementPaints) {
  const Image worn = run_drape(studio().model, request(0),
                               {stored("person"), stored("garment"), stored("mask")}, {});
  const Image expected = stored("worn");
  ASSERT_EQ(worn.pixels.size(), expected.pixels.size());
  int worst = 0;
  for (size_t i = 0; i < worn.pixels.size(); ++i)
    worst = std::max(worst, std::abs(worn.pixels[i] - expected.pixels[i]));
  EXPECT_LE(worst, 1);
}

TEST(Drape, KeepsThePersonsOwnPixelsAwayFromTheMask) {
  DrapeRequest r = request(1);
  r.repaint = true;
  const Image person = stored("person");
  const Image worn = run_drape(studio().model, r, {person, stored("garment"), stored("mask")}, {});
  int kept = 0;
  for (int y = 0; y < 64; ++y)
    for (int x = 52; x < 64; ++x)
      kept += std::equal(worn.at(x, y), worn.at(x, y) + 3, person.at(x, y));
  EXPECT_EQ(kept, 64 * 12);
  EXPECT_NE(worn, person);
}

TEST(Drape, FollowsSeedGarmentAndNoise) {
  const DrapeInputs inputs{stored("person"), stored("garment"), stored("mask")};
  const auto worn = [&](double eta, uint64_t seed, const DrapeInputs& in) {
    DrapeRequest r = request(eta);
    r.seed = seed;
    return run_drape(studio().model, r, in, {});
  };
  const Image first = worn(1, 1, inputs);
  EXPECT_EQ(first, worn(1, 1, inputs));
  EXPECT_NE(first, worn(1, 2, inputs));
  EXPECT_NE(first, worn(0, 1, inputs));
  DrapeInputs other = inputs;
  other.garment = Image(20, 64, 3, 10);
  EXPECT_NE(first, worn(1, 1, other));
}

TEST(Drape, NeedsNoMaskWithTheMaskFreeWeights) {
  const Image worn =
      run_drape(studio().mask_free, request(0), {stored("person"), stored("garment"), {}}, {});
  EXPECT_EQ(worn.width, 64);
  EXPECT_EQ(worn.height, 64);
}

TEST(Drape, RefusesWhatCannotBeWorn) {
  const auto refusal = [](DrapeModel& model, const DrapeRequest& r, const DrapeInputs& inputs) {
    try {
      run_drape(model, r, inputs, {});
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument) << e.what();
      return std::string(e.what());
    }
    ADD_FAILURE() << "nothing was refused";
    return std::string();
  };
  const auto says = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  Studio& s = studio();
  const Image person = stored("person"), garment = stored("garment"), mask = stored("mask");
  EXPECT_TRUE(says(refusal(s.model, request(0), {person, garment, {}}), "need a mask"));
  EXPECT_TRUE(says(refusal(s.mask_free, request(0), {person, garment, mask}), "take no mask"));
  EXPECT_TRUE(says(refusal(s.model, request(0), {person, garment, Image(64, 64, 1)}), "empty"));
  EXPECT_TRUE(
      says(refusal(s.model, request(0), {person, garment, Image(32, 64, 1, 255)}), "32x64"));
  DrapeRequest wrong = request(0);
  wrong.width = 65;
  wrong.cfg = 0.5;
  const std::string text = refusal(s.model, wrong, {person, garment, mask});
  EXPECT_TRUE(says(text, "width is 65")) << text;
  EXPECT_TRUE(says(text, "cfg is 0.5")) << text;
}

}  // namespace
}  // namespace pentimento
