#include "pipelines/outpaint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "pipelines/outpaint_infotext.h"
#include "pipelines/tiny_studio.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::TinyStudio;

OutpaintRequest request() {
  OutpaintRequest r;
  r.base.prompt = "a cat";
  r.base.seed = 5;
  r.base.steps = 3;
  r.base.sampler = "Euler";
  r.overlap_px = 16;
  r.feather_px = 8;
  return r;
}

OutpaintPlan plan_of(const OutpaintRequest& r, const InputImage& picture) {
  return plan_outpaint(TinyStudio::get().model, r, picture, 0, nullptr);
}

// The sky test of every outpainter: a smooth slope of light, on which any seam is seen.
InputImage gradient_sky(int width, int height) {
  InputImage sky{Image(width, height, 3), "sky.png", "sky"};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = sky.image.at(x, y);
      pixel[0] = static_cast<uint8_t>(90 + 100 * y / height);
      pixel[1] = static_cast<uint8_t>(140 + 80 * y / height);
      pixel[2] = static_cast<uint8_t>(230 - 20 * y / height);
    }
  return sky;
}

// Paints what it is shown, in slightly wrong colours, as an autoencoder does.
Image shifted(const OutpaintStep& step) {
  Image made = step.picture.image;
  for (size_t i = 0; i < made.pixels.size(); ++i) {
    const int shift[] = {7, -6, 5};
    made.pixels[i] = static_cast<uint8_t>(std::clamp(made.pixels[i] + shift[i % 3], 0, 255));
  }
  return made;
}

int largest_step(const Image& image) {  // between neighbours in a row
  int worst = 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 1; x < image.width; ++x)
      for (int c = 0; c < 3; ++c)
        worst = std::max(worst, std::abs(image.at(x, y)[c] - image.at(x - 1, y)[c]));
  return worst;
}

TEST(Outpaint, AGradientSkyShowsNoSeam) {
  const InputImage sky = gradient_sky(120, 96);
  for (const OutpaintFill fill :
       {OutpaintFill::Edge, OutpaintFill::Blur, OutpaintFill::Mirror, OutpaintFill::Patches})
    for (const int feather : {0, 8}) {
      OutpaintRequest r = request();
      r.left = {100, false};
      r.right = {50, true};
      r.fill = fill;
      r.feather_px = feather;
      const Image grown = outpaint_with(r, plan_of(r, sky), sky, 1, shifted);
      EXPECT_LE(largest_step(grown), 3) << to_string(fill) << " feather " << feather;
    }
}

TEST(Outpaint, WithoutToneMatchingTheSkyDoesShowOne) {  // the test above can fail
  const InputImage sky = gradient_sky(120, 96);
  OutpaintRequest r = request();
  r.left = {100, false};
  r.match_tone = false;
  r.feather_px = 0;
  EXPECT_GE(largest_step(outpaint_with(r, plan_of(r, sky), sky, 1, shifted)), 5);
}

TEST(Outpaint, OriginalPixelsAreUntouchedBeyondTheFeather) {
  TinyStudio& s = TinyStudio::get();
  for (const int feather : {0, 6}) {
    OutpaintRequest r = request();
    r.left = {24, false};
    r.bottom = {50, true};
    r.feather_px = feather;
    const OutpaintPlan plan = plan_of(r, s.cat);
    const Image grown = run_outpaint(s.model, r, plan, s.cat, {}, {})[0].image;
    ASSERT_EQ(grown.width, 96 + 24);
    ASSERT_EQ(grown.height, 72 + 36);
    for (int y = 0; y < 72 - feather; ++y)
      for (int x = feather; x < 96; ++x)
        ASSERT_TRUE(std::equal(s.cat.image.at(x, y), s.cat.image.at(x, y) + 3, grown.at(x + 24, y)))
            << x << "," << y << " feather " << feather;
  }
}

TEST(Outpaint, ALongSideTakesSeveralPassesThatCoverItOnce) {
  TinyStudio& s = TinyStudio::get();
  OutpaintRequest r = request();
  r.right = {200, false};
  r.top = {30, false};
  const OutpaintPlan plan = plan_of(r, s.cat);
  ASSERT_GE(plan.passes.size(), 4u);
  Image covered(plan.result_width, plan.result_height, 1);
  paste(covered, Image(96, 72, 1, 1), plan.original.left, plan.original.top);
  for (const OutpaintPass& pass : plan.passes) {
    EXPECT_GT(pass.window.width() * pass.window.height(), pass.fresh.width() * pass.fresh.height());
    EXPECT_GE(pass.window.left, 0);
    EXPECT_GE(pass.window.top, 0);
    EXPECT_LE(pass.window.right, plan.result_width);
    EXPECT_LE(pass.window.bottom, plan.result_height);
    for (int y = pass.fresh.top; y < pass.fresh.bottom; ++y)
      for (int x = pass.fresh.left; x < pass.fresh.right; ++x) ++*covered.at(x, y);
  }
  for (const uint8_t times : covered.pixels) ASSERT_EQ(times, 1);
  EXPECT_THAT(plan.describe(), HasSubstr("grows 96x72 to 296x102 in "));
}

