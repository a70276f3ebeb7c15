#include "pipelines/inpaint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/mask.h"
#include "image/overlay.h"
#include "pipelines/inpaint_infotext.h"
#include "pipelines/repeat.h"
#include "pipelines/soft_inpainting.h"
#include "pipelines/tiny_studio.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::largest_difference;
using testing::read_trace;
using testing::relative_error;
using testing::TempDir;
using testing::TinyStudio;

InpaintRequest request(uint64_t seed, const char* sampler = "Euler") {
  InpaintRequest r;
  r.base.prompt = "a cat";
  r.base.negative_prompt = "dog";
  r.base.sampler = sampler;
  r.base.steps = 20;
  r.base.cfg = 7;
  r.base.seed = seed;
  r.base.width = r.base.height = 64;
  return r;
}

InpaintRequest quick(uint64_t seed) {
  InpaintRequest r = request(seed);
  r.base.steps = 4;
  return r;
}

std::vector<Img2ImgPicture> paint(const InpaintRequest& r, Img2ImgOptions options = {},
                                  TinyStudio& s = TinyStudio::get()) {
  const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, s.mask, 0, nullptr);
  return run_inpaint(s.model, r, plan, s.cat, s.mask, options, {});
}

// A picture with its own mask: white inside the rectangle.
InputImage mask_of(int width, int height, const Region& white, uint8_t value = 255) {
  InputImage mask{Image(width, height, 1), "mask.png", "m"};
  for (int y = white.top; y < white.bottom; ++y)
    for (int x = white.left; x < white.right; ++x) *mask.image.at(x, y) = value;
  return mask;
}

void expect_reference(const std::string& name, const InpaintRequest& r,
                      TinyStudio& s = TinyStudio::get()) {
  const Golden golden("pipelines_inpaint.safetensors");
  TempDir folder;
  const auto pictures = paint(r, {.trace_dir = folder.path()}, s);
  const auto traced = [&](const char* what) {
    return read_trace(folder / (std::string(what) + ".npy"));
  };
  EXPECT_LT(relative_error(traced("init_latent"), golden.tensor(name + ".init_latent").data), 1e-4);
  EXPECT_LT(relative_error(traced("latent"), golden.tensor(name + ".latent").data), 1e-3);
  EXPECT_LE(largest_difference(pictures[0].image, golden.tensor(name + ".image")), 1);
  if (golden.file().tensors.count(name + ".concat")) {
    EXPECT_LT(relative_error(traced("concat"), golden.tensor(name + ".concat").data), 1e-4);
  }
}

TEST(Inpaint, MatchesThePythonPipelineOnTheWholePicture) { expect_reference("whole", request(42)); }

TEST(Inpaint, MatchesThePythonPipelineWithOnlyTheMaskedPartFilled) {
  InpaintRequest r = request(7, "DPM++ 2M Karras");
  r.only_masked = true;
  r.only_masked_padding = 8;
  r.masked_content = MaskedContent::Fill;
  expect_reference("only", r);
}

TEST(Inpaint, MatchesThePythonPipelineWhereTheRegionCannotTakeTheAspect) {
  InpaintRequest r = request(8);
  r.base.width = 96;
  r.base.height = 40;
  r.base.strength = 0.5;
  r.mask_blur = 0;
  r.only_masked = true;
  r.only_masked_padding = 4;
  expect_reference("wide", r);
}

TEST(Inpaint, MatchesThePythonPipelineFromLatentNoise) {
  InpaintRequest r = request(9);
  r.base.strength = 1;
  r.masked_content = MaskedContent::Noise;
  expect_reference("noise", r);
}

TEST(Inpaint, MatchesThePythonPipelineFromLatentNothing) {
  InpaintRequest r = request(10);
  r.base.width = 80;
  r.masked_content = MaskedContent::Nothing;
  expect_reference("nothing", r);
}

