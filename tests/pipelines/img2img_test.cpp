#include "pipelines/img2img.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "image/codec.h"
#include "pipelines/conditioning.h"
#include "pipelines/repeat.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::golden_path;
using testing::relative_error;
using testing::TempDir;

// The tiny model, loaded once: compiling it takes most of the time of these tests.
struct Studio {
  TempDir cache;
  Runtime runtime;
  LoadedModel model;
  InputImage cat;

  explicit Studio(RuntimeOptions options)
      : runtime(options),
        model(load_model(runtime, golden_path("pipelines_sd1"), {}, cache / "hashes", {})) {
    cat.image = read_picture(golden_path("pipelines_input.png")).image;
    cat.name = "pipelines_input.png";
    cat.sha256 = "0123";
  }
};

Studio& studio() {
  static Studio shared({.precision = Precision::F32, .threads = 2});
  return shared;
}

Img2ImgRequest request(const std::string& prompt, uint64_t seed) {
  Img2ImgRequest r;
  r.prompt = prompt;
  r.seed = seed;
  r.steps = 20;
  return r;
}

std::vector<Img2ImgPicture> paint(const Img2ImgRequest& r, const InputImage* input,
                                  Img2ImgOptions options = {}, Studio& s = studio()) {
  const Img2ImgPlan plan = plan_img2img(s.model, r, input, 0, nullptr);
  return run_img2img(s.model, r, plan, input, options, {});
}

// What --trace wrote, without its header.
std::vector<float> trace(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10) throw std::runtime_error("no trace " + path.string());
  const size_t header =
      10 + static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  const bool integers = bytes.find("<i8") < header;
  std::vector<float> values;
  for (size_t at = header; at < bytes.size(); at += integers ? 8 : 4) {
    float value;
    int64_t integer;
    std::memcpy(&integer, bytes.data() + at, integers ? 8 : 4);
    std::memcpy(&value, bytes.data() + at, 4);
    values.push_back(integers ? static_cast<float>(integer) : value);
  }
  return values;
}

int largest_difference(const Image& a, const Tensor& b) {
  int worst = a.pixels.size() == b.size() ? 0 : 255;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.size()); ++i)
    worst = std::max(worst, std::abs(int{a.pixels[i]} - static_cast<int>(b.data[i])));
  return worst;
}

// Every array on the way, and the picture, against the Python pipeline.
void expect_reference(const std::string& name, const Img2ImgRequest& r, const InputImage* input) {
  const Golden golden("pipelines_img2img.safetensors");
  TempDir folder;
  const auto pictures = paint(r, input, {.trace_dir = folder.path()});
  const auto traced = [&](const char* array) {
    return trace(folder / (std::string(array) + ".npy"));
  };
  const auto reference = [&](const char* array) { return golden.tensor(name + "." + array).data; };
  EXPECT_EQ(traced("tokens"), reference("tokens"));
  EXPECT_LT(relative_error(traced("noise"), reference("noise")), 1e-6);
  EXPECT_LT(relative_error(traced("cond"), reference("cond")), 1e-4);
  EXPECT_LT(relative_error(traced("uncond"), reference("uncond")), 1e-4);
  EXPECT_LT(relative_error(traced("sigmas"), reference("sigmas")), 1e-5);
  if (input) {
    EXPECT_LT(relative_error(traced("init_latent"), reference("init_latent")), 1e-4);
  }
  EXPECT_LT(relative_error(traced("latent"), reference("latent")), 1e-3);
  EXPECT_LE(largest_difference(pictures[0].image, golden.tensor(name + ".image")), 1);
}

TEST(Img2Img, MatchesThePythonPipelineWithEuler) {
  Img2ImgRequest r = request("a watercolour of a cat", 42);
  r.sampler = "Euler";
  r.strength = 0.5;
  r.cfg = 7;
  r.width = r.height = 64;
  expect_reference("euler", r, &studio().cat);
}

TEST(Img2Img, MatchesThePythonPipelineWithEmphasisAndKarras) {
  Img2ImgRequest r = request("a (cat:1.3) in (soft) light", 7);
  r.negative_prompt = "blurry, low quality";
  r.sampler = "DPM++ 2M Karras";
  r.cfg = 5.5;
  r.width = 80;
  r.height = 48;
  expect_reference("karras", r, &studio().cat);
}

