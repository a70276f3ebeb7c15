#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SpoiledFile;
using testing::TempDir;
namespace fs = std::filesystem;

json expected_vae(std::string_view golden) {
  return json::parse(testing::Golden(golden).text("expected")).at("vae");
}

TEST(VaeFile, LoadsUnderEveryName) {
  SpoiledFile file("weights_sd1.safetensors");
  const TensorMap ldm = below(file.tensors, "first_stage_model."),
                  diffusers = vae_to_diffusers(ldm).tensors;
  TempDir dir;
  const auto expect_loads = [&](const TensorMap& tensors) {
    write_safetensors(dir / "vae.safetensors", tensors, {});
    const VaeFile vae = open_vae(dir / "vae.safetensors");
    testing::expect_recorded(vae.tensors, expected_vae("weights_sd1.safetensors"));
    EXPECT_EQ(vae.config.latent_channels, 4);
    EXPECT_EQ(vae.config.scale_factor, 2);
  };
  expect_loads(ldm);
  expect_loads(diffusers);
  expect_loads(file.tensors);  // a whole checkpoint: the VAE inside
  file.without("model.").without("cond_stage").without("left").without("alphas");
  expect_loads(file.tensors);  // "first_stage_model."
}

TEST(VaeFile, ScaleComesFromConfigThenMetadataThenTheModel) {
  const TensorMap tensors =
      vae_to_diffusers(below(SpoiledFile("weights_sd1.safetensors").tensors, "first_stage_model."))
          .tensors;
  const VaeConfig sdxl{.scaling_factor = 0.13025f};
  TempDir dir;
  const fs::path path = dir / "diffusion_pytorch_model.safetensors";
  write_safetensors(path, tensors, {});
  EXPECT_FLOAT_EQ(open_vae(path).config.scaling_factor, 0.18215f);
  EXPECT_FLOAT_EQ(open_vae(path, &sdxl).config.scaling_factor, 0.13025f);
  write_safetensors(path, tensors, {{"pentimento.config", R"({"vae":{"scaling_factor":0.7}})"}});
  EXPECT_FLOAT_EQ(open_vae(path, &sdxl).config.scaling_factor, 0.7f);
  testing::write_bytes(
      dir / "config.json",
      R"({"_class_name":"AutoencoderKL","scaling_factor":0.9,"norm_num_groups":4})");
  EXPECT_FLOAT_EQ(open_vae(path, &sdxl).config.scaling_factor, 0.9f);
  EXPECT_EQ(open_vae(dir.path()).config.norm_num_groups, 4) << "a folder of the VAE alone";
  testing::write_bytes(dir / "config.json",
                       R"({"_class_name":"UNet2DConditionModel","scaling_factor":0.9})");
  EXPECT_FLOAT_EQ(open_vae(path).config.scaling_factor, 0.7f)
      << "another model's config is not its";
}

TEST(VaeFile, AWholeFolderGivesItsVae) {
  const VaeFile vae = open_vae(testing::golden_path("weights_folder"));
  EXPECT_FLOAT_EQ(vae.config.scaling_factor, 0.5f);
  const json expected =
      json::parse(testing::read_bytes(testing::golden_path("weights_folder/expected.json")));
  testing::expect_recorded(vae.tensors, expected.at("vae"));
}

TEST(TinyVae, DiffusersNamesLoad) {
  const VaeFile vae = open_vae(testing::golden_path("weights_tiny_vae.safetensors"));
  testing::expect_recorded(vae.tensors, expected_vae("weights_tiny_vae.safetensors"));
  EXPECT_TRUE(vae.config.tiny);
  EXPECT_EQ(vae.config.latent_channels, 6);
  EXPECT_EQ(vae.config.scale_factor, 4);
  EXPECT_THAT(vae.config.block_out_channels, ElementsAre(8, 8, 8));
  EXPECT_FLOAT_EQ(vae.config.scaling_factor, 1.0f);
  EXPECT_FLOAT_EQ(vae.config.shift_factor, 0.0f);
}

TEST(TinyVae, TheRealPairLoadsFromEitherHalfAndFromTheFolder) {
  for (const char* name : {"taef2_encoder.pth", "taef2_decoder.pth", ""}) {
    const VaeFile vae = open_vae(testing::source_path("assets/taef2") / name);
    EXPECT_TRUE(vae.config.tiny);
    EXPECT_EQ(vae.config.latent_channels, 32);
    EXPECT_EQ(vae.config.scale_factor, 8);
    EXPECT_EQ(vae.tensors.at("encoder.layers.0.weight").shape, (Shape{64, 3, 3, 3}));
    EXPECT_EQ(vae.tensors.at("encoder.layers.11.pool.0.weight").shape, (Shape{256, 64, 1, 1}));
    EXPECT_EQ(vae.tensors.at("encoder.layers.14.bias").shape, (Shape{32}));
    EXPECT_EQ(vae.tensors.at("decoder.layers.0.weight").shape, (Shape{64, 32, 3, 3}));
    EXPECT_EQ(vae.tensors.at("decoder.layers.18.weight").shape, (Shape{3, 64, 3, 3}));
    EXPECT_EQ(vae.tensors.size(), 158u);
  }
}