TEST(Outpaint, EveryPassHasItsOwnNoise) {
  const InputImage sky = gradient_sky(96, 72);
  OutpaintRequest r = request();
  r.right = {200, false};
  std::set<uint64_t> seeds;
  const OutpaintPlan plan = plan_of(r, sky);
  outpaint_with(r, plan, sky, 7, [&](const OutpaintStep& step) {
    seeds.insert(step.seed);
    return step.picture.image;
  });
  EXPECT_EQ(seeds.size(), plan.passes.size());
}

TEST(Outpaint, AnAspectGrowsTheShorterDirectionEqually) {
  const InputImage sky = gradient_sky(96, 72);
  OutpaintRequest r = request();
  r.aspect = 16.0 / 9;
  OutpaintPlan plan = plan_of(r, sky);
  EXPECT_EQ(plan.result_width, 128);
  EXPECT_EQ(plan.result_height, 72);
  EXPECT_EQ(plan.original.left, 16);
  r.aspect = 1;
  plan = plan_of(r, sky);
  EXPECT_EQ(plan.result_height, 96);
  EXPECT_EQ(plan.original.top, 12);
}

TEST(Outpaint, FillsBeginWithTheBordersOwnColours) {
  const InputImage sky = gradient_sky(40, 40);
  OutpaintRequest r = request();
  r.right = {16, false};
  const OutpaintPlan plan = plan_of(r, sky);
  for (const OutpaintFill fill :
       {OutpaintFill::Edge, OutpaintFill::Blur, OutpaintFill::Mirror, OutpaintFill::Patches}) {
    Image canvas(plan.result_width, plan.result_height, 3);
    paste(canvas, sky.image, 0, 0);
    r.fill = fill;
    fill_fresh(canvas, plan.passes[0], r, 3);
    for (int y = 0; y < 40; ++y) EXPECT_NEAR(canvas.at(40, y)[1], canvas.at(39, y)[1], 4);
    const Image once = canvas;
    fill_fresh(canvas, plan.passes[0], r, 3);
    EXPECT_EQ(canvas, once);
  }
}

TEST(Outpaint, MirrorReflectsThePictureAndOthersDrawItOut) {
  InputImage stripes{Image(32, 16, 3), "stripes.png", "s"};
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 32; ++x) std::fill_n(stripes.image.at(x, y), 3, x < 24 ? 40 : 200);
  OutpaintRequest r = request();
  r.right = {16, false};
  const OutpaintPlan plan = plan_of(r, stripes);
  Image canvas(48, 16, 3);
  paste(canvas, stripes.image, 0, 0);
  r.fill = OutpaintFill::Edge;
  fill_fresh(canvas, plan.passes[0], r, 1);
  EXPECT_EQ(canvas.at(47, 8)[0], 200);
  r.fill = OutpaintFill::Mirror;
  fill_fresh(canvas, plan.passes[0], r, 1);
  EXPECT_LT(canvas.at(46, 8)[0], 140);
}

TEST(Outpaint, NoiseHasTheColoursOfWhatTheWindowKnows) {
  const InputImage sky = gradient_sky(64, 40);
  OutpaintRequest r = request();
  r.right = {16, false};
  r.fill = OutpaintFill::Noise;
  const OutpaintPlan plan = plan_of(r, sky);
  Image canvas(plan.result_width, plan.result_height, 3);
  paste(canvas, sky.image, 0, 0);
  fill_fresh(canvas, plan.passes[0], r, 1);
  EXPECT_EQ(crop(canvas, plan.passes[0].known), sky.image);
  std::set<uint8_t> of_sky, new_ones;
  for (int y = 0; y < 40; ++y) {
    of_sky.insert(sky.image.at(0, y)[0]);
    for (int x = 64; x < 80; ++x) new_ones.insert(canvas.at(x, y)[0]);
  }
  EXPECT_TRUE(std::includes(of_sky.begin(), of_sky.end(), new_ones.begin(), new_ones.end()));
  EXPECT_GT(new_ones.size(), 30u);
  Image other = canvas;
  fill_fresh(other, plan.passes[0], r, 1);
  EXPECT_EQ(other, canvas);
  fill_fresh(other, plan.passes[0], r, 2);
  EXPECT_NE(other, canvas);
}