TEST(Inpaint, MatchesThePythonPipelineWithAnInpaintingCheckpoint) {
  InpaintRequest r = request(11);
  r.only_masked = true;
  r.only_masked_padding = 8;
  expect_reference("nine", r, TinyStudio::inpainting());
}

TEST(Inpaint, MatchesThePythonPipelineWithAConditionalMaskWeight) {
  InpaintRequest r = request(12);
  r.conditional_mask_weight = 0.6;
  r.masked_content = MaskedContent::Fill;
  expect_reference("weighed", r, TinyStudio::inpainting());
}

TEST(SoftInpainting, MatchesThePythonPipelineOnTheWholePicture) {
  InpaintRequest r = request(13);
  r.soft.enabled = true;
  r.mask_blur = 6;
  expect_reference("soft", r);
}

TEST(SoftInpainting, MatchesThePythonPipelineOnTheMaskedPart) {
  InpaintRequest r = request(14, "DPM++ 2M Karras");
  r.soft.enabled = true;
  r.soft.mask_influence = 0.4;
  r.only_masked = true;
  r.only_masked_padding = 8;
  expect_reference("softcrop", r);
}

TEST(DifferentialStrength, MatchesThePythonPipeline) {
  InpaintRequest r = request(15);
  r.base.strength = 0.7;
  r.differential = true;
  r.mask_blur = 8;
  expect_reference("differential", r);
}

TEST(DifferentialStrength, AWhiteMaskIsAnOrdinaryRun) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(3);
  r.differential = true;
  r.mask_blur = 0;
  const InputImage white = mask_of(96, 72, {0, 0, 96, 72});
  const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, white, 0, nullptr);
  const auto masked = run_inpaint(s.model, r, plan, s.cat, white, {}, {});
  const Img2ImgPlan plain = plan_img2img(s.model, r.base, &s.cat, 0, nullptr);
  EXPECT_EQ(masked[0].image, run_img2img(s.model, r.base, plain, &s.cat, {}, {})[0].image);
}

TEST(DifferentialStrength, DarkerGreysChangeThePictureLess) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = request(4);
  r.base.steps = 12;
  r.differential = true;
  r.mask_blur = 0;
  const auto latent_change = [&](uint8_t grey) {
    TempDir folder;
    const InputImage mask = mask_of(96, 72, {24, 18, 72, 54}, grey);
    const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
    run_inpaint(s.model, r, plan, s.cat, mask, {.trace_dir = folder.path()}, {});
    const auto before = read_trace(folder / "init_latent.npy"),
               after = read_trace(folder / "latent.npy");
    double sum = 0;
    for (size_t i = 0; i < before.size(); ++i) sum += std::abs(before[i] - after[i]);
    return sum;
  };
  const double dark = latent_change(40), middle = latent_change(140), white = latent_change(255);
  EXPECT_GT(dark, 0);
  EXPECT_LT(dark, middle);
  EXPECT_LT(middle, white);
}

// The law: where the pasted mask is 0 every byte is the input's. Through every setting.
TEST(Inpaint, PixelsOutsideTheMaskAreBitIdentical) {
  TinyStudio& s = TinyStudio::get();
  std::vector<InpaintRequest> settings;
  for (const bool only : {true, false})
    for (const MaskedContent content :
         {MaskedContent::Fill, MaskedContent::Original, MaskedContent::Noise,
          MaskedContent::Nothing, MaskedContent::Blur, MaskedContent::Patches}) {
      InpaintRequest r = quick(5);
      r.only_masked = only;
      r.keep_size = true;
      r.masked_content = content;
      r.match_tone = true;
      settings.push_back(r);
    }
  settings.push_back(quick(6));
  settings.back().base.width = settings.back().base.height = 0;  // keeps the picture's size
  settings.push_back(quick(7));
  settings.back().differential = settings.back().keep_size = true;
  settings.push_back(quick(8));
  settings.back().mask_grow_px = 3;
  settings.back().mask_feather_px = 5;
  settings.back().keep_size = true;
  for (const InpaintIntent intent : {InpaintIntent::Retouch, InpaintIntent::Replace,
                                     InpaintIntent::Remove, InpaintIntent::Add}) {
    settings.push_back(inpaint_preset(intent));
    settings.back().base.steps = 4;
    settings.back().base.seed = 9;
  }
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  for (const InpaintRequest& r : settings) {
    const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
    const Image made = run_inpaint(s.model, r, plan, s.cat, mask, {}, {})[0].image;
    ASSERT_EQ(made.width, 96);
    ASSERT_EQ(made.height, 72);
    int kept = 0, changed = 0;
    for (int y = 0; y < 72; ++y)
      for (int x = 0; x < 96; ++x) {
        const bool same = std::equal(made.at(x, y), made.at(x, y) + 3, s.cat.image.at(x, y));
        if (*plan.paste.at(x, y) == 0) {
          ++kept;
          ASSERT_TRUE(same) << x << "," << y << " with content " << to_string(r.masked_content);
        } else {
          changed += !same;
        }
      }
    EXPECT_GT(kept, 0);
    EXPECT_GT(changed, 100) << to_string(r.masked_content);
  }
}

