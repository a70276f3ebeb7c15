// Trying on by CatVTON, through its runner: which weights go into which checkpoint, and what a
// person is told of them.
#include "studio/drape_runner.h"

#include <functional>

#include "base/error.h"
#include "studio/runner_fixture.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::refusal;
using testing::says;

namespace fs = std::filesystem;

class DrapeRunners : public testing::RunnerTest {
 protected:
  static void SetUpTestSuite() {
    RunnerTest::SetUpTestSuite();
    write("garment.png", Image(40, 60, 3, 200));
    Image half(64, 48, 1, 0);
    for (int y = 0; y < 48; ++y)
      for (int x = 0; x < 32; ++x) *half.at(x, y) = 255;
    write("half.png", half);
  }
  static fs::path models() { return *folder_ / "data/models"; }
  static void TearDownTestSuite() { RunnerTest::TearDownTestSuite(); }
  void SetUp() override {
    for (const char* name : {"CatVTON", "nine", "eight"}) fs::remove_all(models() / name);
    fs::create_directories(models() / "CatVTON");
    refresh();
  }
  static void refresh() { tools_->catalog->refresh(); }
  static void install(int channels, const char* weights) {
    testing::write_wide_checkpoint(models() / (channels == 9 ? "nine" : "eight"), channels);
    testing::write_catvton(models() / "CatVTON", weights);
    refresh();
  }
  static std::unique_ptr<JobRunner> runner() {
    return make_drape_runner(*tools_, *runtime_, *folder_ / "cache");
  }
  static JobInputs pictures(bool with_mask) {
    JobInputs files = {{"source", file("aa", "garment.png")}, {"person", file("bb", "lines.png")}};
    if (with_mask) files["person_mask"] = file("cc", "half.png");
    return files;
  }
  static Json request(Json more = Json::object()) {
    Json request = {{"steps", 3}, {"seed", 9}, {"width", 64}, {"height", 64}};
    request.update(more);
    return request;
  }
};

TEST_F(DrapeRunners, SaysWhatIsMissing) {
  EXPECT_TRUE(says(runner()->describe().unavailable, "not for commercial use"));
  testing::write_catvton(models() / "CatVTON");
  refresh();
  EXPECT_TRUE(says(runner()->describe().unavailable, "SD 1.5 inpainting"));
  install(9, "catvton.safetensors");
  EXPECT_EQ(runner()->describe().unavailable, "");
}

TEST_F(DrapeRunners, DrapesAndTellsTheLicence) {
  install(9, "catvton.safetensors");
  const auto draping = runner();
  const JobInputs files = pictures(true);
  const Json resolved = this->resolved(*draping, request(), files);
  EXPECT_EQ(resolved["model"], "nine") << "the only one that takes the weights";
  EXPECT_EQ(resolved["catvton"], "catvton");
  const PlanReport plan = draping->plan(resolved, files);
  EXPECT_EQ(plan.sentence.substr(0, 30), "drapes the garment by CatVTON:");
  EXPECT_GT(plan.memory_bytes.value_or(0), 0u);

  std::vector<RunnerPicture> made;
  Json told;
  int looks = 0;
  RunnerPort port;
  port.picture = [&](int, RunnerPicture picture) { made.push_back(std::move(picture)); };
  port.result = [&](const Json& result) { told = result; };
  port.preview = [&](const Image& look) {
    EXPECT_EQ(look.width, 8);
    ++looks;
  };
  for (int time = 1; time <= 2; ++time) {
    told = nullptr;
    draping->run(resolved, files, port);
    ASSERT_EQ(told["notes"].size(), 1u) << "also when the weights are loaded already";
    EXPECT_TRUE(says(told["notes"][0], "not for commercial use"));
  }
  ASSERT_EQ(made.size(), 2u);
  EXPECT_GT(looks, 0);
  EXPECT_EQ(made[0].image.width, 64);
  EXPECT_EQ(made[0].image.pixels, made[1].image.pixels);
  EXPECT_TRUE(says(made[0].infotext, "Job: tryon"));
  EXPECT_EQ(made[0].model, "nine");
  expect_repeatable(*draping, made[0], files);
  draping->unload();
  expect_repeatable(*draping, made[0], files);
}

