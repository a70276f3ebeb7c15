#include "weights/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

using testing::golden_path;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::tensor_f32;
namespace fs = std::filesystem;

const std::string kUnet = "model.diffusion_model.";

fs::path file(const TempDir& dir, const char* name, const TensorMap& tensors,
              const std::map<std::string, std::string>& metadata = {}) {
  write_safetensors(dir / name, tensors, metadata);
  return dir / name;
}

TensorView of(float value, Shape shape = {2}) {
  return tensor_f32(shape, std::vector<float>(static_cast<size_t>(element_count(shape)), value));
}

TEST(Convert, ChangesTheTypeOfRealNumbersOnly) {
  TempDir dir;
  const fs::path from = file(dir, "a.safetensors",
                             {{"w", tensor_f32({3}, {1.0f, -2.5f, 1e-3f})},
                              {"ids", testing::tensor_of<int64_t>(DType::I64, {2}, {3, 4})}},
                             {{"note", "kept"}});
  for (const DType dtype : {DType::F16, DType::BF16, DType::F32}) {
    const ConvertReport report = convert(from, dir / "b.safetensors", {.dtype = dtype}, {});
    EXPECT_EQ(report.tensors, 2);
    const TensorFile made = read_safetensors(dir / "b.safetensors");
    EXPECT_EQ(made.tensors.at("w").dtype, dtype);
    EXPECT_EQ(made.tensors.at("ids").dtype, DType::I64);
    EXPECT_NEAR(made.tensors.at("w").to_f32()[2], 1e-3, 1e-5);
    EXPECT_EQ(made.metadata.at("note"), "kept");
  }
}

TEST(Convert, ReadsPyTorchFilesAndGguf) {
  TempDir dir;
  convert(golden_path("weights_torch_protocol2.pt"), dir / "t.safetensors", {}, {});
  const TensorFile original = read_tensor_file(golden_path("weights_torch_protocol2.pt"));
  const TensorFile made = read_safetensors(dir / "t.safetensors");
  ASSERT_EQ(made.tensors.size(), original.tensors.size());
  for (const auto& [name, tensor] : original.tensors)
    EXPECT_EQ(made.tensors.at(name).to_f32(), tensor.to_f32()) << name;
  convert(golden_path("weights_gguf.gguf"), dir / "g.safetensors", {.dtype = DType::F32}, {});
  const testing::Golden golden("weights_gguf.safetensors");
  for (const auto& [name, tensor] : read_safetensors(dir / "g.safetensors").tensors)
    EXPECT_LT(testing::relative_error(tensor.to_f32(), golden.tensor(name).data), 1e-6) << name;
}

TEST(Convert, PrunesAndTakesEmaCopies) {
  TempDir dir;
  const fs::path from =
      file(dir, "a.safetensors",
           {{kUnet + "out.2.weight", of(1)},
            {kUnet + "out.2.bias", of(1)},
            {"model_ema.diffusion_modelout2weight", of(5)},
            {"model_ema.decay", of(0, {1})},
            {"alphas_cumprod", of(0)},
            {"cond_stage_model.transformer.text_model.embeddings.position_ids", of(0)}});
  const auto converted = [&](const ConvertOptions& options, ConvertReport& report) {
    report = convert(from, dir / "b.safetensors", options, {});
    return read_safetensors(dir / "b.safetensors").tensors;
  };
  ConvertReport report;
  EXPECT_EQ(converted({.prune = true}, report).size(), 2u);
  EXPECT_EQ(report.left_out, 4);
  const TensorMap ema = converted({.use_ema = true}, report);
  EXPECT_EQ(report.from_ema, 1);
  EXPECT_EQ(ema.at(kUnet + "out.2.weight").to_f32()[0], 5);
  EXPECT_EQ(ema.at(kUnet + "out.2.bias").to_f32()[0], 1);  // has no copy
  EXPECT_FALSE(has_prefix(ema, "model_ema."));
}