TEST(SoftInpainting, WhatItDoesNotChangeIsBitIdentical) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.soft.enabled = true;
  r.only_masked = true;
  r.only_masked_padding = 0;
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
  const Image made = run_inpaint(s.model, r, plan, s.cat, mask, {}, {})[0].image;
  for (int y = 0; y < 72; ++y)
    for (int x = 0; x < 96; ++x)
      if (x < plan.region->left || x >= plan.region->right || y < plan.region->top ||
          y >= plan.region->bottom) {
        ASSERT_TRUE(std::equal(made.at(x, y), made.at(x, y) + 3, s.cat.image.at(x, y)));
      }
}

TEST(SoftInpainting, ThePercentileFilterKeepsAFlatMapFlat) {
  const Tensor flat({5, 7}, 3.0f);
  for (const float value : percentile_filter(flat, 0.9, 1.0).data) EXPECT_FLOAT_EQ(value, 3.0f);
  for (const float value : percentile_filter(flat, 0.25, 0.75).data) EXPECT_FLOAT_EQ(value, 3.0f);
}

TEST(Inpaint, InvertedMaskIsTheMaskOfTheInvertedPicture) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  const InputImage other{inverted(mask.image), "mask.png", "m"};
  const InpaintPlan plain = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
  r.mask_invert = true;
  EXPECT_EQ(plan_inpaint(s.model, r, s.cat, other, 0, nullptr).mask, plain.mask);
}

TEST(Inpaint, GrowShrinkAndFeatherChangeTheShape) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.mask_blur = 0;
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  const auto box = [&] {
    return *bounding_box(plan_inpaint(s.model, r, s.cat, mask, 0, nullptr).mask);
  };
  EXPECT_EQ(box(), (Region{40, 30, 64, 50}));
  r.mask_grow_px = 4;
  EXPECT_EQ(box(), (Region{36, 26, 68, 54}));
  r.mask_grow_px = -4;
  EXPECT_EQ(box(), (Region{44, 34, 60, 46}));
  r.mask_grow_px = 0;
  r.mask_feather_px = 6;
  EXPECT_EQ(box(), (Region{34, 24, 70, 56}));
}

TEST(Inpaint, BlurInOneDirectionStaysInIt) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.mask_blur_y = 0;
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  const Region box = *bounding_box(plan_inpaint(s.model, r, s.cat, mask, 0, nullptr).mask);
  EXPECT_LT(box.left, 40);
  EXPECT_EQ(box.top, 30);
  EXPECT_EQ(box.bottom, 50);
}

TEST(Inpaint, AnAlphaChannelIsTheMask) {
  TinyStudio& s = TinyStudio::get();
  const InpaintRequest r = quick(5);
  InputImage drawn{Image(96, 72, 4, 0), "drawn.png", "m"};
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  for (size_t i = 0; i < mask.image.pixels.size(); ++i)
    drawn.image.pixels[i * 4 + 3] = mask.image.pixels[i];
  EXPECT_EQ(plan_inpaint(s.model, r, s.cat, drawn, 0, nullptr).mask,
            plan_inpaint(s.model, r, s.cat, mask, 0, nullptr).mask);
}

