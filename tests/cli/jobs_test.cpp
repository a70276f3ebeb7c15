// The verbs inpaint, outpaint, grid, strip and img2img --style of the built program, on the tiny
// model.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "image/codec.h"
#include "pipelines/add_on_files.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::golden_path;
using testing::TempDir;
namespace fs = std::filesystem;

struct Outcome {
  int code = -1;
  std::string out, err;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// The program in a home of its own.
class Program {
 public:
  Outcome run(const std::vector<std::string>& arguments) {
    std::string line = "cd " + quoted(home_.path().string());
    for (const char* folder : {"DATA", "CACHE", "CONFIG"})
      line += " && export PENTIMENTO_" + std::string(folder) + "=" +
              quoted((home_.path() / folder).string());
    line += " && exec " + quoted(testing::binary_path("src/pentimento").string());
    for (const std::string& argument : arguments) line += " " + quoted(argument);
    line += " </dev/null >out 2>err";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000, content(home_.path() / "out"),
            content(home_.path() / "err")};
  }
  fs::path operator/(const std::string& name) const { return home_.path() / name; }

 private:
  TempDir home_;
};

const std::string kPicture = golden_path("pipelines_input.png").string();
const std::string kMask = golden_path("pipelines_mask.png").string();
const std::string kModel = golden_path("pipelines_sd1").string();

std::vector<std::string> verb(const char* name, std::vector<std::string> more) {
  std::vector<std::string> arguments{name,     kPicture, "--model",  kModel,  "--steps",     "4",
                                     "--seed", "5",      "--prompt", "a cat", "--precision", "f32"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(InpaintVerb, PaintsTheMaskAndRepeatsIt) {
  Program program;
  const Outcome made = program.run(
      verb("inpaint", {"--mask", kMask, "--only-masked", "--padding", "8", "-o", "a.png"}));
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(has(made.err, "% of the picture; only ")) << made.err;
  const Picture before = read_picture(kPicture), after = read_picture(program / "a.png");
  EXPECT_EQ(after.image.width, before.image.width);
  EXPECT_EQ(*after.image.at(2, 2), *before.image.at(2, 2));
  EXPECT_NE(after.image, before.image);
  const Outcome again =
      program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture, "--mask", kMask});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  const Outcome lost = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(lost.code, 3);
  EXPECT_TRUE(has(lost.err, "name it with --mask FILE")) << lost.err;
}

TEST(InpaintVerb, AnIntentChoosesWhatTheUserHasNot) {
  Program program;
  const Outcome made = program.run(
      verb("inpaint", {"--mask", kMask, "--intent", "remove", "--padding", "4", "-o", "a.png"}));
  ASSERT_EQ(made.code, 0) << made.err;
  const std::string info = read_picture(program / "a.png").text.at("parameters");
  for (const char* field : {"Denoising strength: 0.5,", "Masked content: patches", "Mask grow: 8",
                            "Masked area padding: 4", "Inpaint intent: remove"})
    EXPECT_TRUE(has(info, field)) << info;
}

TEST(InpaintVerb, RefusesWhatCannotBe) {
  Program program;
  EXPECT_TRUE(has(program.run(verb("inpaint", {})).err, "--mask is missing"));
  EXPECT_EQ(program.run(verb("inpaint", {"--mask", "none.png"})).code, 3);
  const Outcome both = program.run({"inpaint", "-", "--mask", "-"});
  EXPECT_EQ(both.code, 2);
  EXPECT_TRUE(has(both.err, "cannot both come from standard input")) << both.err;
  EXPECT_EQ(program.run(verb("inpaint", {"--mask", kMask, "--mask-blur", "90"})).code, 2);
  EXPECT_EQ(program.run(verb("inpaint", {"--mask", kMask, "--intent", "explode"})).code, 2);
}

TEST(OutpaintVerb, GrowsAndRepeats) {
  Program program;
  const Outcome made = program.run(
      verb("outpaint", {"--left", "25%", "--aspect", "2:1", "--overlap", "16", "-o", "a.png"}));
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(has(made.err, "grows 96x72 to 144x72 in ")) << made.err;
  EXPECT_EQ(read_picture(program / "a.png").image.width, 144);
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(again.out, "identical\n") << again.err;
}

