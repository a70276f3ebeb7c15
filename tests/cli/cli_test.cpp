// The built program, run as people run it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "cli/program.h"
#include "image/codec.h"
#include "image/resize.h"
#include "pipelines/add_on_files.h"
#include "support/golden.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using testing::content;
using testing::golden_path;
using testing::Outcome;
using testing::Program;
using testing::source_path;
using testing::TempDir;
namespace fs = std::filesystem;

const std::string kPicture = golden_path("pipelines_input.png").string();
const std::string kModel = golden_path("pipelines_sd1").string();

std::vector<std::string> img2img(std::vector<std::string> more) {
  std::vector<std::string> arguments{"img2img", kPicture,  "--model", kModel,     "--precision",
                                     "f32",     "--width", "64",      "--height", "64",
                                     "--steps", "4",       "--seed",  "5"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Every refusal is one line that names the program first, and exits with its kind's code.
void expect_refusal(const Outcome& outcome, int code, const std::string& part) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_TRUE(has(outcome.err, part)) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "pentimento: ")) << outcome.err;
}

TEST(Cli, TellsWhatItWillDoAndPaints) {
  Program program;
  const Outcome outcome =
      program.run(img2img({"--prompt", "a cat", "--strength", "0.5", "-o", "a.png"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "strength 0.50: runs 3 of 4 steps at 64x64")) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const Picture picture = read_picture(program / "a.png");
  EXPECT_EQ(picture.image.width, 64);
  EXPECT_TRUE(has(picture.text.at("parameters"), "a cat\nSteps: 4, Sampler: DPM++ 2M"));
}

TEST(Cli, RepeatSaysIdentical) {
  Program program;
  ASSERT_EQ(program.run(img2img({"--prompt", "a cat", "-o", "a.png"})).code, 0);
  const Outcome outcome = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "identical\n");
}

TEST(Cli, RepeatNamesAnotherModel) {
  Program program;
  ASSERT_EQ(program.run(img2img({"--prompt", "a cat", "-o", "a.png"})).code, 0);
  fs::copy(kModel, program / "other", fs::copy_options::recursive);
  {
    std::fstream file(program / "other/unet/diffusion_pytorch_model.safetensors",
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1000, std::ios::end);
    file << "changed weights";
  }
  const Outcome outcome = program.run({"repeat", "a.png", "--model", "other", "--input", kPicture});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "different")) << outcome.out;
  EXPECT_TRUE(has(outcome.out, "the model was ")) << outcome.out;
}

TEST(Cli, RepeatAsksForAnInputItCannotFind) {
  Program program;
  ASSERT_EQ(program.run(img2img({"-o", "a.png"})).code, 0);
  expect_refusal(program.run({"repeat", "a.png", "--model", kModel}), 3,
                 "name it with --input FILE");
}

TEST(Cli, RepeatRefusesAPictureThatRemembersNothing) {
  Program program;
  expect_refusal(program.run({"repeat", kPicture}), 2, "no generation parameters");
}