TEST(Img2Img, MatchesThePythonPipelineWithoutAPicture) {
  Img2ImgRequest r = request("a cat", 1234);
  r.negative_prompt = "dog";
  r.sampler = "Euler a";
  r.width = 48;
  r.height = 64;
  r.cfg = 7;
  r.resize_mode = ResizeMode::Stretch;
  expect_reference("txt2img", r, nullptr);
}

TEST(Img2Img, MatchesThePythonPipelineWithAPromptOfTwoChunks) {
  std::string words;
  for (int i = 0; i < 14; ++i)
    words += std::string(i ? " " : "") + "sun moon tree river stone cloud";
  Img2ImgRequest r = request(words, 3);
  r.sampler = "Heun";
  r.scheduler = "Karras";
  r.cfg = 4;
  r.strength = 0.3;
  r.width = r.height = 64;
  expect_reference("long", r, &studio().cat);
}

TEST(Img2Img, StrengthZeroReturnsTheDecodedInput) {
  const Golden golden("pipelines_img2img.safetensors");
  Img2ImgRequest r = request("anything", 1);
  r.strength = 0;
  r.width = r.height = 64;
  EXPECT_LE(largest_difference(paint(r, &studio().cat)[0].image, golden.tensor("roundtrip.image")),
            1);
}

TEST(Img2Img, ATimestepSamplerThatHasNothingToRunKeepsThePicture) {
  Img2ImgRequest r = request("anything", 1);
  r.width = r.height = 64;
  r.strength = 0;
  const Image kept = paint(r, &studio().cat)[0].image;
  r.strength = 0.04;
  r.sampler = "DDIM";
  EXPECT_EQ(paint(r, &studio().cat)[0].image, kept);
}

TEST(Img2Img, SecondOrderSamplersAreCountedInSteps) {
  Img2ImgRequest r = request("a cat", 1);
  r.sampler = "Heun";
  r.strength = 0.5;
  r.width = r.height = 64;
  const Img2ImgPlan plan = plan_img2img(studio().model, r, &studio().cat, 0, nullptr);
  EXPECT_EQ(plan.describe(), "strength 0.50: runs 11 of 20 steps at 64x64");
  EXPECT_EQ(plan.model_calls, 21);
}

TEST(Img2Img, SameSeedGivesTheSameBytes) {
  Img2ImgRequest r = request("a cat", 5);
  r.sampler = "DPM++ SDE";
  r.steps = 6;
  r.width = r.height = 64;
  EXPECT_EQ(paint(r, &studio().cat)[0].image, paint(r, &studio().cat)[0].image);
}

TEST(Img2Img, AnyThreadCountGivesTheSameBytes) {
  Img2ImgRequest r = request("a cat", 5);
  r.sampler = "Euler";
  r.steps = 6;
  r.width = r.height = 64;
  Studio single({.precision = Precision::F32, .threads = 1});
  EXPECT_EQ(paint(r, &studio().cat)[0].image, paint(r, &single.cat, {}, single)[0].image);
}

TEST(Img2Img, OtherSeedsGiveOtherPictures) {
  Img2ImgRequest r = request("a cat", 5);
  r.steps = 4;
  r.width = r.height = 64;
  Img2ImgRequest other = r;
  other.seed = 6;
  EXPECT_NE(paint(r, &studio().cat)[0].image, paint(other, &studio().cat)[0].image);
}

TEST(Img2Img, PictureKOfABatchIsTheOneThatSeedPlusKGives) {
  Img2ImgRequest r = request("a cat", 11);
  r.sampler = "Euler a";
  r.steps = 5;
  r.batch = 3;
  r.width = r.height = 64;
  const auto batch = paint(r, &studio().cat);
  ASSERT_EQ(batch.size(), 3u);
  r.batch = 1;
  r.seed = 13;
  EXPECT_EQ(batch[2].image, paint(r, &studio().cat)[0].image);
  EXPECT_EQ(batch[2].seed, 13u);
}

