// Pictures of a pixel or two: every job paints them or says why not, and never falls over.
#include <gtest/gtest.h>

#include "base/error.h"
#include "pipelines/blend.h"
#include "pipelines/grid.h"
#include "pipelines/inpaint.h"
#include "pipelines/outpaint.h"
#include "pipelines/refine.h"
#include "pipelines/tiny_studio.h"
#include "pipelines/try_on.h"
#include "pipelines/upscale.h"

namespace pentimento {
namespace {

using testing::TinyStudio;

class SmallPicture : public ::testing::TestWithParam<std::pair<int, int>> {
 protected:
  int width = GetParam().first, height = GetParam().second;
  InputImage picture{Image(width, height, 3, 90), "dot.png", "sha-of-dot"};
  InputImage mask{Image(width, height, 1, 255), "mask.png", "sha-of-mask"};
  TinyStudio& s = TinyStudio::get();

  Img2ImgRequest base() const {
    Img2ImgRequest request;
    request.prompt = "a cat";
    request.seed = 5;
    request.steps = 2;
    request.sampler = "Euler";
    return request;
  }
};

TEST_P(SmallPicture, IsPaintedAtTheModelsSize) {
  const Img2ImgPlan plan = plan_img2img(s.model, base(), &picture, 0, nullptr);
  EXPECT_GE(plan.width, 16);
  EXPECT_GE(plan.height, 16);
  const auto made = run_img2img(s.model, base(), plan, &picture, {}, {});
  EXPECT_EQ(made.at(0).image.width, plan.width);
}

TEST_P(SmallPicture, IsInpaintedAtItsOwnSize) {
  for (const bool only_masked : {false, true}) {
    InpaintRequest request;
    request.base = base();
    request.only_masked = only_masked;
    request.mask_blur = 0;
    const InpaintPlan plan = plan_inpaint(s.model, request, picture, mask, 0, nullptr);
    const auto made = run_inpaint(s.model, request, plan, picture, mask, {}, {});
    EXPECT_EQ(made.at(0).image.width, width);
    EXPECT_EQ(made.at(0).image.height, height);
  }
}

TEST_P(SmallPicture, GrowsWithEveryFill) {
  for (const OutpaintFill fill : {OutpaintFill::Edge, OutpaintFill::Blur, OutpaintFill::Mirror,
                                  OutpaintFill::Noise, OutpaintFill::Patches}) {
    OutpaintRequest request;
    request.base = base();
    request.left = {40, false};
    request.feather_px = 0;
    request.fill = fill;
    const OutpaintPlan plan = plan_outpaint(s.model, request, picture, 0, nullptr);
    const auto made = run_outpaint(s.model, request, plan, picture, {}, {});
    EXPECT_EQ(made.at(0).image.width, width + 40);
    EXPECT_EQ(crop(made[0].image, {40, 0, 40 + width, height}), picture.image);
  }
}

TEST_P(SmallPicture, IsEnlargedAndRefined) {
  const UpscalePlan plan = plan_upscale({.scale = 16}, "lanczos", nullptr, width, height, nullptr);
  const Image large = run_upscale(nullptr, plan, picture.image, {});
  EXPECT_EQ(large.width, 16 * width);
  RefineRequest request{.image = base(), .overlap_px = 16};
  request.image.width = request.image.height = 64;
  request.image.strength = 0.3;
  const RefinePlan refine = plan_refine(s.model, request, width, height, 0, nullptr);
  EXPECT_EQ(run_refine(s.model, request, refine, picture, {}, {}).image.width, width);
}

TEST_P(SmallPicture, IsBlendedAndStandsInAGrid) {
  BlendRequest blend{.image = base(), .method = BlendMethod::Latents};
  const std::vector<InputImage> pictures{picture, s.cat};
  const Img2ImgPlan plan = plan_blend(s.model, blend, pictures, 0, nullptr);
  EXPECT_EQ(run_blend(s.model, {}, blend, plan, pictures, {}, {}).size(), 1u);
  GridRequest grid{.base = base(), .model = {}, .vae = {}, .preset = {}, .axes = {}};
  grid.axes[0] = parse_axis("strength=0.4,1");
  EXPECT_EQ(run_grid(
                plan_grid(grid, &picture), [&](const GridCell&) -> LoadedModel& { return s.model; },
                [&](const GridCell&) { return &picture; }, {}, {})
                .size(),
            2u);
}

TEST_P(SmallPicture, IsNoGarment) {
  const TryOnRequest request{.image = base()};
  const TryOnInputs inputs{.garment = &picture};
  try {
    plan_try_on(s.model, request, inputs, 0, nullptr);
    ADD_FAILURE() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("smaller than 32"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SmallPicture,
                         ::testing::Values(std::pair(1, 1), std::pair(2, 1), std::pair(1, 7)),
                         [](const auto& info) {
                           return std::to_string(info.param.first) + "x" +
                                  std::to_string(info.param.second);
                         });

}  // namespace
}  // namespace pentimento
