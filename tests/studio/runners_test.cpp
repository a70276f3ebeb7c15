// Every job that denoises, through its runner, with a real (tiny) model: from JSON to pictures, and
// from a picture's own request to the same picture again.
#include <gtest/gtest.h>

#include "studio/describe_runner.h"
#include "studio/grid_runner.h"
#include "studio/img2img_runner.h"
#include "studio/inpaint_runner.h"
#include "studio/loopback_runner.h"
#include "studio/outpaint_runner.h"
#include "studio/runner_fixture.h"
#include "studio/try_on_runner.h"
#include "studio/txt2img_runner.h"
#include "studio/upscale_runner.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using Runners = testing::RunnerTest;

TEST_F(Runners, Img2ImgPaintsItsBatch) {
  const auto runner = make_img2img_runner(*tools_);
  EXPECT_EQ(runner->describe().unavailable, "");
  const Json request =
      resolved(*runner, small({{"batch", 2}, {"strength", 0.6}, {"width", 64}, {"height", 48}}));
  const PlanReport plan = runner->plan(request, inputs());
  EXPECT_EQ(plan.width, 64);
  EXPECT_EQ(plan.pictures, 2);
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[1].seed, 10);
  EXPECT_EQ(pictures[1].model, "tiny");
  EXPECT_NE(pictures[0].infotext.find("Denoising strength: 0.6"), std::string::npos);
  expect_repeatable(*runner, pictures[1]);
}

TEST_F(Runners, Txt2ImgPaintsInOnePassOrTwo) {
  const auto runner = make_txt2img_runner(*tools_);
  const Json size = {{"width", 64}, {"height", 48}};
  Json request = small(size);
  EXPECT_EQ(run(*runner, resolved(*runner, request)).at(0).image.width, 64);
  request["hires"] = true;
  request["hires_steps"] = 2;
  request["batch"] = 2;
  const Json two = resolved(*runner, request);
  const PlanReport plan = runner->plan(two, inputs());
  EXPECT_EQ(plan.width, 128);
  EXPECT_EQ(plan.steps_that_run, 5);
  EXPECT_EQ(plan.pictures, 2);
  const auto pictures = run(*runner, two);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[0].image.width, 128);
  EXPECT_NE(pictures[0].infotext.find("Hires upscale: 2"), std::string::npos);
  expect_repeatable(*runner, pictures[1]);
}

TEST_F(Runners, LoopbackGivesEveryLoop) {
  const auto runner = make_loopback_runner(*tools_);
  const Json request = resolved(*runner, small({{"loops", 2}, {"final_strength", 0.3}}));
  EXPECT_EQ(runner->plan(request, inputs()).pictures, 2);
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_NE(pictures[0].image.pixels, pictures[1].image.pixels);
  EXPECT_EQ(run(*runner, pictures[1].request).at(1).image.pixels, pictures[1].image.pixels);
}

TEST_F(Runners, InpaintKeepsWhatLiesOutsideTheMask) {
  const auto runner = make_inpaint_runner(*tools_);
  const Json request = resolved(*runner, small({{"mask_blur", 0}, {"batch", 2}}));
  EXPECT_EQ(request["strength"], 0.75);
  EXPECT_EQ(request["masked_content"], "original");
  const PlanReport plan = runner->plan(request, inputs());
  EXPECT_EQ(plan.width, 64);
  EXPECT_NE(plan.sentence.find("repaints"), std::string::npos);
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 2u);
  EXPECT_EQ(pictures[0].image.width, 64);
  EXPECT_EQ(pictures[0].image.height, 48);
  EXPECT_EQ(pictures[0].image.pixels[0], 120);
  EXPECT_EQ(pictures[0].image.pixels.back(), 120);
  expect_repeatable(*runner, pictures[1]);
}

TEST_F(Runners, AnIntentChoosesWhatTheRequestLeavesOpen) {
  const auto runner = make_inpaint_runner(*tools_);
  const Json chosen = resolved(*runner, small({{"intent", "remove"}, {"mask_grow", 3}}));
  EXPECT_EQ(chosen["strength"], 0.5);
  EXPECT_EQ(chosen["masked_content"], "patches");
  EXPECT_EQ(chosen["only_masked"], true);
  EXPECT_EQ(chosen["mask_grow"], 3) << "what is given stays";
}

TEST_F(Runners, OutpaintGrowsThePicture) {
  const auto runner = make_outpaint_runner(*tools_);
  const Json request = resolved(*runner, small({{"left", "32"}, {"bottom", "50%"}}));
  EXPECT_EQ(request["strength"], 0.8);
  const PlanReport plan = runner->plan(request, inputs());
  EXPECT_EQ(plan.width, 96);
  EXPECT_EQ(plan.height, 72);
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 1u);
  EXPECT_EQ(pictures[0].image.width, 96);
  EXPECT_EQ(pictures[0].image.height, 72);
  expect_repeatable(*runner, pictures[0]);
}

