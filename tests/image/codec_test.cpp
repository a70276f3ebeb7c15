#include "image/codec.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <vips/vips.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "image/exif.h"
#include "image/png_text.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::source_path;
using testing::TempDir;

const Golden& golden() {
  static const Golden golden("image_codec.safetensors");
  return golden;
}

std::span<const std::byte> file(const std::string& name) {
  return golden().file().tensors.at(name).bytes;
}

Picture decode(const std::string& name) { return decode_picture(file(name), name); }

Image expected(const std::string& name) {
  const auto& view = golden().file().tensors.at(name + "/pixels");
  Image image(static_cast<int>(view.shape[1]), static_cast<int>(view.shape[0]),
              static_cast<int>(view.shape[2]));
  std::memcpy(image.pixels.data(), view.bytes.data(), image.pixels.size());
  return image;
}

int difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 999;
  int most = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  }
  return most;
}

double psnr(const Image& a, const Image& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    sum += (a.pixels[i] - b.pixels[i]) * (a.pixels[i] - b.pixels[i]);
  }
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / std::max(sum, 1.0));
}

std::string chinese() { return golden().text("chinese"); }

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The kind and message of the refusal; fails if there is none.
Error refusal(std::span<const std::byte> bytes, const std::string& name,
              const DecodeLimits& limits = {}) {
  try {
    decode_picture(bytes, name, limits);
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_TRUE(message.starts_with(name + ": ")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return error;
  }
  ADD_FAILURE() << name << " was accepted";
  return Error(ErrorKind::Internal, "");
}

class CodecExact : public ::testing::TestWithParam<const char*> {};

TEST_P(CodecExact, DecodesToTheExpectedPixels) {
  EXPECT_EQ(difference(decode(GetParam()).image, expected(GetParam())), 0);
}

INSTANTIATE_TEST_SUITE_P(Lossless, CodecExact,
                         ::testing::Values("rgb.png", "rgba.png", "grey.png", "grey_alpha.png",
                                           "bit.png", "palette.png", "palette_alpha.png",
                                           "rgb16.png", "rgba16.png", "grey16.png", "one_pixel.png",
                                           "text.png", "exif.png", "srgb_profile.png",
                                           "broken_profile.png", "animated.gif", "animated.webp",
                                           "rgb.webp", "rgba.webp", "exif.webp", "rgb.tif",
                                           "lzw.tif", "bit.tif", "rotated.tif", "rgb16.tif",
                                           "text_bomb.png", "many_bombs.png", "many_texts.png"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Codec, DecodesJpegAsOtherDecodersDo) {
  for (const char* name : {"rgb.jpg", "grey.jpg", "progressive.jpg"}) {
    EXPECT_LE(difference(decode(name).image, expected(name)), 1) << name;
  }
}

TEST(Codec, TurnsAllEightOrientationsUpright) {
  for (int n = 1; n <= 8; ++n) {
    const std::string name = "orientation" + std::to_string(n) + ".jpg";
    EXPECT_LE(difference(decode(name).image, expected(name)), 1) << name;
  }
}

TEST(Codec, BringsAWideGamutToSrgb) {
  EXPECT_LE(difference(decode("wide_profile.png").image, expected("wide_profile.png")), 1);
  EXPECT_LE(difference(decode("wide_profile.jpg").image, expected("wide_profile.jpg")), 2);
  EXPECT_GT(difference(decode("wide_profile.png").image, expected("rgb.png")), 20);
}

TEST(Codec, UnderstandsCmyk) {
  for (const char* name : {"cmyk.jpg", "cmyk.tif"}) {
    const Image image = decode(name).image;
    ASSERT_EQ(image.channels, 3) << name;
    const auto color = [&](int x, int y) {
      const uint8_t* p = image.at(x, y);
      return std::array<int, 3>{p[0], p[1], p[2]};
    };
    const auto white = color(3, 3), black = color(12, 3), cyan = color(3, 12), red = color(12, 12);
    EXPECT_GE(std::min({white[0], white[1], white[2]}), 250) << name;
    EXPECT_LE(std::max({black[0], black[1], black[2]}), 70) << name;
    EXPECT_TRUE(cyan[0] < 60 && cyan[1] > 120 && cyan[2] > 180) << name;
    EXPECT_TRUE(red[0] > 180 && red[1] < 60 && red[2] < 70) << name;
  }
}

TEST(Codec, DecodesAvifAndHeicWhereTheSystemDoes) {
  vips_init("test");
  if (!vips_type_find("VipsOperation", "heifload_buffer")) GTEST_SKIP() << "no libheif here";
  EXPECT_LE(difference(decode("rgb.avif").image, expected("rgb.avif")), 6);
  EXPECT_LE(difference(decode("flat.heic").image, expected("flat.heic")), 6);
  EXPECT_EQ(decode("rgb.avif").format, "avif");
  EXPECT_EQ(decode("flat.heic").format, "heic");
}

TEST(Codec, NamesTheFormatByContent) {
  EXPECT_EQ(decode("rgb.png").format, "png");
  EXPECT_EQ(decode("rgb.jpg").format, "jpeg");
  EXPECT_EQ(decode("rgb.webp").format, "webp");
  EXPECT_EQ(decode("rgb.tif").format, "tiff");
  EXPECT_EQ(decode("animated.gif").format, "gif");
  EXPECT_EQ(decode_picture(file("rgb.jpg"), "misnamed.png").format, "jpeg");
}

TEST(Codec, ReadsEveryKindOfPngText) {
  const auto text = decode("text.png").text;
  EXPECT_EQ(text.at("parameters"), "a cat, café\nSteps: 20");
  EXPECT_EQ(text.at("zipped"), std::string(5000, 'x'));
  EXPECT_EQ(text.at("Chinese"), chinese());
  std::string longer;
  for (int i = 0; i < 3000; ++i) longer += chinese();
  EXPECT_EQ(text.at("long"), longer);
}

TEST(Codec, ReadsUserCommentInEveryEncoding) {
  EXPECT_EQ(decode("comment_unicode.jpg").text.at("parameters"), chinese());
  EXPECT_EQ(decode("comment_little.jpg").text.at("parameters"), "Steps: 20, Size: 64x64");
  EXPECT_EQ(decode("comment_ascii.jpg").text.at("parameters"), "Steps: 20");
  EXPECT_EQ(decode("comment_jis.jpg").text.at("parameters"), "猫の絵");
  EXPECT_EQ(decode("comment_raw.jpg").text.at("parameters"), "Steps: 20 猫");
  EXPECT_EQ(decode("exif.png").text.at("parameters"), chinese());
  EXPECT_EQ(decode("exif.webp").text.at("parameters"), chinese());
  EXPECT_EQ(decode("animated.gif").text.at("parameters"), chinese());
  EXPECT_TRUE(decode("rgb.jpg").text.empty());
}

TEST(Codec, LeavesOutTextThatInflatesWithoutEnd) {
  EXPECT_FALSE(decode("text_bomb.png").text.contains("bomb"));
  EXPECT_LE(decode("many_bombs.png").text.size(), 3u);
  EXPECT_EQ(decode("many_texts.png").text.size(), 500u);
}

TEST(Codec, ReadsTheExamplePhotographs) {
  for (const auto& entry : std::filesystem::directory_iterator(source_path("examples"))) {
    if (entry.path().extension() == ".md") continue;
    const Picture picture = read_picture(entry.path());
    EXPECT_EQ(picture.image.channels, 3) << entry.path();
    EXPECT_GE(picture.image.width, 256) << entry.path();
  }
}

TEST(Codec, RefusesAHugePictureBeforeDecoding) {
  for (const char* name : {"huge_header.png", "huge_header.tif"}) {
    const Error error = refusal(file(name), name);
    EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
    EXPECT_NE(std::string(error.what()).find("100000x100000"), std::string::npos) << error.what();
  }
}

TEST(Codec, KeepsToTheLimitsGiven) {
  EXPECT_EQ(refusal(file("rgb.png"), "a.png", {.max_pixels = 20 * 14 - 1}).kind(),
            ErrorKind::Unsupported);
  EXPECT_EQ(refusal(file("rgb.png"), "a.png", {.max_edge_px = 19}).kind(), ErrorKind::Unsupported);
  EXPECT_NO_THROW(decode_picture(file("rgb.png"), "a.png", {.max_pixels = 20 * 14}));
}

TEST(Codec, RefusesAnEmptyFile) {
  EXPECT_EQ(refusal({}, "nothing.png").kind(), ErrorKind::CorruptFile);
}

TEST(Codec, RefusesEveryTruncationOrDecodesTheWhole) {
  for (const char* name : {"rgba.png", "rgb.jpg", "progressive.jpg", "rgba.webp", "animated.gif",
                           "lzw.tif", "palette.png", "rgb.avif", "flat.heic"}) {
    const auto whole = file(name);
    const Image picture = decode(name).image;
    int refused = 0;
    for (size_t size = 0; size < whole.size(); size += std::max<size_t>(1, whole.size() / 97)) {
      try {
        const Image image = decode_picture(whole.first(size), name).image;
        EXPECT_EQ(difference(image, picture), 0)
            << name << " cut to " << size << " of " << whole.size();
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::CorruptFile ||
                    error.kind() == ErrorKind::Unsupported);
        ++refused;
      }
    }
    EXPECT_GT(refused, 30) << name;
  }
}

TEST(Codec, RefusesAJpegOfEndlessPasses) {
  EXPECT_EQ(refusal(file("many_scans.jpg"), "many_scans.jpg").kind(), ErrorKind::Unsupported);
}

TEST(Codec, RefusesPixelTypesWithoutARange) {
  EXPECT_EQ(refusal(file("float.tif"), "float.tif").kind(), ErrorKind::Unsupported);
}

TEST(Codec, RefusesOtherFormatsByName) {
  const std::pair<const char*, const char*> cases[] = {
      {"%PDF-1.7 ...", "PDF"},
      {"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "SVG"},
      {"<?xml version='1.0'?><svg/>", "SVG"},
      {"BM......", "BMP"},
      {"PK\x03\x04....", "zip"},
      {"garbage that is no picture", "not a picture"},
      {"P6 1 1 255 abc", "not a picture"}};
  for (const auto& [bytes, found] : cases) {
    const Error error = refusal(bytes_of(bytes), "file");
    EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
    EXPECT_NE(std::string(error.what()).find(found), std::string::npos) << error.what();
  }
}

TEST(Codec, LeavesNoOtherLoaderOfLibvipsInReach) {
  decode("rgb.png");  // starts libvips
  const std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>";
  VipsImage* image = nullptr;
  EXPECT_NE(vips_svgload_buffer(const_cast<char*>(svg.data()), svg.size(), &image, nullptr), 0);
  const std::string ppm = "P6 1 1 255 abc";
  EXPECT_EQ(vips_image_new_from_buffer(ppm.data(), ppm.size(), "", nullptr), nullptr);
  TempDir folder;
  const std::string path = (folder / "a.v").string();
  EXPECT_EQ(vips_image_new_from_file(path.c_str(), nullptr), nullptr);
  vips_error_clear();
}

TEST(Codec, StopsAtTheLastRowOfOverlongData) {
  const Image image = decode("overlong_rows.png").image;
  EXPECT_EQ(image.width, 20);
}

TEST(Codec, NamesAMissingFile) {
  try {
    read_picture("/nowhere/photo.png");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    EXPECT_NE(std::string(error.what()).find("/nowhere/photo.png"), std::string::npos);
  }
}

class CodecRoundTrip : public ::testing::TestWithParam<const char*> {};

TEST_P(CodecRoundTrip, LosslessFormatsGiveBackEveryVisiblePixel) {
  const Image image = expected(GetParam());
  for (const char* format : {"png", "webp"}) {
    const auto bytes = encode_picture(image, {.format = format, .lossless = true});
    const Image back = decode_picture(bytes, "round trip").image;
    if (std::string(format) == "png") {
      EXPECT_EQ(difference(back, image), 0);
    } else {  // without grey, and without the colour of what cannot be seen
      EXPECT_EQ(difference(to_rgb(back), to_rgb(image)), 0);
      EXPECT_EQ(back.channels, std::max(image.channels, 3));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, CodecRoundTrip,
                         ::testing::Values("rgb.png", "rgba.png", "grey.png", "one_pixel.png"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(Codec, WritesTextThatItReadsBack) {
  const Image image = expected("rgb.png");
  for (const std::string& text : {std::string("a cat, café"), chinese(), std::string("plain")}) {
    for (const char* format : {"png", "jpeg", "webp"}) {
      const auto bytes = encode_picture(image, {.format = format, .text = {{"parameters", text}}});
      EXPECT_EQ(decode_picture(bytes, format).text.at("parameters"), text) << format;
    }
  }
  const std::map<std::string, std::string> several = {{"parameters", chinese()},
                                                      {"pentimento", "{\"a\":1}"}};
  EXPECT_EQ(decode_picture(encode_picture(image, {.text = several}), "png").text, several);
}

TEST(Codec, WritesLatin1AsPlainTextAndTheRestAsInternational) {
  const auto png =
      encode_picture(expected("rgb.png"), {.text = {{"first", "café"}, {"second", "猫"}}});
  const std::string bytes(reinterpret_cast<const char*>(png.data()), png.size());
  EXPECT_NE(bytes.find("tEXtfirst"), std::string::npos);
  EXPECT_NE(bytes.find("iTXtsecond"), std::string::npos);
}

TEST(Codec, WritesNoMetadataUnasked) {
  const Image image = expected("rgba.png");
  for (const char* format : {"png", "jpeg", "webp"}) {
    const auto file = encode_picture(image, {.format = format});
    const std::string bytes(reinterpret_cast<const char*>(file.data()), file.size());
    for (const char* metadata : {"Exif", "EXIF", "tEXt", "iTXt", "iCCP", "tIME", "libvips"}) {
      EXPECT_EQ(bytes.find(metadata), std::string::npos) << format << " " << metadata;
    }
    EXPECT_TRUE(decode_picture(file, format).text.empty());
  }
}

TEST(Codec, DecodesOnSeveralThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&wrong] {
      for (const char* name : {"rgba.png", "rgb.webp", "lzw.tif", "rgb16.png"}) {
        if (decode(name).image != expected(name)) ++wrong;
      }
      try {
        decode_picture(file("rgb.jpg").first(200), "cut.jpg");
        ++wrong;
      } catch (const Error&) {
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Codec, GivesTheSameBytesEveryTime) {
  const Image image = read_picture(source_path("examples/chelsea.png")).image;
  for (const char* format : {"png", "jpeg", "webp"}) {
    const EncodeOptions options{.format = format, .text = {{"parameters", chinese()}}};
    EXPECT_EQ(encode_picture(image, options), encode_picture(image, options)) << format;
  }
}

TEST(Codec, LossyQualityIsWhatItSays) {
  const Image image = read_picture(source_path("examples/chelsea.png")).image;
  for (const char* format : {"jpeg", "webp"}) {
    const auto low = encode_picture(image, {.format = format, .quality = 30});
    const auto high = encode_picture(image, {.format = format, .quality = 95});
    EXPECT_LT(low.size(), high.size());
    EXPECT_GT(psnr(decode_picture(high, format).image, image), 36) << format;
    EXPECT_GT(psnr(decode_picture(low, format).image, image), 28) << format;
  }
}

TEST(Codec, LaysTransparencyOnWhiteForJpeg) {
  const Image clear(16, 16, 4);
  const Image back = decode_picture(encode_picture(clear, {.format = "jpeg"}), "jpeg").image;
  EXPECT_EQ(difference(back, Image(16, 16, 3, 255)), 0);
}

TEST(Codec, RefusesToWriteWhatAFormatCannotHold) {
  const auto kind = [](const Image& image, const EncodeOptions& options) {
    try {
      encode_picture(image, options);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::Cancelled;
  };
  const Image small(8, 8, 3);
  EXPECT_EQ(kind(small, {.format = "bmp"}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.format = "jpeg", .quality = 0}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.format = "webp", .quality = 101}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(Image(), {}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(Image(8, 8, 2), {}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(Image(70000, 1, 3), {.format = "jpeg"}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(Image(17000, 1, 3), {.format = "webp"}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.text = {{"parameters", "\xff\xfe"}}}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.text = {{"", "x"}}}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.text = {{std::string(80, 'k'), "x"}}}), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(small, {.format = "jpeg", .text = {{"parameters", "\xff"}}}),
            ErrorKind::InvalidArgument);
  for (const char* format : {"jpeg", "webp"}) {
    EXPECT_EQ(kind(small, {.format = format, .text = {{"parameters", std::string(600000, 'x')}}}),
              ErrorKind::InvalidArgument);
  }
}

TEST(Codec, WritesFilesByExtension) {
  TempDir folder;
  const Image image = expected("rgb.png");
  for (const auto& [name, format] : {std::pair{"a.png", "png"}, std::pair{"b.JPG", "jpeg"},
                                     std::pair{"c.jpeg", "jpeg"}, std::pair{"d.webp", "webp"}}) {
    check_writable(folder / name);
    EXPECT_FALSE(std::filesystem::exists(folder / name));  // the check leaves nothing behind
    write_picture(folder / name, image);
    EXPECT_EQ(read_picture(folder / name).format, format);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 4);
}

TEST(Codec, RefusesUnwritablePlacesBeforeTheWork) {
  TempDir folder;
  const auto kind = [](const std::filesystem::path& path) {
    try {
      check_writable(path);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
      return error.kind();
    }
    return ErrorKind::Cancelled;
  };
  EXPECT_EQ(kind(folder / "picture.bmp"), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(folder / "picture"), ErrorKind::InvalidArgument);
  EXPECT_EQ(kind(folder / "missing/picture.png"), ErrorKind::Io);
  EXPECT_EQ(kind("/proc/picture.png"), ErrorKind::Io);
  std::filesystem::create_directory(folder / "folder.png");
  EXPECT_EQ(kind(folder / "folder.png"), ErrorKind::InvalidArgument);
}

TEST(Exif, IsLaidOutAsPiexifDoes) {
  const std::string exif = exif_with_user_comment("é");
  const unsigned char expected[] = {
      'E', 'x', 'i',  'f',  0,   0,   'M', 'M', 0, 42,  0, 0, 0, 8,               //
      0,   1,   0x87, 0x69, 0,   4,   0,   0,   0, 1,   0, 0, 0, 26, 0, 0, 0, 0,  //
      0,   1,   0x92, 0x86, 0,   7,   0,   0,   0, 10,  0, 0, 0, 44, 0, 0, 0, 0,  //
      'U', 'N', 'I',  'C',  'O', 'D', 'E', 0,   0, 0xe9};
  ASSERT_EQ(exif.size(), sizeof expected);
  EXPECT_EQ(std::memcmp(exif.data(), expected, sizeof expected), 0);
}

TEST(Exif, ReadsBackWhatItWrites) {
  for (const std::string text : {"plain", "一", "一一 \u0100\u0200", "🐈\n猫", "é"}) {
    EXPECT_EQ(read_user_comment(bytes_of(exif_with_user_comment(text))), text);
  }
}

TEST(Exif, SurvivesEveryTruncationAndChangedByte) {
  const std::string exif = exif_with_user_comment("Steps: 20");
  for (size_t size = 0; size <= exif.size(); ++size)
    read_user_comment(bytes_of(exif.substr(0, size)));
  for (size_t at = 0; at < exif.size(); ++at) {
    std::string changed = exif;
    changed[at] = static_cast<char>(0xff);
    read_user_comment(bytes_of(changed));
  }
  EXPECT_EQ(read_user_comment(bytes_of(exif)), "Steps: 20");
}

}  // namespace
}  // namespace pentimento
