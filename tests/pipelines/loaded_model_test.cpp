// Models that lack a part, and where it may come from.
#include "pipelines/loaded_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "base/error.h"
#include "pipelines/img2img.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "weights/key_maps.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using testing::golden_path;
using ::testing::HasSubstr;
using testing::refusal;
using testing::TempDir;

class LoadedModels : public ::testing::Test {
 protected:
  TempDir dir;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};

  // The UNet of the tiny model in a file of its own, as ComfyUI-GGUF's converter cuts it out.
  std::filesystem::path bare_unet() {
    const Checkpoint whole = open_checkpoint(golden_path("pipelines_sd1"));
    write_safetensors(
        dir / "unet.safetensors", unet_to_ldm(whole.unet).tensors,
        {{"pentimento.config", R"({"unet": {"attention_head_dim": 4, "norm_num_groups": 8}})"}});
    return dir / "unet.safetensors";
  }
  Img2ImgPicture paint(LoadedModel& model) {
    Img2ImgRequest r;
    r.prompt = "a cat";
    r.seed = 3;
    r.steps = 1;
    r.width = r.height = 64;
    const InputImage* none = nullptr;
    return run_img2img(model, r, plan_img2img(model, r, none, 0, nullptr), none, {}, {}).at(0);
  }
};

TEST_F(LoadedModels, AUnetAloneBorrowsTheOtherParts) {
  LoadedModel borrowed =
      load_model(runtime, bare_unet(), {}, dir / "cache", {}, golden_path("pipelines_sd1"));
  LoadedModel whole = load_model(runtime, golden_path("pipelines_sd1"), {}, dir / "cache", {});
  const Img2ImgPicture a = paint(borrowed), b = paint(whole);
  EXPECT_EQ(a.image.pixels, b.image.pixels);
  EXPECT_EQ(a.infotext.get("Text encoder"), "pipelines_sd1");
  EXPECT_FALSE(b.infotext.get("Text encoder"));
}

// What ComfyUI keeps apart: a UNet, a text encoder and a VAE, each in a file of its own.
TEST_F(LoadedModels, AreMadeOfThreeFiles) {
  const Checkpoint tiny = open_checkpoint(golden_path("pipelines_sd1"));
  const auto text = dir / "clip_l.safetensors";
  write_safetensors(text, tiny.text[0], {});
  LoadedModel parts = load_model(runtime, bare_unet(), golden_path("pipelines_sd1") / "vae",
                                 dir / "cache", {}, text);
  LoadedModel whole = load_model(runtime, golden_path("pipelines_sd1"), {}, dir / "cache", {});
  const Img2ImgPicture a = paint(parts), b = paint(whole);
  EXPECT_EQ(a.image.pixels, b.image.pixels);
  EXPECT_EQ(a.infotext.get("Text encoder"), "clip_l.safetensors");
  EXPECT_THAT(refusal(ErrorKind::Unsupported,
                      [&] { load_model(runtime, bare_unet(), {}, dir / "cache", {}, text); }),
              HasSubstr("has no VAE inside; name one with --vae"));
  const Checkpoint other = open_checkpoint(golden_path("weights_sd1.safetensors"));
  write_safetensors(dir / "wide.safetensors", other.text[0], {});
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument,
                      [&] {
                        load_model(runtime, bare_unet(), {}, dir / "cache", {},
                                   dir / "wide.safetensors");
                      }),
              HasSubstr("choose the one of its family"));
}

TEST_F(LoadedModels, UseTheClipSkipOnTheirCardUnlessOneIsNamed) {
  std::filesystem::copy(golden_path("pipelines_sd1"), dir / "tiny",
                        std::filesystem::copy_options::recursive);
  const auto load = [&] { return load_model(runtime, dir / "tiny", {}, dir / "cache", {}); };
  const auto painted = [&](LoadedModel& model, std::optional<int> clip_skip) {
    Img2ImgRequest r;
    r.prompt = "a cat";
    r.seed = 3;
    r.steps = 1;
    r.width = r.height = 64;
    r.clip_skip = clip_skip;
    const InputImage* none = nullptr;
    return run_img2img(model, r, plan_img2img(model, r, none, 0, nullptr), none, {}, {}).at(0);
  };
  LoadedModel plain = load();
  const auto one = painted(plain, 1), two = painted(plain, 2);
  EXPECT_NE(one.image.pixels, two.image.pixels);
  EXPECT_EQ(painted(plain, {}).image.pixels, one.image.pixels);
  std::ofstream(dir / "tiny.json") << R"({"clip skip": 2})";
  LoadedModel chosen = load();
  const auto by_card = painted(chosen, {});
  EXPECT_EQ(by_card.image.pixels, two.image.pixels);
  EXPECT_EQ(by_card.infotext.get("Clip skip"), "2");
  EXPECT_EQ(painted(chosen, 1).image.pixels, one.image.pixels);
}

TEST_F(LoadedModels, MissingPartsAreRefusedWithWhatToDo) {
  const auto load = [&](std::optional<std::filesystem::path> text) {
    load_model(runtime, bare_unet(), {}, dir / "cache", {}, text);
  };
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [&] { load({}); }),
              HasSubstr("has no text encoder inside; name a whole checkpoint"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [&] { load(bare_unet()); }),
              HasSubstr("has no text encoder inside"));
  EXPECT_THAT(
      refusal(ErrorKind::InvalidArgument, [&] { load(golden_path("weights_sd1.safetensors")); }),
      HasSubstr("must come from the same family"));
}

}  // namespace
}  // namespace pentimento