TEST_F(DrapeRunners, GoesOnWhereItWas) {
  install(9, "catvton.safetensors");
  struct Kept : RunMemory {
    std::vector<std::pair<std::string, Vec>> answers;
    size_t at = 0;
    int recalled = 0;
    std::optional<Vec> recall(const std::string& question) override {
      if (at >= answers.size() || answers[at].first != question) return std::nullopt;
      ++recalled;
      return answers[at++].second;
    }
    void keep(const std::string& question, const Vec& answer) override {
      answers.emplace_back(question, answer);
      at = answers.size();
    }
  } memory;
  const auto draping = runner();
  const JobInputs files = pictures(true);
  const Json resolved = this->resolved(*draping, request(), files);
  std::vector<RunnerPicture> made;
  RunnerPort port;
  port.wants_previews = false;
  port.picture = [&](int, RunnerPicture picture) { made.push_back(std::move(picture)); };
  port.memory = [&](const std::string& key) {
    EXPECT_NE(key, "");
    return &memory;
  };
  draping->run(resolved, files, port);
  EXPECT_EQ(memory.recalled, 0);
  memory.at = 0;
  draping->run(resolved, files, port);
  EXPECT_GT(memory.recalled, 0);
  EXPECT_EQ(made.at(0).image.pixels, made.at(1).image.pixels);
}

TEST_F(DrapeRunners, ChoosesWeightsThatGoWithTheMaskOrWithoutOne) {
  install(9, "mix.safetensors");
  install(8, "mix-maskfree.safetensors");
  const auto draping = runner();
  EXPECT_EQ(resolved(*draping, request(), pictures(true))["catvton"], "mix");
  const Json free = resolved(*draping, request(), pictures(false));
  EXPECT_EQ(free["catvton"], "mix-maskfree");
  EXPECT_EQ(free["model"], "eight");
  EXPECT_EQ(run(*draping, free, pictures(false)).size(), 1u);
}

TEST_F(DrapeRunners, RefusesWhatCannotBeWorn) {
  install(9, "mix.safetensors");
  const auto draping = runner();
  const auto refused = [&](const Json& more, const JobInputs& files,
                           ErrorKind kind = ErrorKind::InvalidArgument) {
    return refusal(kind, [&] { resolved(*draping, request(more), files); });
  };
  const JobInputs files = pictures(true);
  EXPECT_TRUE(says(refused({{"model", "tiny"}}, files), "which tiny is not"));
  EXPECT_TRUE(says(refused({{"model", "nobody's"}}, files, ErrorKind::NotFound), "nobody's"));
  EXPECT_TRUE(says(refused({{"catvton", "nobody's"}}, files, ErrorKind::NotFound),
                   "no CatVTON file called"));
  EXPECT_TRUE(says(refused({{"vae", "nobody's"}}, files, ErrorKind::NotFound), "nobody's"));
  EXPECT_TRUE(says(refused({{"width", 65}}, files), "multiple of 8"));
  EXPECT_TRUE(
      says(refused({{"width", 2048}, {"height", 2048}, {"steps", 150}}, files), "max_pixel_steps"));
  EXPECT_TRUE(says(refused({{"prompt", "a cat"}}, files), "request.prompt"));
  const Json unmasked = resolved(*draping, request(), pictures(false));
  EXPECT_TRUE(says(refusal([&] { draping->plan(unmasked, pictures(false)); }), "need a mask"));
}

TEST_F(DrapeRunners, PlansBeforeItAcceptsOnceHashesAreKnown) {
  install(9, "mix.safetensors");
  const auto draping = runner();
  const JobInputs files = pictures(true);
  const Json resolved = this->resolved(*draping, request(), files);
  EXPECT_FALSE(draping->plans_quickly(resolved));
  const std::string digits(64, 'a');
  for (const CatalogModel& model : tools_->catalog->list())
    tools_->catalog->learn_hash(model.path, digits);
  EXPECT_TRUE(draping->plans_quickly(resolved));
}

}  // namespace
}  // namespace pentimento