TEST(Img2Img, GuidanceOfOneLeavesTheNegativePromptOut) {
  Img2ImgRequest r = request("a cat", 11);
  r.steps = 4;
  r.cfg = 1;
  r.width = r.height = 64;
  Img2ImgRequest other = r;
  other.negative_prompt = "dog";
  EXPECT_EQ(paint(r, &studio().cat)[0].image, paint(other, &studio().cat)[0].image);
}

TEST(Img2Img, CancelEndsTheRunWithinOneEvaluation) {
  Img2ImgRequest r = request("a cat", 11);
  r.width = r.height = 64;
  const Img2ImgPlan plan = plan_img2img(studio().model, r, &studio().cat, 0, nullptr);
  Progress progress;
  int seen = 0;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage != "denoise") return;
    ++seen;
    if (event.done == 3) progress.cancel.cancel();
  };
  try {
    run_img2img(studio().model, r, plan, &studio().cat, {}, progress);
    FAIL() << "ran to the end";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  }
  EXPECT_EQ(seen, 4);
}

TEST(Img2Img, InfotextMakesThePictureAgain) {
  Img2ImgRequest r = request("a (cat:1.2), soft\nlight", 21);
  r.negative_prompt = "blurry, \"bad\": art";
  r.sampler = "DPM++ 2M SDE";
  r.steps = 7;
  r.cfg = 3.25;
  r.strength = 0.6;
  r.subseed = 99;
  r.subseed_strength = 0.3;
  r.eta_noise_seed_delta = 31337;
  r.eta = 0.9;
  r.rng = RngSource::Nv;
  r.clip_skip = 2;
  r.width = 72;
  r.height = 64;
  r.resize_mode = ResizeMode::Crop;
  r.initial_noise_multiplier = 0.95;
  r.color_correction = true;
  const auto first = paint(r, &studio().cat, {.version = "v"});
  const Infotext info = parse_infotext(format_infotext(first[0].infotext));
  const auto second = paint(request_from_infotext(info), &studio().cat, {.version = "v"});
  EXPECT_EQ(first[0].image, second[0].image);
  EXPECT_EQ(format_infotext(first[0].infotext), format_infotext(second[0].infotext));
  const auto report = compare_repeat(first[0].image, made_with_from_infotext(info), second[0].image,
                                     made_with_from_infotext(second[0].infotext));
  EXPECT_TRUE(report.identical);
  EXPECT_TRUE(report.differences.empty());
}

TEST(Img2Img, PlanSaysWhatStrengthWillDo) {
  Img2ImgRequest r = request("a cat", 1);
  r.sampler = "Euler";
  r.strength = 0.5;
  r.width = r.height = 64;
  const Img2ImgPlan plan = plan_img2img(studio().model, r, &studio().cat, 0, nullptr);
  EXPECT_EQ(plan.describe(), "strength 0.50: runs 11 of 20 steps at 64x64");
}

TEST(Img2Img, PlanLearnsHowLongThisComputerTakes) {
  Timings timings{std::filesystem::path()};
  Img2ImgRequest r = request("a cat", 1);
  r.steps = 4;
  r.width = r.height = 64;
  EXPECT_FALSE(plan_img2img(studio().model, r, &studio().cat, 0, &timings).seconds.has_value());
  paint(r, &studio().cat, {.timings = &timings});
  EXPECT_TRUE(plan_img2img(studio().model, r, &studio().cat, 0, &timings).seconds.has_value());
}

TEST(Img2Img, SizeFollowsThePictureAtTheModelsNativeArea) {
  InputImage wide;
  wide.image = Image(1600, 900, 3);
  const Img2ImgPlan plan = plan_img2img(studio().model, request("", 1), &wide, 0, nullptr);
  const double native = studio().model.config().native_size_px;
  EXPECT_EQ(plan.width % 8, 0);
  EXPECT_EQ(plan.height % 8, 0);
  EXPECT_NEAR(double(plan.width) / plan.height, 16.0 / 9, 0.2);
  EXPECT_NEAR(double(plan.width) * plan.height / (native * native), 1, 0.1);
}

std::string refusal(const Img2ImgRequest& r, ErrorKind kind) {
  return testing::refusal(kind,
                          [&] { plan_img2img(studio().model, r, &studio().cat, 0, nullptr); });
}