TEST(Inpaint, OnlyTheRegionIsPaintedAtAboutItsOwnSize) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.base.width = r.base.height = 0;
  r.only_masked = true;
  r.only_masked_padding = 0;
  r.mask_blur = 0;
  const int native = s.model.config().native_size_px;
  InputImage large{Image(native * 12, native * 12, 3, 90), "large.png", "l"};
  const auto plan = [&](int edge) {
    const InputImage mask =
        mask_of(native * 12, native * 12, {native, native, native + edge, native + edge});
    return plan_inpaint(s.model, r, large, mask, 0, nullptr);
  };
  const InpaintPlan small = plan(native / 2), middle = plan(native * 8);
  EXPECT_NEAR(small.img2img.width, 0.75 * native, 8);
  EXPECT_EQ(middle.img2img.width, native);
  EXPECT_LT(small.region->width(), native * 12 / 2);
  EXPECT_EQ(small.result_width, native * 12);
}

TEST(Inpaint, AThinMaskIsSeenWithWhatLiesBesideIt) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.base.width = r.base.height = 0;
  r.only_masked = true;
  r.only_masked_padding = 0;
  InputImage large{Image(400, 400, 3, 90), "large.png", "l"};
  const InpaintPlan plan =
      plan_inpaint(s.model, r, large, mask_of(400, 400, {0, 100, 400, 170}), 0, nullptr);
  EXPECT_EQ(plan.region->width(), 400);
  EXPECT_NEAR(plan.region->height(), 200, 24);
}

TEST(Inpaint, ThePlanSaysHowMuchIsPainted) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.mask_blur = 0;
  r.only_masked = true;
  r.only_masked_padding = 4;
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 54});
  EXPECT_EQ(plan_inpaint(s.model, r, s.cat, mask, 0, nullptr).describe(),
            "repaints 8 % of the picture; only 32x32 of 96x72, strength 0.75: runs 4 of 4 steps "
            "at 64x64");
  r.only_masked = false;
  EXPECT_EQ(plan_inpaint(s.model, r, s.cat, mask, 0, nullptr).describe(),
            "repaints 8 % of the picture; the whole of it, strength 0.75: runs 4 of 4 steps at "
            "64x64");
}

TEST(Inpaint, ThePictureCannotTellOneTouchingTheBorderFromAnother) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.only_masked = true;
  for (const Region& where : {Region{0, 0, 20, 20}, Region{76, 52, 96, 72}, Region{0, 30, 96, 50},
                              Region{0, 0, 96, 72}}) {
    const InputImage mask = mask_of(96, 72, where);
    const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
    const Image made = run_inpaint(s.model, r, plan, s.cat, mask, {}, {})[0].image;
    EXPECT_EQ(made.width, 96);
    EXPECT_NE(made, s.cat.image);
  }
}

TEST(Inpaint, MatchingTheToneBringsTheRepaintedPartToTheRingsColours) {
  // A network that knows nothing keeps little of the colours; matched, their mean is nearer.
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.base.strength = 0;  // only the autoencoder's own shift
  r.only_masked = true;
  const InputImage mask = mask_of(96, 72, {40, 30, 64, 50});
  const auto error = [&](bool match) {
    r.match_tone = match;
    const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, mask, 0, nullptr);
    const Image made = run_inpaint(s.model, r, plan, s.cat, mask, {}, {})[0].image;
    double sum = 0;
    for (int y = 32; y < 48; ++y)
      for (int x = 42; x < 62; ++x)
        for (int c = 0; c < 3; ++c) sum += made.at(x, y)[c] - s.cat.image.at(x, y)[c];
    return std::abs(sum);
  };
  EXPECT_LT(error(true), 0.8 * error(false));
}

