#include "studio/diffusion_tools.h"

#include <gtest/gtest.h>

#include "studio/coded_error.h"
#include "studio/txt2img_json.h"

namespace pentimento {
namespace {

class OneModel : public ModelCatalog {
 public:
  std::vector<CatalogModel> list(const std::string& type) const override {
    CatalogModel model;
    model.id = "m1";
    model.name = "tiny";
    model.file = "tiny.safetensors";
    return type == "checkpoint" && there ? std::vector{model} : std::vector<CatalogModel>{};
  }
  void refresh() override {}
  void learn_hash(const std::filesystem::path&, const std::string&) override {}
  std::filesystem::path folder() const override { return "/nowhere"; }
  bool there = true;
};

struct Tools {
  std::shared_ptr<OneModel> catalog = std::make_shared<OneModel>();
  DiffusionTools tools{nullptr, catalog, nullptr, {}};
};

TEST(DiffusionTools, DecideWhatChanceAndSettingsWould) {
  const Tools t;
  Img2ImgJob job;
  t.tools.decide(job);
  EXPECT_EQ(job.model, "tiny");
  EXPECT_TRUE(job.request.seed);
  EXPECT_LE(*job.request.seed, 4294967295u);
  EXPECT_TRUE(job.request.subseed);
  job.request.seed = 7;
  t.tools.decide(job);
  EXPECT_EQ(job.request.seed, 7u);
}

TEST(DiffusionTools, RefuseMoreThanOneLargestPicturesWork) {
  const Tools t;
  Img2ImgJob job;
  job.request.width = job.request.height = 2048;
  job.request.steps = 150;
  t.tools.decide(job);
  job.request.batch = 2;
  try {
    t.tools.decide(job);
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.limit(), "max_pixel_steps");
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  }
  job.request.width = job.request.height = 512;
  job.request.batch = 16;
  t.tools.decide(job);
}

TEST(DiffusionTools, RefuseAPromptOfTooManyLoras) {
  Img2ImgJob job;
  for (int i = 0; i < 33; ++i) job.request.prompt += "<lora:a:0.1>";
  try {
    DiffusionTools{}.decide(job);
    FAIL() << "it was accepted";
  } catch (const CodedError& error) {
    EXPECT_EQ(error.limit(), "max_loras");
  }
}

TEST(DiffusionTools, SayWhenThereIsNoModel) {
  const Tools t;
  EXPECT_EQ(t.tools.unavailable(), "");
  t.catalog->there = false;
  EXPECT_NE(t.tools.unavailable().find("there is no model yet"), std::string::npos);
  Img2ImgJob job;
  EXPECT_THROW(t.tools.decide(job), CodedError);
}

TEST(Txt2ImgJson, ComesBackAsItWas) {
  const Json given = with_defaults({{"prompt", "a cat"},
                                    {"hires", true},
                                    {"hires_scale", 1.5},
                                    {"hires_upscaler", "Lanczos"},
                                    {"hires_steps", 7},
                                    {"hires_prompt", "finer"},
                                    {"seed", 5},
                                    {"control",
                                     {{{"network", "a"},
                                       {"preprocessor", "canny"},
                                       {"weight", 0.5},
                                       {"start", 0.25},
                                       {"end", 0.75},
                                       {"mode", "prompt"},
                                       {"resize_mode", "fill"},
                                       {"threshold_a", 3.0},
                                       {"threshold_b", -1.0}}}}},
                                   txt2img_fields());
  const Json back = txt2img_job_to_json(txt2img_job_from_json(given));
  for (const auto& [name, value] : given.items()) EXPECT_EQ(back.at(name), value) << name;
  EXPECT_TRUE(problems_of(back, txt2img_fields()).empty()) << "it can be sent again";
}

}  // namespace
}  // namespace pentimento