TEST(Img2Img, RefusesUnknownLorasByName) {
  EXPECT_NE(refusal(request("a cat <lora:ink:0.8>", 1), ErrorKind::NotFound).find("lora:ink"),
            std::string::npos);
}

TEST(Img2Img, RefusesWhatDoesNotFitIntoMemoryWithTheNumbers) {
  const Img2ImgPlan plan =
      plan_img2img(studio().model, request("a cat", 1), &studio().cat, 0, nullptr);
  EXPECT_GT(plan.memory_bytes, 0u);
  check_memory(plan, plan.memory_bytes);
  try {
    check_memory(plan, plan.memory_bytes - 1);
    FAIL() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::OutOfMemory);
    EXPECT_NE(std::string(error.what()).find("GB of memory and"), std::string::npos)
        << error.what();
  }
}

TEST(Img2ImgRequest, NamesEveryFieldThatIsOutOfRange) {
  Img2ImgRequest r;
  r.strength = std::nan("");
  r.steps = 0;
  r.cfg = -1;
  r.image_cfg = 101;
  r.width = 65;
  r.height = 9000;
  r.batch = 101;
  r.seed = 1ull << 32;
  r.subseed = 1ull << 32;
  r.subseed_strength = 1.5;
  r.clip_skip = 0;
  r.eta = 2;
  r.s_churn = -1;
  r.s_tmin = -1;
  r.s_tmax = -1;
  r.s_noise = 3;
  r.sigma_min = -1;
  r.sigma_max = -1;
  r.rho = -1;
  r.initial_noise_multiplier = 2;
  r.extra_noise = -0.1;
  r.sampler = "no such sampler";
  const auto problems = problems_of(r);
  EXPECT_EQ(problems.size(), 22u);
  EXPECT_THROW(validate(r), Error);
  EXPECT_TRUE(problems_of(Img2ImgRequest{}).empty());
}

TEST(Img2ImgRequest, RefusesAnUnknownScheduler) {
  Img2ImgRequest r;
  r.scheduler = "Karas";
  EXPECT_EQ(problems_of(r).size(), 1u);
}

TEST(Img2ImgRequest, RefusesTextThatIsNotUtf8) {
  Img2ImgRequest r = request("caf\xe9", 1);
  refusal(r, ErrorKind::InvalidArgument);
}

TEST(Repeat, NamesWhatIsDifferent) {
  const Image a(2, 2, 3, 10), b(2, 2, 3, 12);
  MadeWith then{.model_hash = "aaaa", .precision = "bf16", .pixels_sha256 = pixels_sha256(a)};
  MadeWith now{.model_hash = "bbbb", .precision = "bf16", .pixels_sha256 = pixels_sha256(b)};
  const RepeatReport report = compare_repeat(a, then, b, now);
  EXPECT_FALSE(report.identical);
  ASSERT_EQ(report.differences.size(), 1u);
  EXPECT_EQ(report.differences[0], "the model was aaaa, now it is bbbb");
  EXPECT_NEAR(report.psnr_db, 42.1, 0.1);
}

TEST(Repeat, SaysSoWhenNothingItKnowsIsDifferent) {
  const Image a(2, 2, 3, 10), b(2, 2, 3, 12);
  const MadeWith then{.pixels_sha256 = pixels_sha256(a)}, now{.pixels_sha256 = pixels_sha256(b)};
  EXPECT_EQ(compare_repeat(a, then, b, now).differences.size(), 1u);
}

TEST(Timings, AreRememberedInTheFile) {
  TempDir folder;
  Timings(folder / "sub/timings.txt").learn("unet", 100, 50);
  EXPECT_DOUBLE_EQ(Timings(folder / "sub/timings.txt").seconds("unet", 10).value(), 5);
}

TEST(Timings, ADamagedFileCostsOnlyTheEstimate) {
  TempDir folder;
  std::ofstream(folder / "t") << "unet\tnonsense\n\nx\t-1\nvae\t2\n";
  const Timings timings(folder / "t");
  EXPECT_FALSE(timings.seconds("unet", 1).has_value());
  EXPECT_FALSE(timings.seconds("x", 1).has_value());
  EXPECT_DOUBLE_EQ(timings.seconds("vae", 1).value(), 2);
}

}  // namespace
}  // namespace pentimento