TEST_F(Runners, GridGivesItsSheetAndItsCells) {
  const auto runner = make_grid_runner(*tools_);
  const Json request = resolved(
      *runner,
      small({{"x", "strength=0.3,0.6"}, {"y", "seed=1-2"}, {"width", 64}, {"height", 48}}));
  EXPECT_EQ(runner->plan(request, inputs()).pictures, 5);
  std::map<int, RunnerPicture> pictures;
  int expected = 0;
  RunnerPort port;
  port.expect = [&](int count) { expected = count; };
  port.picture = [&](int index, RunnerPicture picture) { pictures[index] = std::move(picture); };
  runner->run(request, inputs(), port);
  EXPECT_EQ(expected, 5);
  ASSERT_EQ(pictures.size(), 5u);
  EXPECT_GT(pictures[0].image.width, 128) << "the sheet";
  EXPECT_EQ(pictures[1].image.width, 64);
  EXPECT_EQ(pictures[4].seed, 2);
  EXPECT_NE(pictures[4].infotext.find("Denoising strength: 0.6"), std::string::npos);
  EXPECT_EQ(pictures[4].request["strength"], 0.6);
  EXPECT_EQ(pictures[4].request["x"], "");
  EXPECT_TRUE(fs::is_empty(*folder_ / "grid-cells")) << "cells are kept until the sheet is made";
}

TEST_F(Runners, GridPaintsFromWordsAlone) {
  const auto runner = make_grid_runner(*tools_);
  const Json request =
      runner->resolve(with_defaults(small({{"x", "seed=1-2"}, {"width", 64}, {"height", 48}}),
                                    runner->describe().fields),
                      {});
  EXPECT_EQ(runner->plan(request, {}).pictures, 3);
  std::map<int, RunnerPicture> pictures;
  RunnerPort port;
  port.picture = [&](int index, RunnerPicture picture) { pictures[index] = std::move(picture); };
  runner->run(request, {}, port);
  ASSERT_EQ(pictures.size(), 3u);
  EXPECT_EQ(pictures[1].image.width, 64);
  EXPECT_NE(pictures[1].image.pixels, pictures[2].image.pixels);
}

TEST_F(Runners, GridRefusesWhatItCannotPaint) {
  const auto runner = make_grid_runner(*tools_);
  EXPECT_THROW(resolved(*runner, small({{"x", "nothing=1"}})), Error);
  EXPECT_THROW(resolved(*runner, small({{"x", "seed=1-300"}})), Error);
  EXPECT_THROW(resolved(*runner, small({{"x", "model=no such model"}})), Error);
}

TEST_F(Runners, DescribeFindsWordsWithoutAModel) {
  const auto runner = make_describe_runner();
  const Json request = resolved(*runner, Json::object());
  Json result;
  RunnerPort port;
  port.picture = [](int, RunnerPicture) { ADD_FAILURE() << "it makes no picture"; };
  port.result = [&](const Json& found) { result = found; };
  runner->run(request, inputs(), port);
  EXPECT_EQ(result["source"], "measured");
  EXPECT_TRUE(result["caption"].is_string());
  EXPECT_EQ(result["width"], 64);
  EXPECT_FALSE(result.contains("path"));
}

TEST_F(Runners, UpscaleEnlargesByNameOrRefuses) {
  const auto shelf =
      std::make_shared<UpscalerShelf>(*runtime_, std::vector<fs::path>{}, *folder_ / "timings.txt");
  const auto runner = make_upscale_runner(shelf);
  const Json request = resolved(*runner, {{"upscaler", "lanczos"}, {"scale", 1.5}});
  EXPECT_EQ(runner->plan(request, inputs()).width, 96);
  const auto pictures = run(*runner, request);
  ASSERT_EQ(pictures.size(), 1u);
  EXPECT_EQ(pictures[0].image.width, 96);
  EXPECT_EQ(pictures[0].image.height, 72);
  EXPECT_NE(pictures[0].infotext.find("Postprocess upscaler: lanczos"), std::string::npos);
  EXPECT_THROW(run(*runner, resolved(*runner, {{"upscaler", "nobody's"}})), Error);
  EXPECT_THROW(resolved(*runner, {{"upscaler", ""}}), Error);
  EXPECT_THROW(resolved(*runner, {{"scale", 17}}), Error);
  const Image large = enlarge_with(shelf)(Image(8, 8, 3, 7), 24, 32, "Lanczos");
  EXPECT_EQ(large.width, 24);
  EXPECT_EQ(large.height, 32);
}

}  // namespace
}  // namespace pentimento