TEST(TinyVae, OriginalNamesInOneFileLoad) {
  SpoiledFile file("weights_tiny_vae.safetensors");
  file.tensors = tiny_vae_to_ldm(file.tensors).tensors;
  TempDir dir;
  const VaeFile vae = open_vae(file.write(dir / "taesd.safetensors"));
  testing::expect_recorded(vae.tensors, expected_vae("weights_tiny_vae.safetensors"));
}

TEST(TinyVae, ChannelNumbersComeFromConfigTensorsOrTheModel) {
  SpoiledFile file("weights_tiny_vae.safetensors");
  TempDir dir;
  VaeConfig model;
  model.latents_mean = {1, 2, 3, 4, 5, 6};
  model.latents_std = {6, 5, 4, 3, 2, 1};
  EXPECT_EQ(open_vae(file.write(dir / "a.safetensors"), &model).config.latents_mean,
            model.latents_mean);
  file.tensors.emplace("latent_mean", testing::tensor_f32({6}, {0, 0, 0, 0, 0, 1}));
  file.tensors.emplace("latent_std", testing::tensor_f32({6}, {1, 1, 1, 1, 1, 2}));
  const VaeFile with_tensors = open_vae(file.write(dir / "b.safetensors"), &model);
  EXPECT_THAT(with_tensors.config.latents_mean, ElementsAre(0, 0, 0, 0, 0, 1));
  EXPECT_THAT(with_tensors.config.latents_std, ElementsAre(1, 1, 1, 1, 1, 2));
  EXPECT_FALSE(with_tensors.tensors.contains("latent_mean")) << "the network has no such layer";
  file.config(
      {{"vae", {{"latents_mean", {9, 9, 9, 9, 9, 9}}, {"latents_std", {8, 8, 8, 8, 8, 8}}}}});
  EXPECT_THAT(open_vae(file.write(dir / "c.safetensors")).config.latents_std,
              ElementsAre(8, 8, 8, 8, 8, 8));
  file.tensors.insert_or_assign("latent_std", testing::tensor_f32({2}, {1, 1}));
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                               [&] { open_vae(file.write(dir / "d.safetensors")); }),
              HasSubstr("'latent_std' is [2], expected [6]"));
}

TEST(TinyVae, ALonelyHalfIsRefused) {
  TempDir dir;
  const fs::path assets = testing::source_path("assets/taef2");
  fs::copy(assets / "taef2_encoder.pth", dir / "tae_encoder.pth");
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { open_vae(dir / "tae_encoder.pth"); }),
              HasSubstr("tae_decoder.pth, is not beside it"));
  fs::copy(assets / "taef2_encoder.pth", dir / "tae_decoder.pth");
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile, [&] { open_vae(dir / "tae_encoder.pth"); }),
              HasSubstr("is not the decoder half"));
  fs::copy(assets / "taef2_encoder.pth", dir / "other.pth");
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { open_vae(dir / "other.pth"); }),
              HasSubstr("name the two files"));
}

TEST(TinyVae, HalvesThatDoNotFitAreRefused) {
  SpoiledFile file("weights_tiny_vae.safetensors");
  file.channels("decoder.layers.0.weight", 5);
  TempDir dir;
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                               [&] { open_vae(file.write(dir / "t.safetensors")); }),
              HasSubstr("its encoder makes 6 latent channels, its decoder reads 5"));
}

TEST(TinyVae, AbsurdReductionsAreRefused) {
  SpoiledFile file("weights_tiny_vae.safetensors");
  for (int i = 20; i < 60; ++i)
    file.tensors.emplace("encoder.layers." + std::to_string(i) + ".weight",
                         file.tensors.at("encoder.layers.2.weight"));
  TempDir dir;
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                               [&] { open_vae(file.write(dir / "t.safetensors")); }),
              HasSubstr("more than 6 times"));
}

TEST(VaeFile, AnythingElseIsRefused) {
  TempDir dir;
  testing::refusal(ErrorKind::NotFound, [&] { open_vae(dir / "absent.safetensors"); });
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { open_vae(dir.path()); }),
              HasSubstr("holds no VAE"));
  write_safetensors(dir / "l.safetensors",
                    {{"lora_unet_x.lora_up.weight", testing::tensor_f32({1, 1}, {1})}}, {});
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { open_vae(dir / "l.safetensors"); }),
              ::testing::AllOf(HasSubstr("is a LoRA"), HasSubstr("expected a VAE")));
  SpoiledFile file("weights_sd1.safetensors");
  file.without("first_stage_model.").write(dir / "m.safetensors");
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { open_vae(dir / "m.safetensors"); }),
              HasSubstr("without a VAE inside"));
  SpoiledFile half("weights_sd1.safetensors");
  half.without("first_stage_model.decoder.up.1.").without("model.");
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                               [&] { open_vae(half.write(dir / "h.safetensors")); }),
              HasSubstr("the VAE lacks"));
}

}  // namespace
}  // namespace pentimento