TEST(Inpaint, WithoutTheOverlayTheBareResultComesBack) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.only_masked = true;
  r.overlay = false;
  EXPECT_EQ(paint(r)[0].image.width, 64);
  EXPECT_NE(paint(r)[0].image.height, s.cat.image.height);
}

TEST(Inpaint, PictureKOfABatchIsTheOneThatSeedPlusKGives) {
  InpaintRequest r = quick(11);
  r.masked_content = MaskedContent::Noise;
  r.base.batch = 2;
  const auto batch = paint(r);
  r.base.batch = 1;
  r.base.seed = 12;
  EXPECT_EQ(batch.at(1).image, paint(r)[0].image);
}

TEST(Inpaint, InfotextMakesThePictureAgain) {
  TinyStudio& s = TinyStudio::get();
  std::vector<InpaintRequest> all(5, quick(21));
  all[0].only_masked = true;
  all[0].only_masked_padding = 12;
  all[0].masked_content = MaskedContent::Blur;
  all[0].mask_grow_px = 2;
  all[0].mask_feather_px = 3;
  all[0].match_tone = true;
  all[0].mask_blur = 2.5;
  all[0].intent = InpaintIntent::Remove;
  all[1].base.width = all[1].base.height = 0;
  all[1].differential = true;
  all[1].masked_content = MaskedContent::Patches;
  all[1].mask_blur_x = 0;
  all[1].conditional_mask_weight = 0.25;
  all[2].soft.enabled = true;
  all[2].soft.blend.preservation = 0.75;
  all[2].soft.mask_influence = 0.125;
  all[2].mask_invert = true;
  all[3].base.resize_mode = ResizeMode::Crop;
  all[3].base.width = 96;
  all[3].mask_blur = 0;
  all[3].masked_content = MaskedContent::Nothing;
  all[4].masked_content = MaskedContent::Dye;
  all[4].base.prompt = "a blue cat";
  for (const InpaintRequest& r : all) {
    const auto first = paint(r, {.version = "v"});
    const Infotext info = parse_infotext(format_infotext(first[0].infotext));
    ASSERT_TRUE(mask_of_infotext(info));
    EXPECT_EQ(mask_of_infotext(info)->sha256, s.mask.sha256);
    const auto second = paint(inpaint_request_from_infotext(info), {.version = "v"});
    EXPECT_EQ(first[0].image, second[0].image);
    EXPECT_EQ(format_infotext(first[0].infotext), format_infotext(second[0].infotext));
  }
}

TEST(Inpaint, InfotextSpeaksA1111sWords) {
  InpaintRequest r = quick(21);
  r.only_masked = true;
  r.masked_content = MaskedContent::Noise;
  r.mask_invert = true;
  const std::string text = format_infotext(paint(r)[0].infotext);
  for (const char* field :
       {"Mask mode: Inpaint not masked", "Mask blur: 4", "Inpaint area: Only masked",
        "Masked area padding: 32", "Masked content: latent noise"})
    EXPECT_THAT(text, HasSubstr(field));
}

TEST(Inpaint, CancelEndsTheRunWithinOneEvaluation) {
  TinyStudio& s = TinyStudio::get();
  const InpaintRequest r = request(1);
  const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, s.mask, 0, nullptr);
  Progress progress;
  int seen = 0;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "denoise" && ++seen == 3) progress.cancel.cancel();
  };
  EXPECT_THROW(run_inpaint(s.model, r, plan, s.cat, s.mask, {}, progress), Error);
  EXPECT_LE(seen, 4);
}

TEST(Inpaint, AMaskOfAnotherSizeIsStretchedAndSaidSo) {
  TinyStudio& s = TinyStudio::get();
  InpaintRequest r = quick(5);
  r.mask_blur = 0;
  const InputImage half = mask_of(48, 36, {20, 15, 32, 25});
  const InpaintPlan plan = plan_inpaint(s.model, r, s.cat, half, 0, nullptr);
  EXPECT_EQ(plan.mask.width, 96);
  EXPECT_THAT(plan.describe(),
              HasSubstr("note: the mask is 48x36, stretched to the picture's 96x72"));
}