TEST(Convert, TakesTheVaeOutAndPutsAnotherIn) {
  TempDir dir;
  const fs::path sd1 = golden_path("weights_sd1.safetensors");
  convert(sd1, dir / "vae.safetensors", {.vae = VaePart::Only}, {});
  const VaeFile own = open_vae(dir / "vae.safetensors"), inside = open_vae(sd1);
  EXPECT_EQ(own.tensors.size(), inside.tensors.size());
  convert(sd1, dir / "bare.safetensors", {.vae = VaePart::Drop}, {});
  EXPECT_TRUE(open_checkpoint(dir / "bare.safetensors").vae.empty());
  // What was taken out goes in again, and the checkpoint is what it was.
  const ConvertReport report = convert(dir / "bare.safetensors", dir / "whole.safetensors",
                                       {.other_vae = dir / "vae.safetensors"}, {});
  EXPECT_EQ(report.from_vae, static_cast<int>(inside.tensors.size()));
  const Checkpoint whole = open_checkpoint(dir / "whole.safetensors"), first = open_checkpoint(sd1);
  ASSERT_EQ(whole.vae.size(), first.vae.size());
  for (const auto& [name, tensor] : first.vae)
    EXPECT_EQ(whole.vae.at(name).to_f32(), tensor.to_f32()) << name;
}

TEST(Convert, RefusesWhatMakesNoSense) {
  TempDir dir;
  const fs::path plain = file(dir, "a.safetensors", {{"w", of(1)}});
  const auto refuse = [&](const fs::path& from, const fs::path& to, const ConvertOptions& options) {
    return testing::refusal(ErrorKind::InvalidArgument, [&] { convert(from, to, options, {}); });
  };
  EXPECT_THAT(refuse(plain, dir / "b.safetensors", {.use_ema = true}), HasSubstr("no EMA copies"));
  EXPECT_THAT(refuse(plain, dir / "b.safetensors", {.vae = VaePart::Only}),
              HasSubstr("holds no VAE"));
  EXPECT_THAT(refuse(plain, plain, {}), HasSubstr("is the file that is read"));
  EXPECT_THAT(refuse(plain, dir / "b.safetensors",
                     {.vae = VaePart::Drop, .other_vae = dir / "vae.safetensors"}),
              HasSubstr("choose one"));
  EXPECT_THAT(refuse(plain, dir / "b.safetensors",
                     {.other_vae = testing::source_path("assets/taef2/taef2_encoder.pth")}),
              HasSubstr("tiny autoencoder"));
  EXPECT_FALSE(fs::exists(dir / "b.safetensors"));
}