TEST(Outpaint, InfotextMakesThePictureAgain) {
  TinyStudio& s = TinyStudio::get();
  OutpaintRequest r = request();
  r.left = {25, true};
  r.top = {20, false};
  r.fill = OutpaintFill::Noise;
  r.noise_detail = 1.5;
  r.noise_colour = 0.25;
  r.overlap_px = 20;
  r.match_tone = false;
  const auto first = run_outpaint(s.model, r, plan_of(r, s.cat), s.cat, {.version = "v"}, {});
  const Infotext info = parse_infotext(format_infotext(first[0].infotext));
  ASSERT_TRUE(was_outpainted(info));
  const OutpaintRequest again = outpaint_request_from_infotext(info);
  const auto second =
      run_outpaint(s.model, again, plan_of(again, s.cat), s.cat, {.version = "v"}, {});
  EXPECT_EQ(first[0].image, second[0].image);
  EXPECT_EQ(format_infotext(first[0].infotext), format_infotext(second[0].infotext));
}

TEST(Outpaint, ProgressCountsAllPassesAndCancelEndsThem) {
  TinyStudio& s = TinyStudio::get();
  OutpaintRequest r = request();
  r.left = {24, false};
  r.right = {24, false};
  Progress progress;
  int total = 0, last = 0;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage != "denoise") return;
    total = event.total;
    EXPECT_GE(event.done, last);
    last = event.done;
    if (last == 4) progress.cancel.cancel();
  };
  EXPECT_THROW(run_outpaint(s.model, r, plan_of(r, s.cat), s.cat, {}, progress), Error);
  EXPECT_EQ(total, 6);
}

std::string refusal(const OutpaintRequest& r) {
  return testing::refusal([&] { plan_of(r, gradient_sky(96, 72)); });
}

TEST(Outpaint, RefusesWhatWouldNotGrow) {
  EXPECT_THAT(refusal(request()), HasSubstr("nothing would grow"));
  OutpaintRequest r = request();
  r.aspect = 96.0 / 72;
  EXPECT_THAT(refusal(r), HasSubstr("has that aspect already"));
}

TEST(Outpaint, RefusesValuesOutOfRangeByName) {
  const auto with = [](auto change) {
    OutpaintRequest r = request();
    r.left = {16, false};
    change(r);
    return refusal(r);
  };
  using R = OutpaintRequest&;
  EXPECT_THAT(with([](R r) { r.left = {-1, false}; }), HasSubstr("left is -1"));
  EXPECT_THAT(with([](R r) { r.right = {401, true}; }), HasSubstr("right is 401"));
  EXPECT_THAT(with([](R r) { r.top = {9000, false}; }), HasSubstr("top is 9000"));
  EXPECT_THAT(with([](R r) { r.bottom = {-2, true}; }), HasSubstr("bottom is -2"));
  EXPECT_THAT(with([](R r) { r.aspect = 20; }), HasSubstr("aspect is 20"));
  EXPECT_THAT(with([](R r) { r.noise_detail = 5; }), HasSubstr("noise detail is 5"));
  EXPECT_THAT(with([](R r) { r.noise_colour = -1; }), HasSubstr("noise colour is -1"));
  EXPECT_THAT(with([](R r) { r.overlap_px = 8; }), HasSubstr("overlap is 8"));
  EXPECT_THAT(with([](R r) { r.feather_px = 17; }), HasSubstr("feather is 17"));
  EXPECT_THAT(with([](R r) { r.left = {8192, false}; }), HasSubstr("at most 8192"));
  EXPECT_THAT(with([](R r) { r.base.resize_mode = ResizeMode::Crop; }), HasSubstr("resize mode"));
}

TEST(Extent, IsPixelsOrPercent) {
  EXPECT_EQ(parse_extent("128").amount, 128);
  EXPECT_FALSE(parse_extent("128px").percent);
  EXPECT_TRUE(parse_extent("12.5%").percent);
  EXPECT_EQ(to_string(parse_extent("12.5%")), "12.5%");
  for (const char* wrong : {"", "%", "px", "12q", "1e999", "nan", "--3"})
    EXPECT_THROW(parse_extent(wrong), Error) << wrong;
}

}  // namespace
}  // namespace pentimento
