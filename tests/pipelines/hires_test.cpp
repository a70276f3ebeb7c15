// Two passes with a real (tiny) model. Each pass alone is checked against Python elsewhere
// (img2img_test.cpp); these are the laws of what joins them.
#include "pipelines/hires.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "pipelines/latent_resize.h"
#include "pipelines/pixels.h"
#include "support/golden.h"

namespace pentimento {
namespace {

class Hires : public ::testing::Test {
 protected:
  static LoadedModel& model() {
    static testing::TempDir folder;
    static Runtime runtime({.precision = Precision::F32, .threads = 2});
    static LoadedModel model =
        load_model(runtime, testing::golden_path("pipelines_sd1"), {}, folder / "hashes", {});
    return model;
  }
  Hires() {
    request_.base.prompt = "a cat";
    request_.base.seed = 5;
    request_.base.steps = 4;
    request_.base.width = 64;
    request_.base.height = 48;
    request_.base.sampler = "Euler";
  }
  std::vector<Img2ImgPicture> paint(const Img2ImgOptions& options = {},
                                    const Enlarge& enlarge = {}) {
    const HiresPlan plan = plan_hires(model(), request_, 0, nullptr);
    return run_hires(model(), request_, plan, enlarge, options, {});
  }
  HiresPlan plan() { return plan_hires(model(), request_, 0, nullptr); }
  Img2ImgPicture first_pass(Tensor* latent = nullptr) {
    Img2ImgInputs inputs;
    inputs.finish = [&](Image image, const FinishedLatents& latents) {
      if (latent) *latent = latents.latent;
      return image;
    };
    const Img2ImgPlan plan = plan_img2img(model(), request_.base, nullptr, 0, nullptr);
    return run_img2img(model(), request_.base, plan, inputs, {}, {})[0];
  }
  HiresRequest request_;
};

TEST_F(Hires, TheResultIsAsLargeAsAsked) {
  EXPECT_EQ(plan().second.width, 128);
  EXPECT_EQ(plan().second.height, 96);
  request_.scale = 1.3;  // 83.2 x 62.4: on the latent's grid
  EXPECT_EQ(plan().second.width, 80);
  EXPECT_EQ(plan().second.height, 56);
  request_.width = 128;  // one alone keeps the proportions
  EXPECT_EQ(plan().second.width, 128);
  EXPECT_EQ(plan().second.height, 96);
  request_.width = 0;
  request_.height = 96;
  EXPECT_EQ(plan().second.width, 128);
  request_.width = 96;  // both: covered, then cut
  EXPECT_EQ(plan().second.width, 96);
  EXPECT_EQ(plan().enlarged_width, 128);
  EXPECT_EQ(plan().enlarged_height, 96);
  const auto pictures = paint();
  EXPECT_EQ(pictures[0].image.width, 96);
  EXPECT_EQ(pictures[0].image.height, 96);
}

TEST_F(Hires, StrengthZeroShowsTheEnlargedFirstPass) {
  request_.strength = 0;
  Tensor latent;
  first_pass(&latent);
  for (const char* mode : latent_resize_modes()) {
    request_.upscaler = mode;
    const Tensor large = resize_latent(latent, 96 / 8, 128 / 8, mode);
    EXPECT_EQ(paint()[0].image.pixels,
              tensor_to_picture(model().networks->decode(large, {})).pixels)
        << mode;
  }
  request_.upscaler = "Nearest";
  const Image small = first_pass().image;
  const Tensor encoded =
      model().networks->encode(picture_to_tensor(resize(small, 128, 96, Filter::Nearest)), {});
  EXPECT_EQ(paint()[0].image.pixels,
            tensor_to_picture(model().networks->decode(encoded, {})).pixels);
}

TEST_F(Hires, TheSecondPassIsImageToImageWithExactSteps) {
  request_.upscaler = "Lanczos";
  request_.strength = 0.5;
  request_.steps = 3;
  request_.prompt = "a dog";
  InputImage large{.image = resize(first_pass().image, 128, 96, Filter::Lanczos)};
  Img2ImgRequest second = request_.base;
  second.prompt = "a dog";
  second.width = 128;
  second.height = 96;
  second.strength = 0.5;
  second.fix_steps = true;
  second.steps = 3;
  const Img2ImgPlan plan = plan_img2img(model(), second, &large, 0, nullptr);
  EXPECT_EQ(plan.model_calls, 3);
  const auto expected = run_img2img(model(), second, plan, &large, {}, {});
  const auto made = paint();
  EXPECT_EQ(made[0].image.pixels, expected[0].image.pixels);
  EXPECT_EQ(made[0].infotext.prompt, "a cat");
  EXPECT_EQ(made[0].infotext.get("Size"), "64x48");
  EXPECT_EQ(made[0].infotext.get("Hires upscale"), "2");
  EXPECT_EQ(made[0].infotext.get("Hires upscaler"), "Lanczos");
  EXPECT_EQ(made[0].infotext.get("Hires steps"), "3");
  EXPECT_EQ(made[0].infotext.get("Hires prompt"), "a dog");
}

TEST_F(Hires, PictureKOfABatchIsThePictureOfSeedPlusK) {
  request_.base.batch = 2;
  const auto both = paint();
  ASSERT_EQ(both.size(), 2u);
  request_.base.batch = 1;
  request_.base.seed = 6;
  EXPECT_EQ(paint()[0].image.pixels, both[1].image.pixels);
}

TEST_F(Hires, AnUpscalerOfOnesOwnIsAsked) {
  request_.upscaler = "R-ESRGAN 4x+";
  std::string asked;
  paint({}, [&](const Image& image, int width, int height, const std::string& name) {
    asked = name + " " + std::to_string(width) + "x" + std::to_string(height);
    return resize(image, width, height, Filter::Nearest);
  });
  EXPECT_EQ(asked, "R-ESRGAN 4x+ 128x96");
  EXPECT_THROW(paint(), Error) << "nobody knows it";
}

TEST_F(Hires, ARunCutShortGoesOnInTheSecondPass) {
  class Answers : public RunMemory {
   public:
    std::optional<Vec> recall(const std::string& question) override {
      if (next < kept.size() && kept[next].first == question) return kept[next++].second;
      kept.resize(next);
      return std::nullopt;
    }
    void keep(const std::string& question, const Vec& answer) override {
      kept.emplace_back(question, answer);
      next = kept.size();
      if (--left == 0) throw Error(ErrorKind::Cancelled, "cut");
    }
    void begin_picture() override {
      if (next > 0) kept.clear();
      next = 0;
    }
    std::vector<std::pair<std::string, Vec>> kept;
    size_t next = 0;
    int left = 6;  // four steps of the first pass, two of the second
  } memory;
  const auto whole = paint();
  EXPECT_THROW(paint({.memory = &memory}), Error);
  memory.next = 0;
  EXPECT_EQ(paint({.memory = &memory})[0].image.pixels, whole[0].image.pixels);
  EXPECT_EQ(memory.left, -2) << "only two calls were still to be made";
}

TEST_F(Hires, RefusesWhatIsOutOfRange) {
  request_.scale = 9;
  EXPECT_THROW(plan(), Error);
  request_.scale = 2;
  request_.strength = 1.5;
  EXPECT_THROW(plan(), Error);
  request_.strength = 0.5;
  request_.sampler = "no such sampler";
  EXPECT_THROW(plan(), Error);
}

}  // namespace
}  // namespace pentimento
