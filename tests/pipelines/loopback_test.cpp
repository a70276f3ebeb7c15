#include "pipelines/loopback.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/codec.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::golden_path;

class Loopback : public ::testing::Test {
 protected:
  static LoadedModel& model() {
    static testing::TempDir folder;
    static Runtime runtime({.precision = Precision::F32, .threads = 2});
    static LoadedModel model =
        load_model(runtime, golden_path("pipelines_sd1"), {}, folder / "hashes", {});
    return model;
  }
  Loopback() {
    picture_.image = read_picture(golden_path("pipelines_input.png")).image;
    request_.base.seed = 5;
    request_.base.steps = 4;
    request_.base.width = request_.base.height = 64;
    request_.base.strength = 0.8;
    request_.loops = 3;
    request_.final_strength = 0.2;
  }
  std::vector<Img2ImgPicture> paint(const Img2ImgOptions& options = {}) {
    const Img2ImgPlan plan = plan_loopback(model(), request_, picture_, 0, nullptr);
    return run_loopback(model(), request_, plan, picture_, options, {});
  }
  InputImage picture_;
  LoopbackRequest request_;
};

TEST_F(Loopback, TheStrengthGoesToItsEndAlongTheCurve) {
  const auto strengths = [&](LoopCurve curve) {
    request_.curve = curve;
    return std::vector{strength_of_loop(request_, 0), strength_of_loop(request_, 1),
                       strength_of_loop(request_, 2)};
  };
  EXPECT_EQ(strengths(LoopCurve::Linear)[0], 0.8);
  EXPECT_DOUBLE_EQ(strengths(LoopCurve::Linear)[1], 0.5);
  EXPECT_DOUBLE_EQ(strengths(LoopCurve::Linear)[2], 0.2);
  EXPECT_NEAR(strengths(LoopCurve::Aggressive)[1], 0.8 - 0.6 * 0.70710678, 1e-8);
  EXPECT_NEAR(strengths(LoopCurve::Lazy)[1], 0.8 - 0.6 * 0.29289322, 1e-8);
  request_.loops = 1;
  EXPECT_EQ(strength_of_loop(request_, 0), 0.8);
}

TEST_F(Loopback, EachLoopIsImageToImageOfTheOneBefore) {
  const auto made = paint();
  ASSERT_EQ(made.size(), 3u);
  InputImage source = picture_;
  for (int index = 0; index < 3; ++index) {
    Img2ImgRequest step = request_.base;
    step.seed = 5 + static_cast<uint64_t>(index);
    step.strength = strength_of_loop(request_, index);
    const Img2ImgPlan plan = plan_img2img(model(), step, &source, 0, nullptr);
    source.image = run_img2img(model(), step, plan, &source, {}, {})[0].image;
    EXPECT_EQ(made[static_cast<size_t>(index)].image.pixels, source.image.pixels) << index;
  }
  EXPECT_EQ(made[2].infotext.get("Final denoising strength"), "0.2");
  EXPECT_EQ(made[2].infotext.get("Denoising curve"), "Linear");
  EXPECT_EQ(made[2].seed, 7u);
}

TEST_F(Loopback, ABatchBeginsAnewFromTheSourceAndDoneChainsAreLeft) {
  request_.base.batch = 2;
  request_.loops = 2;
  const auto made = paint();
  ASSERT_EQ(made.size(), 4u);
  EXPECT_EQ(made[2].seed, 7u);
  std::vector<size_t> again;
  const auto rest =
      paint({.on_picture = [&](size_t index, const Img2ImgPicture&) { again.push_back(index); },
             .is_done = [](size_t index) { return index < 3; }});
  EXPECT_EQ(again, (std::vector<size_t>{2, 3})) << "a chain is made from its start";
  EXPECT_EQ(rest[1].image.pixels, made[3].image.pixels);
}

TEST_F(Loopback, RefusesWhatIsOutOfRange) {
  request_.loops = 0;
  EXPECT_THROW(paint(), Error);
  request_.loops = 2;
  request_.final_strength = 1.1;
  EXPECT_THROW(paint(), Error);
}

}  // namespace
}  // namespace pentimento
