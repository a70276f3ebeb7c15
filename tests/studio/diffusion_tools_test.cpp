#include "studio/diffusion_tools.h"

#include <gtest/gtest.h>

#include <fstream>

#include "studio/coded_error.h"
#include "studio/model_library.h"
#include "studio/schema.h"
#include "studio/txt2img_json.h"
#include "support/golden.h"

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
  t.tools.decide(job.request, job.choice);
  EXPECT_EQ(job.choice.model, "tiny");
  EXPECT_TRUE(job.request.seed);
  EXPECT_LE(*job.request.seed, 4294967295u);
  EXPECT_TRUE(job.request.subseed);
  job.request.seed = 7;
  t.tools.decide(job.request, job.choice);
  EXPECT_EQ(job.request.seed, 7u);
}

TEST(DiffusionTools, RefuseMoreThanOneLargestPicturesWork) {
  const Tools t;
  Img2ImgJob job;
  job.request.width = job.request.height = 2048;
  job.request.steps = 150;
  t.tools.decide(job.request, job.choice);
  job.request.batch = 2;
  try {
    t.tools.decide(job.request, job.choice);
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.limit(), "max_pixel_steps");
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  }
  job.request.width = job.request.height = 512;
  job.request.batch = 16;
  t.tools.decide(job.request, job.choice);
}

TEST(DiffusionTools, RefuseAPromptOfTooManyLoras) {
  Img2ImgJob job;
  for (int i = 0; i < 33; ++i) job.request.prompt += "<lora:a:0.1>";
  try {
    DiffusionTools{}.decide(job.request, job.choice);
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
  EXPECT_THROW(t.tools.decide(job.request, job.choice), CodedError);
}

// Which VAE, text encoder and clip skip a job gets: named, chosen for the model, beside it, the
// setting, in this order.
class Choices : public ::testing::Test {
 protected:
  Choices() {
    for (const char* name : {"Stable-diffusion/dream.ckpt", "Stable-diffusion/other.ckpt",
                             "VAE/global.pt", "VAE/chosen.pt", "VAE/asked.pt"})
      write(name, "x");
    library_ = std::make_shared<ModelLibrary>(
        LibraryOptions{.data = folder_ / "data", .cache = folder_ / "cache"});
    settings_->change({{"vae", "global"}});
  }
  void write(const std::string& name, const std::string& bytes) {
    const auto path = folder_ / "data" / "models" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << bytes;
  }
  Img2ImgJob decided(Img2ImgJob job = {}) {
    library_->refresh();
    job.choice.model = "dream";
    DiffusionTools{nullptr, library_, settings_, {}}.decide(job.request, job.choice);
    return job;
  }
  testing::TempDir folder_;
  Database db_{folder_ / "studio.sqlite", studio_migrations()};
  std::shared_ptr<Settings> settings_ = std::make_shared<Settings>(db_);
  std::shared_ptr<ModelLibrary> library_;
};

TEST_F(Choices, OfAVaeGoFromTheNearestToTheFurthest) {
  EXPECT_EQ(decided().choice.vae, "global.pt");
  write("Stable-diffusion/dream.vae.pt", "x");
  EXPECT_EQ(decided().choice.vae, "") << "the one beside the model, found when it is loaded";
  write("Stable-diffusion/dream.json", R"({"vae": "chosen.pt"})");
  EXPECT_EQ(decided().choice.vae, "");
  EXPECT_EQ(decided({.choice = {.vae = "asked"}}).choice.vae, "asked.pt");
  EXPECT_EQ(decided({.choice = {.vae = "None"}}).choice.vae, "none");
  EXPECT_EQ(decided({.choice = {.vae = "Automatic"}}).choice.vae, "");
  std::filesystem::remove(folder_ / "data/models/Stable-diffusion/dream.vae.pt");
  write("Stable-diffusion/dream.json", R"({"vae": "None"})");
  EXPECT_EQ(decided().choice.vae, "") << "its own, whatever the setting";
  EXPECT_THROW(decided({.choice = {.vae = "unheard of"}}), CodedError);
}

TEST_F(Choices, OfClipSkipAndTextEncoderAreTheModelsUnlessNamed) {
  EXPECT_EQ(decided().request.clip_skip, 1);
  EXPECT_EQ(decided().choice.text_encoder, "");
  write("Stable-diffusion/dream.json", R"({"clip skip": 2, "text encoder": "other"})");
  EXPECT_EQ(decided().request.clip_skip, 2);
  EXPECT_EQ(decided().choice.text_encoder, "other");
  Img2ImgJob job;
  job.request.clip_skip = 1;
  job.choice.text_encoder = "dream";
  EXPECT_EQ(decided(job).request.clip_skip, 1);
  EXPECT_EQ(decided(job).choice.text_encoder, "dream");
  job.choice.text_encoder = "unheard of";
  EXPECT_THROW(decided(job), CodedError);
}

TEST(MemoryKey, NamesEveryFileThatMakesTheModel) {
  const auto model = [](const char* sha256, const char* vae, const char* text) {
    LoadedModel m{.networks = nullptr,
                  .tokenizer = nullptr,
                  .table = NoiseTable(0.00085, 0.012, "scaled_linear", 1000, false)};
    m.sha256 = sha256;
    m.vae_sha256 = vae;
    m.text_sha256 = text;
    return memory_key(m, "1");
  };
  const std::string key = model("a", "b", "c");
  EXPECT_EQ(model("a", "b", "c"), key);
  for (const std::string& other :
       {model("x", "b", "c"), model("a", "x", "c"), model("a", "b", "x")})
    EXPECT_NE(other, key);
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