TEST(Cli, JsonIsOneObjectOnStandardOutput) {
  Program program;
  const Outcome outcome = program.run(img2img({"--json", "-o", "a.png"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out.front(), '{');
  EXPECT_TRUE(has(outcome.out, "\"path\": \"a.png\"")) << outcome.out;
}

TEST(Cli, ReadsStandardInputAndWritesStandardOutput) {
  Program program;
  auto arguments = img2img({"-o", "-", "--quiet"});
  arguments[1] = "-";
  const Outcome outcome = program.run(arguments, kPicture);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.substr(1, 3), "PNG");
}

TEST(Cli, ABatchIsNumberedAndAFolderIsTakenWhole) {
  Program program;
  ASSERT_EQ(program.run(img2img({"-o", "a.png", "--batch", "2"})).code, 0);
  EXPECT_TRUE(fs::exists(program / "a-1.png") && fs::exists(program / "a-2.png"));
  fs::create_directory(program / "in");
  fs::copy(kPicture, program / "in/x.png");
  fs::copy(kPicture, program / "in/y.png");
  auto arguments = img2img({"-o", "done/"});
  arguments[1] = "in";
  const Outcome outcome = program.run(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(program / "done/x-img2img.png") &&
              fs::exists(program / "done/y-img2img.png"));
}

TEST(Cli, WithoutOutputNothingIsOverwritten) {
  Program program;
  ASSERT_EQ(program.run(img2img({})).code, 0);
  ASSERT_EQ(program.run(img2img({})).code, 0);
  EXPECT_TRUE(fs::exists(program / "pipelines_input-img2img.png"));
  EXPECT_TRUE(fs::exists(program / "pipelines_input-img2img-2.png"));
}

TEST(Cli, TraceWritesEveryArray) {
  Program program;
  ASSERT_EQ(program.run(img2img({"--trace", "t", "-o", "a.png"})).code, 0);
  for (const char* name : {"tokens", "cond", "uncond", "init_latent", "noise", "sigmas", "latent"})
    EXPECT_TRUE(fs::exists(program / (std::string("t/") + name + ".npy"))) << name;
}

TEST(Cli, InterruptEndsItWithinASecondAndLeavesNothing) {
  Program program;
  const pid_t child = program.start(img2img({"--steps", "1000", "--strength", "1", "-o", "a.png"}));
  for (int i = 0; i < 600 && !has(content(program / "err"), "painting  ["); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto began = std::chrono::steady_clock::now();
  ::kill(child, SIGINT);
  const Outcome outcome = program.wait(child);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  for (const auto& entry : fs::directory_iterator(program / ""))
    EXPECT_FALSE(entry.path().filename().string().starts_with("a.png")) << entry.path();
}

TEST(Cli, RefusesWrongNumbersBeforeLoadingAnything) {
  Program program;
  expect_refusal(program.run(img2img({"--strength", "1.5"})), 2,
                 "strength is 1.5, expected 0 to 1");
  expect_refusal(program.run(img2img({"--sampler", "Eular"})), 2, "Euler");
  expect_refusal(program.run(img2img({"--width", "100000"})), 2, "width is 100000");
  expect_refusal(program.run(img2img({"--batch", "two"})), 2, "two");
  expect_refusal(program.run({"img2img"}), 2, "input");
  expect_refusal(program.run({"paint"}), 2, "paint");
}

TEST(Cli, RefusesInputsThatAreNotPictures) {
  Program program;
  std::ofstream(program / "empty.png");
  std::ofstream(program / "text.png") << "this is no picture, whatever its name says";
  std::ofstream(program / "cut.png", std::ios::binary) << content(kPicture).substr(0, 5000);
  const auto refused = [&](const std::string& name, int code, const std::string& part) {
    auto arguments = img2img({"-o", "out.png"});
    arguments[1] = name;
    expect_refusal(program.run(arguments), code, part);
    EXPECT_FALSE(fs::exists(program / "out.png"));
  };
  refused("missing.png", 3, "missing.png: no such file");
  refused("empty.png", 4, "empty.png");
  refused("text.png", 5, "text.png");
  refused("cut.png", 4, "cut.png");
}

TEST(Cli, RefusesModelsThatAreNone) {
  Program program;
  std::ofstream(program / "model.safetensors") << "garbage";
  const auto refused = [&](const std::string& model, int code, const std::string& part) {
    auto arguments = img2img({});
    arguments[3] = model;
    expect_refusal(program.run(arguments), code, part);
  };
  refused("model.safetensors", 4, "model.safetensors");
  refused("nowhere", 3, "nowhere: no such model file");
  auto without = img2img({});
  without.erase(without.begin() + 2, without.begin() + 4);
  ::setenv("PENTIMENTO_ASSETS", (program / "nothing").c_str(), 1);  // not even the program's own
  const auto nothing = program.run(without);
  ::unsetenv("PENTIMENTO_ASSETS");
  expect_refusal(nothing, 3, "put a Stable Diffusion checkpoint");
}

TEST(Cli, FindsAModelInTheModelsFolderByItself) {
  Program program;
  fs::create_directories(program / "data/models");
  fs::copy(kModel, program / "data/models/tiny", fs::copy_options::recursive);
  auto arguments = img2img({"-o", "a.png"});
  arguments.erase(arguments.begin() + 2, arguments.begin() + 4);
  EXPECT_EQ(program.run(arguments).code, 0);
}

TEST(Cli, RefusesPlacesItCannotWriteToBeforeTheWork) {
  Program program;
  expect_refusal(program.run(img2img({"-o", "no/such/folder/a.png"})), 7,
                 "create the folder first");
  expect_refusal(program.run(img2img({"-o", "a.bmp"})), 2, "bmp");
}

TEST(Cli, AFullDiskIsNamedAndLeavesNothing) {
  Program program;
  const fs::path disk = program / "disk";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4k") != 0)
    GTEST_SKIP() << "only root can mount a disk of 4 kB";
  const Outcome outcome = program.run(img2img({"-o", (disk / "a.png").string()}));
  const bool left = !fs::is_empty(disk);
  ::umount(disk.c_str());
  expect_refusal(outcome, 7, "No space left on device");
  EXPECT_FALSE(left);
}

TEST(Cli, RefusesTwoThingsOnStandardOutput) {
  Program program;
  expect_refusal(program.run(img2img({"-o", "-", "--json"})), 2, "both want standard output");
  expect_refusal(program.run(img2img({"-o", "-", "--batch", "2"})), 2, "name a folder");
}

TEST(Cli, RefusesTextThatIsNotUtf8) {
  Program program;
  expect_refusal(program.run(img2img({"--prompt", "caf\xe9"})), 2, "prompt is not UTF-8 at byte 3");
}

TEST(Cli, InfoShowsWhatAPictureRemembers) {
  Program program;
  ASSERT_EQ(program.run(img2img({"--prompt", "ink", "-o", "a.webp"})).code, 0);
  const Outcome outcome = program.run({"info", "a.webp"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(has(outcome.out, "ink\nSteps: 4"));
  EXPECT_TRUE(has(program.run({"info", kPicture}).out, "no generation parameters"));
}

TEST(Cli, InspectNamesTheFamily) {
  Program program;
  const Outcome outcome = program.run({"inspect", "--lang", "en", kModel});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.out, "family: SD 1.x")) << outcome.out;
  std::ofstream(program / "bad.ckpt") << "garbage";
  expect_refusal(program.run({"inspect", "bad.ckpt"}), 4, "bad.ckpt");
}

// A full difference to the tiny model's first convolution.
void write_lora(const fs::path& path) {
  const std::vector<float> values(16 * 4 * 3 * 3, 0.02f);
  const TensorView tensor{.dtype = DType::F32,
                          .shape = {16, 4, 3, 3},
                          .bytes = std::as_bytes(std::span(values)),
                          .owner = nullptr};
  fs::create_directories(path.parent_path());
  write_safetensors(path, {{"lora_unet_conv_in.diff", tensor}}, {});
}

TEST(Cli, LorasAreAppliedAndRepeated) {
  Program program;
  write_lora(program / "loras/style.safetensors");
  const std::vector<std::string> tagged =
      img2img({"--prompt", "ink <lora:style:0.5>", "--lora-dir", "loras", "-o", "a.png"});
  ASSERT_EQ(program.run(tagged).code, 0);
  ASSERT_EQ(program.run(img2img({"--prompt", "ink ", "-o", "b.png"})).code, 0);
  EXPECT_NE(read_picture(program / "a.png").image.pixels,
            read_picture(program / "b.png").image.pixels);
  const Outcome again = program.run(
      {"repeat", "a.png", "--input", kPicture, "--model", kModel, "--lora-dir", "loras"});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  expect_refusal(program.run(img2img({"--prompt", "ink <lora:style:0.5>", "-o", "c.png"})), 3,
                 "<lora:style>");
  expect_refusal(program.run(img2img({"--prompt", "ink <lora:style:very>", "-o", "c.png"})), 2,
                 "the strength must be a number");
}

TEST(Cli, ModelsAreConvertedAndMerged) {
  Program program;
  const std::string model = golden_path("weights_sd1.safetensors").string();
  const Outcome converted =
      program.run({"models", "convert", model, "a.safetensors", "--dtype", "f32", "--prune"});
  EXPECT_EQ(converted.code, 0) << converted.err;
  EXPECT_TRUE(has(converted.out, "a.safetensors: ")) << converted.out;
  EXPECT_TRUE(has(converted.out, "left out")) << converted.out;
  EXPECT_TRUE(has(program.run({"inspect", "--lang", "en", "a.safetensors"}).out, "mostly F32"));
  const std::string chinese = program.run({"inspect", "--lang", "zh", "a.safetensors"}).out;
  EXPECT_TRUE(has(chinese, "大模型"));
  EXPECT_TRUE(has(chinese, "预测方式")) << chinese;
  const Outcome merged = program.run({"models", "merge", model, "a.safetensors", "-o",
                                      "m.safetensors", "--ratio", "0.3", "--json"});
  EXPECT_EQ(merged.code, 0) << merged.err;
  EXPECT_TRUE(has(merged.out, "\"merged\"")) << merged.out;
  expect_refusal(program.run({"models", "convert", model, "a.ckpt"}), 2, "something.safetensors");
  expect_refusal(
      program.run({"models", "merge", model, "a.safetensors", model, "-o", "m.safetensors"}), 2,
      "add-difference");
}

TEST(Cli, DevicesListsTheProcessor) {
  Program program;
  const Outcome outcome = program.run({"devices"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(has(outcome.out, "CPU"));
}

TEST(Cli, BenchMeasuresEveryPart) {
  Program program;
  const Outcome outcome = program.run({"bench", "--model", kModel, "--runs", "1", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"text", "unet step with guidance", "encode", "decode"})
    EXPECT_TRUE(has(outcome.out, part));
}

TEST(Cli, CacheCanBeCleared) {
  Program program;
  ASSERT_EQ(program.run(img2img({})).code, 0);
  EXPECT_EQ(program.run({"cache", "--clear"}).code, 0);
  EXPECT_TRUE(has(program.run({"cache"}).out, ": 0 MiB"));
}

TEST(Cli, CompletionKnowsEveryVerbAndOption) {
  Program program;
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = program.run({"completion", shell});
    EXPECT_EQ(outcome.code, 0);
    for (const char* word : {"img2img", "stylize", "repeat", "strength", "style-image"})
      EXPECT_TRUE(has(outcome.out, word)) << shell << " " << word;
  }
}

TEST(Cli, HelpTeaches) {
  Program program;
  const Outcome outcome = program.run({"img2img", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(has(outcome.out, "0 keeps the picture"));
  EXPECT_TRUE(has(program.run({"--help"}).out, "pentimento stylize photo.jpg"));
}

TEST(Cli, WrongUsageIsSaidInPlainWords) {
  Program program;
  const auto said = [&](const std::vector<std::string>& words, const char* sentence) {
    const Outcome outcome = program.run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, sentence)) << outcome.err;
  };
  said({}, "say what to do: img2img txt2img");
  said({"imgimg", "x.png"}, "imgimg: no such verb; did you mean img2img");
  said({"--hlep"}, "--hlep: no such option; did you mean --help");
  said({"models", "lst"}, "lst: no such verb; did you mean list");
  said({"models", "lst"}, "Try: pentimento models --help");
  said({"img2img", kPicture, "--bacth", "3"}, "--bacth: no such option; did you mean --batch");
  said({"img2img", kPicture, "--strength", "much"}, "--strength: 'much' is no number");
  said({"img2img", kPicture, "--rng", "gpu"}, "--rng is 'gpu', expected one of cpu, nv");
  said({"info"}, "image is missing: ");
  said({"outpaint", kPicture, "--left"}, "--left needs a value");
  said({"info", kPicture, "more"}, "more: one word too many");
  said({"img2img", kPicture, "--seed", "-2"}, "or -1 to have one drawn");
  EXPECT_EQ(program.run({"inspect", "nowhere.safetensors"}).code, 3);
}

TEST(Cli, StylizePaintsWithoutAModel) {
  Program program;
  const Outcome outcome = program.run({"stylize", kPicture, "--style", "0", "-o", "a.jpg"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_picture(program / "a.jpg").image.width, 96);
  EXPECT_TRUE(has(program.run({"stylize", "--list"}).out, "25"));
  EXPECT_EQ(program.run({"stylize", kPicture, "--style", "no-such-style"}).code, 2);
}

TEST(Cli, UpscaleSaysWhatItDoesAndEnlarges) {
  Program program;
  const Outcome outcome = program.run(
      {"upscale", kPicture, "--scale", "3", "--upscaler", "realesr-animevideov3", "-o", "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "96x72 to 288x216, network x4 then Lanczos")) << outcome.err;
  const Picture picture = read_picture(program / "a.png");
  EXPECT_EQ(picture.image.width, 288);
  EXPECT_EQ(picture.image.height, 216);
  EXPECT_TRUE(has(picture.text.at("parameters"), "Postprocess upscaler: realesr-animevideov3"))
      << picture.text.at("parameters");
}

TEST(Cli, UpscaleListsWhatIsInstalledAndRefusesTheRest) {
  Program program;
  const Outcome list = program.run({"upscale", "--list"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_TRUE(has(list.out, "realesrgan-x4plus-anime      x4  RRDBNet")) << list.out;
  expect_refusal(program.run({"upscale", kPicture, "--upscaler", "none-such"}), 3, "installed: ");
  expect_refusal(program.run({"upscale", kPicture, "--scale", "99"}), 2, "scale: 99");
  expect_refusal(program.run({"upscale"}), 2, "no picture given");
}

TEST(Cli, UpscaleByLanczosGivesJson) {
  Program program;
  const Outcome outcome = program.run(
      {"upscale", kPicture, "--width", "200", "--upscaler", "lanczos", "--json", "-o", "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(has(outcome.out, "\"width\": 200")) << outcome.out;
}

TEST(Cli, DescribePrefersWhatTheFileRecords) {
  Program program;
  const Outcome measured = program.run({"describe", kPicture});
  EXPECT_EQ(measured.code, 0) << measured.err;
  EXPECT_TRUE(has(measured.out, "measured only")) << measured.out;
  ASSERT_EQ(program.run(img2img({"--prompt", "a fox", "-o", "a.png"})).code, 0);
  const Outcome recorded = program.run({"describe", "a.png", "--json"});
  EXPECT_TRUE(has(recorded.out, "\"source\": \"recorded\"")) << recorded.out;
  EXPECT_TRUE(has(recorded.out, "\"prompt\": \"a fox\"")) << recorded.out;
  EXPECT_TRUE(has(program.run({"describe", "a.png", "--ignore-metadata"}).out, "measured only"));
}

TEST(Cli, DescribeRefusesAClipModelThatIsNotThere) {
  Program program;
  expect_refusal(program.run({"describe", kPicture, "--clip", "none.safetensors"}), 3, "none");
}

TEST(Cli, RepeatRefusesPicturesOfOtherJobsByName) {
  Program program;
  const auto refuses = [&](const char* fields, const char* job) {
    write_picture(program / "a.png", Image(8, 8, 3),
                  {.text = {{"parameters", std::string("a cat\nSteps: 3, ") + fields}}});
    expect_refusal(program.run({"repeat", "a.png"}), 5, job);
  };
  refuses("Seed: 1, Job: collage", "was made by 'collage'");
  refuses("Hires upscale: 2, Hires upscaler: Latent", "was made by 'hires fix'");
  refuses("Final denoising strength: 0.5, Denoising curve: Linear", "was made by 'loopback'");
}

TEST(Cli, RepeatEnlargesAgain) {
  Program program;
  const fs::path networks = testing::binary_path("share/pentimento/upscaling");
  for (const char* kind : {".param", ".bin"})
    fs::copy_file(networks / (std::string("realesr-animevideov3-x2") + kind),
                  program / (std::string("mine") + kind));
  ASSERT_EQ(program.run(img2img({"--prompt", "a cat", "-o", "small.png"})).code, 0);
  for (const std::string upscaler : {"lanczos", "mine.param"}) {
    const Outcome made = program.run(
        {"upscale", "small.png", "--upscaler", upscaler, "--scale", "1.7", "-o", "a.png"});
    ASSERT_EQ(made.code, 0) << made.err;
    const std::string info = read_picture(program / "a.png").text.at("parameters");
    EXPECT_TRUE(has(info, "a cat")) << info;
    const Outcome again = program.run({"repeat", "a.png", "--upscaler", upscaler});
    EXPECT_EQ(again.out, "identical\n") << again.err;
  }
  expect_refusal(program.run({"repeat", "a.png"}), 3, "no such upscaling network");
  const Outcome other = program.run({"repeat", "a.png", "--upscaler", "lanczos"});
  EXPECT_TRUE(has(other.out, "different (PSNR ")) << other.out;
  EXPECT_TRUE(has(other.out, "Postprocess upscaler hash was ")) << other.out;
  fs::remove(program / "small.png");
  expect_refusal(program.run({"repeat", "a.png", "--upscaler", "lanczos"}), 3,
                 "name it with --input FILE");
}

TEST(Cli, RepeatStylizesAgain) {
  Program program;
  for (const auto& more : {std::vector<std::string>{"--style", "3:0.5,12:0.5", "--keep-colour"},
                           {"--style-image", golden_path("pipelines_mask.png").string(),
                            "--strength", "0.7", "--max-size", "64"}}) {
    std::vector<std::string> arguments{"stylize", kPicture, "-o", "a.png"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome made = program.run(arguments);
    ASSERT_EQ(made.code, 0) << made.err;
    const Outcome again = program.run({"repeat", "a.png", "--input", kPicture, "--input",
                                       golden_path("pipelines_mask.png").string()});
    EXPECT_EQ(again.out, "identical\n") << again.err;
  }
}

TEST(Cli, UpscaleRefinesInTiles) {
  Program program;
  const Outcome outcome = program.run(
      {"upscale",  kPicture, "--scale", "1.5", "--upscaler", "lanczos", "--refine", "0.3",
       "--steps",  "4",      "--tile",  "64",  "--overlap",  "16",      "--model",  kModel,
       "--prompt", "a cat",  "--seed",  "5",   "-o",         "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "refines 144x108 in 6 tiles of 64x64, strength 0.30"))
      << outcome.err;
  const Picture picture = read_picture(program / "a.png");
  EXPECT_EQ(picture.image.width, 144);
  EXPECT_EQ(picture.image.height, 108);
  EXPECT_TRUE(has(picture.text.at("parameters"), "SD upscale overlap: 16"));
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  // What was painted over once is not, when it is enlarged again.
  ASSERT_EQ(program.run({"upscale", "a.png", "--upscaler", "lanczos", "-o", "b.png"}).code, 0);
  EXPECT_EQ(program.run({"repeat", "b.png"}).out, "identical\n");
  expect_refusal(program.run({"upscale", kPicture, "--refine", "2"}), 2, "strength is 2");
}

TEST(Cli, TryOnPaintsAPersonAroundAGarment) {
  Program program;
  const Outcome outcome = program.run(
      {"tryon", source_path("examples/hoodie.jpg").string(), "--model", kModel, "--steps", "3",
       "--width", "96", "--height", "144", "--seam", "4", "--seed", "5", "-o", "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "upper garment at 96x144, keeps ")) << outcome.err;
  EXPECT_EQ(read_picture(program / "a.png").image.height, 144);
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input",
                                     source_path("examples/hoodie.jpg").string()});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  expect_refusal(program.run({"tryon", kPicture, "--model", kModel}), 2,
                 "give a mask of the garment");
}

TEST(Cli, TryOnLeavesTheFaceOfAPerson) {
  Program program;
  const std::string person = source_path("examples/astronaut.png").string();
  const Outcome made =
      program.run({"tryon", source_path("examples/dress.jpg").string(), "--person", person,
                   "--model", kModel, "--steps", "3", "--width", "128", "--height", "128", "--seam",
                   "2", "--seed", "5", "-o", "a.png"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Image worn = read_picture(program / "a.png").image;
  const Image before = resize(to_rgb(read_picture(person).image), 128, 128, Filter::Lanczos);
  for (int y = 15; y < 42; ++y)  // hair to chin
    for (int x = 44; x < 68; ++x)
      ASSERT_TRUE(std::equal(worn.at(x, y), worn.at(x, y) + 3, before.at(x, y))) << x << " " << y;
  EXPECT_NE(*worn.at(56, 80), *before.at(56, 80));
  fs::copy_file(person, program / "astronaut.png");
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input",
                                     source_path("examples/dress.jpg").string()});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  fs::remove(program / "astronaut.png");
  const Outcome lost = program.run({"repeat", "a.png", "--model", kModel, "--input",
                                    source_path("examples/dress.jpg").string()});
  expect_refusal(lost, 3, "with the person");
}

TEST(Cli, PreprocessShowsWhatAControlNetWouldSee) {
  Program program;
  const Outcome outcome = program.run({"preprocess", kPicture, "--with", "canny", "-o", "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Image edges = read_picture(program / "a.png").image;
  EXPECT_EQ(edges.width, 96);
  for (const uint8_t value : edges.pixels) ASSERT_TRUE(value == 0 || value == 255);
  EXPECT_EQ(program.run({"preprocess", kPicture, "--with", "depth_midas"}).code, 5);
  EXPECT_EQ(program.run({"preprocess", kPicture, "--with", "cany"}).code, 2);
}

TEST(Cli, ImportsAFolderOfPicturesOnce) {
  Program program;
  ASSERT_EQ(program.run(img2img({"--prompt", "a cat", "-o", "a.png"})).code, 0);
  fs::create_directories(program / "old/2023");
  fs::copy(program / "a.png", program / "old/2023/00001-5.png");
  fs::copy(kPicture, program / "old/plain.PNG");
  std::ofstream(program / "old/broken.png") << "no picture";
  std::ofstream(program / "old/notes.txt") << "no picture either";
  const Outcome first = program.run({"import", "old"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, "2 pictures added, 0 known already, 1 left out\n");
  EXPECT_TRUE(has(first.err, "broken.png")) << first.err;
  const Outcome again = program.run({"import", "old", "--json"});
  EXPECT_TRUE(has(again.out, "\"added\": 0")) << again.out;
  EXPECT_TRUE(has(again.out, "\"known\": 2")) << again.out;
  EXPECT_TRUE(has(again.out, "\"refused\": 1")) << again.out;
}

TEST(Cli, ImportRefusesWhatIsNoFolder) {
  Program program;
  expect_refusal(program.run({"import", "nowhere"}), 3, "nowhere: is not a folder");
}

TEST(Cli, BlendsPicturesWithoutAnySpecialWeights) {
  Program program;
  const Outcome outcome = program.run({"blend", kPicture, kPicture, "--model", kModel, "--steps",
                                       "2", "--weights", "2,1", "--seed", "1", "-o", "a.png"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "no IP-Adapter is installed")) << outcome.err;
  const std::string text = read_picture(program / "a.png").text.at("parameters");
  EXPECT_TRUE(has(text, "Blend: latents")) << text;
  EXPECT_TRUE(has(text, "Blend weights: \"2, 1\"")) << text;
  fs::copy(kPicture, program / "pipelines_input.png");
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel});
  EXPECT_EQ(again.out, "identical\n") << again.err << again.out;
  EXPECT_EQ(program.run({"blend", kPicture}).code, 2);
  expect_refusal(program.run({"blend", kPicture, kPicture, "--method", "image-prompt"}), 3,
                 "models/ipadapter");
}

TEST(Cli, ControlNamesWhatIsMissing) {
  Program program;
  expect_refusal(program.run({"img2img", kPicture, "--control", "canny"}), 3, "models/ControlNet");
  expect_refusal(program.run({"img2img", kPicture, "--control", "canny:weight=x"}), 2, "weight=x");
  expect_refusal(program.run({"txt2img", "--control", kPicture}), 2, "image=FILE");
}

TEST(Cli, ControlSteersARunAndSaysSo) {
  Program program;
  const fs::path net = testing::write_controlnet((program / "x").parent_path());
  const Outcome outcome = program.run(img2img({"--control", net.string() + ":pre=canny,weight=0.5",
                                               "--control-maps", "maps", "-o", "a.png"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(program / "maps/control-1.png"));
  const std::string text = read_picture(program / "a.png").text.at("parameters");
  EXPECT_TRUE(has(text, "ControlNet 0")) << text;
  EXPECT_TRUE(has(text, "Module: canny")) << text;
  fs::create_directories(program / "data/models/ControlNet");
  fs::copy(net, program / "data/models/ControlNet");
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(again.out, "identical\n") << again.err << again.out;
}

TEST(Cli, ABlendByImagePromptIsRepeated) {
  Program program;
  const fs::path models = program / "data/models";
  fs::create_directories(models / "ipadapter");
  fs::create_directories(models / "clip_vision");
  testing::write_ip_adapter(models / "ipadapter", "plain");
  testing::write_clip(models / "clip_vision");
  const std::string mask = golden_path("pipelines_mask.png").string();
  const Outcome outcome = program.run(
      {"blend",    kPicture,  mask,  "--model",  kModel, "--steps", "2",   "--weights",
       "0.7,0.25", "--mode",  "mix", "--scale",  "0.8",  "--fit",   "pad", "--start-from",
       "2",        "--width", "64",  "--height", "48",   "--seed",  "1",   "-o",
       "a.png"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "blending by image-prompt")) << outcome.err;
  const Outcome again =
      program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture, "--input", mask});
  EXPECT_EQ(again.out, "identical\n") << again.err << again.out;
  const Outcome swapped =
      program.run({"repeat", "a.png", "--model", kModel, "--input", mask, "--input", kPicture});
  EXPECT_TRUE(has(swapped.out, "different")) << swapped.err << swapped.out;
}

}  // namespace
}  // namespace pentimento