TEST(OutpaintVerb, RefusesWhatCannotBe) {
  Program program;
  EXPECT_TRUE(has(program.run(verb("outpaint", {})).err, "nothing would grow"));
  EXPECT_TRUE(has(program.run(verb("outpaint", {"--left", "wide"})).err, "'wide' is no length"));
  EXPECT_TRUE(has(program.run(verb("outpaint", {"--aspect", "16:"})).err, "expected width:height"));
}

TEST(GridVerb, LaysCellsOutAndGoesOnWhereItStopped) {
  Program program;
  const std::vector<std::string> command =
      verb("grid", {"--x", "strength=0.3,0.6", "--y", "sampler=Euler,DDIM", "--width", "64",
                    "--height", "64", "-o", "sheets"});
  const Outcome made = program.run(command);
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(has(made.err, "4 pictures: 2 strength x 2 sampler")) << made.err;
  EXPECT_GE(read_picture(program / "sheets/sheet.png").image.width, 128);
  EXPECT_TRUE(has(content(program / "sheets/index.html"), "sampler DDIM"));
  size_t cells = 0;
  for (const auto& entry : fs::directory_iterator(program / "sheets/cells")) {
    ++cells;
    EXPECT_TRUE(has(content(program / "sheets/index.html"), entry.path().filename().string()));
  }
  EXPECT_EQ(cells, 4u);
  auto json = command;
  json.emplace_back("--json");
  const Outcome again = program.run(json);
  EXPECT_TRUE(has(again.out, "\"cells_from_folder\": 4")) << again.out << again.err;
}

TEST(GridVerb, IsSteeredByControls) {
  Program program;
  const fs::path net = testing::write_controlnet((program / "x").parent_path());
  const auto painted = [&](const std::string& unit) {
    const Outcome outcome = program.run(
        verb("grid", {"--x", "strength=0.4,1", "--control", net.string() + unit, "-o", "g"}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.err;
  };
  EXPECT_FALSE(has(painted(":pre=canny"), "was there already"));
  EXPECT_TRUE(has(painted(":pre=canny"), "was there already"));
  EXPECT_FALSE(has(painted(":pre=canny,weight=0.3"), "was there already"));
}

TEST(GridVerb, RefusesWhatCannotBe) {
  Program program;
  EXPECT_TRUE(has(program.run(verb("grid", {"--x", "hue=1"})).err, "no parameter 'hue'"));
  std::ofstream(program / "file") << "x";
  EXPECT_TRUE(has(program.run(verb("grid", {"--x", "seed=1-2", "-o", "file"})).err,
                  "a grid needs a folder"));
}

TEST(StripVerb, ShowsFiveStrengthsOnOneSheet) {
  Program program;
  const Outcome made =
      program.run(verb("strip", {"--width", "128", "--height", "96", "-o", "strip.png"}));
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_TRUE(has(made.err, "5 pictures: 5 strength at 64x48")) << made.err;
  EXPECT_GE(read_picture(program / "strip.png").image.width, 5 * 64);
}

TEST(StyleOption, PutsThePromptInItsFrameAndRepeats) {
  Program program;
  const Outcome made = program.run(verb("img2img", {"--style", "油画", "--width", "64", "--height",
                                                    "64", "--cfg", "3", "-o", "a.png"}));
  ASSERT_EQ(made.code, 0) << made.err;
  const std::string info = read_picture(program / "a.png").text.at("parameters");
  EXPECT_TRUE(has(info, "oil painting of a cat, visible brush strokes")) << info;
  EXPECT_TRUE(has(info, "CFG scale: 3")) << info;
  EXPECT_TRUE(has(info, "Denoising strength: 0.5")) << info;
  EXPECT_TRUE(has(info, "Painting style: oil")) << info;
  const Outcome again = program.run({"repeat", "a.png", "--model", kModel, "--input", kPicture});
  EXPECT_EQ(again.out, "identical\n") << again.err;
}

TEST(StyleOption, ListsItsNamesAndRefusesOthers) {
  Program program;
  const Outcome list = program.run({"img2img", "--list-styles"});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_TRUE(has(list.out, "水墨")) << list.out;
  EXPECT_EQ(program.run(verb("img2img", {"--style", "crayon"})).code, 3);
  const Outcome none = program.run({"img2img"});
  EXPECT_EQ(none.code, 2);
  EXPECT_TRUE(has(none.err, "no input picture given")) << none.err;
}

}  // namespace
}  // namespace pentimento