TEST(Convert, WhenCancelledLeavesNothing) {
  TempDir dir;
  const fs::path plain = file(dir, "a.safetensors", {{"w", of(1)}});
  Progress progress;
  progress.cancel.cancel();
  EXPECT_THROW(convert(plain, dir / "b.safetensors", {}, progress), Error);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

// --- merging -------------------------------------------------------------------------------------

class Merge : public ::testing::Test {
 protected:
  TempDir dir;
  static TensorMap model(float value) {
    return {{kUnet + "time_embed.0.weight", of(value)},
            {kUnet + "input_blocks.0.0.weight", of(value, {2, 4, 1, 1})},
            {kUnet + "input_blocks.1.0.weight", of(value)},
            {kUnet + "middle_block.0.weight", of(value)},
            {kUnet + "output_blocks.0.0.weight", of(value)},
            {kUnet + "out.0.weight", of(value)},
            {"cond_stage_model.x.weight", of(value)},
            {"left.over", of(value)}};
  }
  fs::path a = file(dir, "a.safetensors", model(1)), b = file(dir, "b.safetensors", model(3)),
           c = file(dir, "c.safetensors", model(2));

  TensorMap merged(const MergeOptions& options, bool with_c = false) {
    merge_models(a, b, with_c ? std::optional(c) : std::nullopt, dir / "m.safetensors", options,
                 {});
    return read_safetensors(dir / "m.safetensors").tensors;
  }
  std::string refuse(const MergeOptions& options, bool with_c = false) {
    return testing::refusal(ErrorKind::InvalidArgument, [&] { merged(options, with_c); });
  }
  static float value(const TensorMap& tensors, const std::string& name) {
    return tensors.at(name).to_f32()[0];
  }
};

TEST_F(Merge, SumsByWeight) {
  const TensorMap made = merged({.ratio = 0.25});
  EXPECT_FLOAT_EQ(value(made, kUnet + "middle_block.0.weight"), 1.5);
  EXPECT_FLOAT_EQ(value(made, "cond_stage_model.x.weight"), 1.5);
  EXPECT_EQ(value(made, "left.over"), 1);  // what is no part of a model stays as in A
  EXPECT_THAT(read_safetensors(dir / "m.safetensors").metadata.at("pentimento.merge"),
              HasSubstr("\"ratio\":0.25"));
}

TEST_F(Merge, AddsTheDifference) {
  const TensorMap made = merged({.mode = MergeOptions::Mode::AddDifference, .ratio = 0.5}, true);
  EXPECT_FLOAT_EQ(value(made, kUnet + "out.0.weight"), 1.5);
}

TEST_F(Merge, WeighsBlocks) {
  const TensorMap made = merged({.ratio = 1, .blocks = {0, 0.1, 0.2, 0.3}});
  EXPECT_FLOAT_EQ(value(made, kUnet + "time_embed.0.weight"), 1);
  EXPECT_FLOAT_EQ(value(made, kUnet + "input_blocks.0.0.weight"), 1);
  EXPECT_FLOAT_EQ(value(made, kUnet + "input_blocks.1.0.weight"), 1.2f);
  EXPECT_FLOAT_EQ(value(made, kUnet + "middle_block.0.weight"), 1.4f);
  EXPECT_FLOAT_EQ(value(made, kUnet + "output_blocks.0.0.weight"), 1.6f);
  EXPECT_FLOAT_EQ(value(made, kUnet + "out.0.weight"), 1.6f);
  EXPECT_FLOAT_EQ(value(made, "cond_stage_model.x.weight"), 3);
}

TEST_F(Merge, KeepsTheExtraChannelsOfAnInpaintingModel) {
  TensorMap wide = model(1);
  wide.insert_or_assign(kUnet + "input_blocks.0.0.weight", of(1, {2, 9, 1, 1}));
  write_safetensors(a, wide, {});
  const std::vector<float> made =
      merged({.ratio = 0.5}).at(kUnet + "input_blocks.0.0.weight").to_f32();
  ASSERT_EQ(made.size(), 18u);
  for (size_t i = 0; i < made.size(); ++i) EXPECT_FLOAT_EQ(made[i], i % 9 < 4 ? 2 : 1);
  std::swap(a, b);
  EXPECT_THAT(refuse({}), HasSubstr("name the inpainting model first"));
}

TEST_F(Merge, IsTheFirstModelAtRatioZeroAndTheSecondAtOne) {
  const fs::path sd1 = golden_path("weights_sd1.safetensors");
  testing::SpoiledFile other("weights_sd1.safetensors");
  for (auto& [name, tensor] : other.tensors)
    if (tensor.dtype == DType::F16) {
      std::vector<float> values = tensor.to_f32();
      for (float& v : values) v = -v;
      tensor = testing::tensor_f16(tensor.shape, values);
    }
  const fs::path second = other.write(dir / "negative.safetensors");
  for (const double ratio : {0.0, 1.0}) {
    merge_models(sd1, second, {}, dir / "m.safetensors", {.ratio = ratio}, {});
    const TensorMap made = read_safetensors(dir / "m.safetensors").tensors;
    const TensorMap expected = read_safetensors(ratio == 0 ? sd1 : second).tensors;
    for (const auto& [name, tensor] : expected)
      if (name.starts_with(kUnet)) {
        EXPECT_EQ(made.at(name).to_f32(), tensor.to_f32()) << name;
      }
  }
}

TEST_F(Merge, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refuse({.ratio = 11}), HasSubstr("from -10 to 10"));
  EXPECT_THAT(refuse({.blocks = {1, 2}}), HasSubstr("has 4 blocks, but 2 weights"));
  EXPECT_THAT(refuse({}, true), HasSubstr("choose --mode add-difference"));
  EXPECT_THAT(refuse({.mode = MergeOptions::Mode::AddDifference}), HasSubstr("three models"));
  TensorMap other = model(3);
  other.insert_or_assign(kUnet + "middle_block.0.weight", of(1, {3}));
  write_safetensors(b, other, {});
  EXPECT_THAT(refuse({}), HasSubstr("only models of one family can be merged"));
  write_safetensors(b, {{kUnet + "elsewhere", of(1)}}, {});
  EXPECT_THAT(refuse({}), HasSubstr("no tensor in common"));
  write_safetensors(b, {{"w", of(1)}}, {});
  EXPECT_THAT(refuse({}), HasSubstr("no checkpoint in the usual layout"));
  const std::string same =
      testing::refusal(ErrorKind::InvalidArgument, [&] { merge_models(a, c, {}, c, {}, {}); });
  EXPECT_THAT(same, HasSubstr("is the file that is read"));
}

}  // namespace
}  // namespace pentimento
