#include "image/resize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <sstream>

#include "base/error.h"
#include "image/codec.h"
#include "image/golden_image.h"

namespace pentimento {
namespace {

using testing::equals_golden;
using testing::Golden;
using testing::golden_image;
using testing::source_path;

const Golden& golden() {
  static const Golden golden("image_resize.safetensors");
  return golden;
}

const Image& source(const std::string& name) {
  static std::map<std::string, Image> sources;
  Image& image = sources[name];
  if (image.empty()) {
    image = name.find('.') == std::string::npos
                ? golden_image(golden(), "source/" + name)
                : read_picture(source_path("examples/" + name)).image;
  }
  return image;
}

// The parts of a key between slashes, without what tells pixels from hashes.
std::vector<std::string> parts_of(const std::string& key) {
  std::vector<std::string> parts;
  std::istringstream in(key);
  for (std::string part; std::getline(in, part, '/');) {
    if (part != "sha256") parts.push_back(part);
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string key = parts.at(0);
  for (size_t i = 1; i < parts.size(); ++i) key += "/" + parts[i];
  return key;
}

std::pair<int, int> size_of(const std::string& text) {
  return {std::stoi(text), std::stoi(text.substr(text.find('x') + 1))};
}

template <typename Check>
int for_each_case(const std::string& kind, Check check) {
  int count = 0;
  for (const auto& [key, view] : golden().file().tensors) {
    const auto parts = parts_of(key);
    if (parts[0] != kind || parts.back() == "shape") continue;
    check(joined(parts), parts);
    ++count;
  }
  return count;
}

Image random_image(int width, int height, int channels, unsigned seed) {
  std::mt19937 random(seed);
  Image image(width, height, channels);
  for (uint8_t& v : image.pixels) v = static_cast<uint8_t>(random());
  return image;
}

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::Cancelled;
}

TEST(Resize, MatchesPillowInEveryFilterSizeAndBox) {
  const int cases = for_each_case("resize", [](const std::string& key, const auto& parts) {
    const auto [width, height] = size_of(parts[2]);
    const auto filter = static_cast<Filter>(std::stoi(parts[3]));
    const Image& image = source(parts[1]);
    if (parts.size() == 4) {
      EXPECT_TRUE(equals_golden(resize(image, width, height, filter), golden(), key));
      return;
    }
    const auto box = golden().tensor("box/" + parts[4]).data;
    EXPECT_TRUE(equals_golden(
        resize(image, width, height, filter, {box[0], box[1], box[2], box[3]}), golden(), key));
  });
  EXPECT_GT(cases, 300);
}

TEST(Resize, ToItsOwnSizeIsTheSamePicture) {
  const Image image = random_image(19, 23, 4, 1);
  for (int f = 0; f < 6; ++f) EXPECT_EQ(resize(image, 19, 23, static_cast<Filter>(f)), image);
}

TEST(Resize, KeepsAFlatColourFlat) {
  const Image flat(31, 17, 3, 201);
  for (int f = 0; f < 6; ++f) {
    for (const auto& [w, h] : {std::pair{5, 3}, std::pair{100, 90}, std::pair{31, 60}}) {
      EXPECT_EQ(resize(flat, w, h, static_cast<Filter>(f)), Image(w, h, 3, 201));
    }
  }
}

TEST(Resize, TreatsChannelsAlike) {
  const Image grey = random_image(40, 30, 1, 2);
  EXPECT_EQ(resize(to_rgb(grey), 23, 47, Filter::Lanczos),
            to_rgb(resize(grey, 23, 47, Filter::Lanczos)));
}

TEST(Resize, LetsNoColourBleedOutOfTransparentPixels) {
  Image image(8, 1, 4);  // left half: transparent red, right half: opaque green
  for (int x = 0; x < 8; ++x) {
    image.at(x, 0)[x < 4 ? 0 : 1] = 255;
    image.at(x, 0)[3] = x < 4 ? 0 : 255;
  }
  const Image out = resize(image, 3, 1, Filter::Bilinear);
  for (int x = 0; x < 3; ++x) EXPECT_EQ(out.at(x, 0)[0], 0);
}

TEST(Resize, RefusesWhatHasNoPixels) {
  const Image image(4, 4, 3);
  EXPECT_EQ(kind_of([&] { resize(image, 0, 4, Filter::Box); }), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind_of([&] { resize(image, 4, -1, Filter::Box); }), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind_of([&] { resize(Image(), 4, 4, Filter::Box); }), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind_of([&] { resize(Image(4, 4, 2), 2, 2, Filter::Box); }),
            ErrorKind::InvalidArgument);
  for (const BoxF& box :
       {BoxF{-1, 0, 4, 4}, BoxF{0, 0, 4.1, 4}, BoxF{3, 0, 2, 4}, BoxF{0, 0, std::nan(""), 4}}) {
    EXPECT_EQ(kind_of([&] { resize(image, 2, 2, Filter::Box, box); }), ErrorKind::InvalidArgument);
  }
}

TEST(ResizeMode, MatchesA1111InEveryShape) {
  const int cases = for_each_case("mode", [](const std::string& key, const auto& parts) {
    const auto [width, height] = size_of(parts[2]);
    const auto mode = static_cast<ResizeMode>(std::stoi(parts[3]));
    EXPECT_TRUE(equals_golden(resize_image(source(parts[1]), width, height, mode), golden(), key));
  });
  EXPECT_GT(cases, 60);
}

TEST(ResizeMode, AlwaysGivesTheSizeAskedFor) {
  for (const auto& [w, h] : {std::pair{1, 300}, std::pair{300, 1}, std::pair{7, 5}}) {
    const Image image = random_image(w, h, 3, 3);
    for (int mode = 0; mode < 3; ++mode) {
      const Image out = resize_image(image, 64, 48, static_cast<ResizeMode>(mode));
      EXPECT_EQ(out.width, 64);
      EXPECT_EQ(out.height, 48);
    }
  }
}

TEST(ResizeMode, LatentLeavesThePictureToTheLatent) {
  const Image image = random_image(9, 8, 3, 4);
  EXPECT_EQ(resize_image(image, 64, 64, ResizeMode::Latent), image);
}

TEST(ResizeMode, DropsAlpha) {
  const Image image = random_image(9, 8, 4, 5);
  EXPECT_EQ(resize_image(image, 16, 16, ResizeMode::Fill).channels, 3);
}

}  // namespace
}  // namespace pentimento