TEST(Inpaint, AFullMaskIsSaidToKeepNothing) {
  TinyStudio& s = TinyStudio::get();
  const InputImage full = mask_of(96, 72, {0, 0, 96, 72});
  EXPECT_THAT(plan_inpaint(s.model, quick(5), s.cat, full, 0, nullptr).describe(),
              HasSubstr("note: the mask covers the whole picture"));
}

std::string refusal(const InpaintRequest& r, const InputImage& mask) {
  TinyStudio& s = TinyStudio::get();
  return testing::refusal([&] { plan_inpaint(s.model, r, s.cat, mask, 0, nullptr); });
}

TEST(Inpaint, RefusesAnEmptyMask) {
  EXPECT_THAT(refusal(quick(5), mask_of(96, 72, {0, 0, 0, 0})), HasSubstr("the mask is empty"));
  InpaintRequest r = quick(5);
  r.mask_grow_px = -20;
  EXPECT_THAT(refusal(r, mask_of(96, 72, {40, 30, 64, 50})),
              HasSubstr("nothing is left of the mask when it is shrunk by 20 px"));
}

TEST(Inpaint, RefusesAMaskTooThinToMeanAnything) {
  EXPECT_THAT(refusal(quick(5), mask_of(96, 72, {40, 10, 41, 60})), HasSubstr("too thin"));
}

TEST(Inpaint, RefusesValuesOutOfRangeByName) {
  const auto problem = [](auto change) {
    InpaintRequest r = quick(5);
    change(r);
    const auto problems = problems_of(r);
    return problems.empty() ? std::string("none") : problems[0];
  };
  using R = InpaintRequest&;
  EXPECT_THAT(problem([](R r) { r.mask_blur = 65; }), HasSubstr("mask blur is 65"));
  EXPECT_THAT(problem([](R r) { r.mask_blur_x = -1; }), HasSubstr("mask blur x is -1"));
  EXPECT_THAT(problem([](R r) { r.mask_blur_y = 70; }), HasSubstr("mask blur y is 70"));
  EXPECT_THAT(problem([](R r) { r.mask_grow_px = 513; }), HasSubstr("mask grow is 513"));
  EXPECT_THAT(problem([](R r) { r.mask_feather_px = -1; }), HasSubstr("mask feather is -1"));
  EXPECT_THAT(problem([](R r) { r.only_masked_padding = 2000; }), HasSubstr("padding is 2000"));
  EXPECT_THAT(problem([](R r) { r.conditional_mask_weight = 1.5; }),
              HasSubstr("mask weight is 1.5"));
  EXPECT_THAT(problem([](R r) { r.soft.blend.schedule_bias = 9; }),
              HasSubstr("schedule bias is 9"));
  EXPECT_THAT(problem([](R r) { r.soft.blend.preservation = -1; }),
              HasSubstr("preservation is -1"));
  EXPECT_THAT(problem([](R r) { r.soft.blend.transition_contrast = 0; }),
              HasSubstr("contrast is 0"));
  EXPECT_THAT(problem([](R r) { r.soft.mask_influence = 2; }), HasSubstr("influence is 2"));
  EXPECT_THAT(problem([](R r) { r.soft.difference_threshold = 9; }), HasSubstr("threshold is 9"));
  EXPECT_THAT(problem([](R r) { r.soft.difference_contrast = 9; }), HasSubstr("contrast is 9"));
  EXPECT_THAT(problem([](R r) { r.soft.enabled = r.differential = true; }),
              HasSubstr("choose one"));
  EXPECT_THAT(problem([](R r) { r.base.resize_mode = ResizeMode::Latent; }), HasSubstr("latent"));
  EXPECT_THAT(problem([](R r) { r.base.strength = 2; }), HasSubstr("strength is 2"));
}

}  // namespace
}  // namespace pentimento
