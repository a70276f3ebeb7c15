#include "pipelines/preprocess.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/canny.h"
#include "image/codec.h"
#include "support/golden.h"

namespace pentimento {
namespace {

Image photo() { return to_rgb(read_picture(testing::golden_path("pipelines_input.png")).image); }

double share_of_white(const Image& image) {
  size_t white = 0;
  for (const uint8_t value : image.pixels) white += value > 127;
  return static_cast<double>(white) / static_cast<double>(image.pixels.size());
}

TEST(Preprocessor, IsFoundByKeyByA1111sNameAndByAlias) {
  for (const PreprocessorInfo& info : preprocessors()) {
    EXPECT_EQ(parse_preprocessor(info.key), info.id);
    EXPECT_EQ(parse_preprocessor(info.module), info.id);
    EXPECT_EQ(&info_of(info.id), &info) << info.key;
  }
  EXPECT_EQ(parse_preprocessor("None"), Preprocessor::None);
  EXPECT_EQ(parse_preprocessor("inpaint_global_harmonious"), Preprocessor::Inpaint);
}

TEST(Preprocessor, ThatIsANetworkIsRefusedByName) {
  const auto kind = [](const std::string& name) {
    try {
      parse_preprocessor(name);
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(name), std::string::npos);
      return e.kind();
    }
    return ErrorKind::Internal;
  };
  for (const char* name : {"depth_midas", "openpose_full", "softedge_hed", "lineart_realistic"})
    EXPECT_EQ(kind(name), ErrorKind::Unsupported) << name;
  EXPECT_EQ(kind("cany"), ErrorKind::InvalidArgument);
}

TEST(Preprocess, UsesTheUsualThresholdsAndBringsOthersIntoRange) {
  const Image picture = photo();
  const auto with = [&](double a, double b) {
    return preprocess(picture, {Preprocessor::Canny, a, b});
  };
  EXPECT_EQ(with(-1, -1), with(100, 200));
  EXPECT_EQ(with(-1, -1), to_rgb(canny(picture, 100, 200)));
  EXPECT_EQ(with(900, 5000), with(255, 255));
}

TEST(Preprocess, KeepsPicturesAndInvertsThem) {
  const Image picture = photo();
  EXPECT_EQ(preprocess(picture, {Preprocessor::None}), picture);
  EXPECT_EQ(preprocess(picture, {Preprocessor::Tile}), picture);
  const Image inverted = preprocess(picture, {Preprocessor::Invert});
  EXPECT_EQ(inverted.pixels[5], 255 - picture.pixels[5]);
  EXPECT_NE(preprocess(picture, {Preprocessor::Tile, 4}), picture);
}

TEST(ControlPicture, HasTheSizeOfTheRunWhateverTheShape) {
  for (const PreprocessorInfo& info : preprocessors())
    for (const ResizeMode mode : {ResizeMode::Stretch, ResizeMode::Crop, ResizeMode::Fill}) {
      const Image map = control_picture(photo(), {info.id}, 64, 120, mode);
      EXPECT_EQ(map.width, 64);
      EXPECT_EQ(map.height, 120);
      EXPECT_EQ(map.channels, 3);
    }
}

// A flat picture has no edges, however it is cut or padded: bars and frames are none.
TEST(ControlPicture, DoesNotTakeTheFrameForAnEdge) {
  const Image grey(90, 40, 3, 140);
  for (const ResizeMode mode : {ResizeMode::Stretch, ResizeMode::Crop, ResizeMode::Fill})
    for (const Preprocessor p : {Preprocessor::Canny, Preprocessor::SoftEdge,
                                 Preprocessor::Scribble, Preprocessor::LineArt})
      EXPECT_EQ(share_of_white(control_picture(grey, {p}, 64, 64, mode)), 0) << info_of(p).key;
}

TEST(ControlTensor, MarksWhatIsToBePainted) {
  Image picture(2, 1, 3, 0);
  picture.pixels = {0, 51, 255, 10, 20, 30};
  EXPECT_EQ(control_tensor(picture, nullptr).shape, (Shape{1, 3, 1, 2}));
  EXPECT_FLOAT_EQ(control_tensor(picture, nullptr).data[2], 0.2f);
  Image mask(2, 1, 1, 0);
  mask.pixels[1] = 128;
  const Tensor marked = control_tensor(picture, &mask);
  EXPECT_EQ(marked.data[1], -1);
  EXPECT_EQ(marked.data[3], -1);
  EXPECT_FLOAT_EQ(marked.data[2], 0.2f);
  const Image small(1, 1, 1, 0);
  EXPECT_THROW(control_tensor(picture, &small), Error);
}

}  // namespace
}  // namespace pentimento
