// tryon of the built program with CatVTON's weights, on the tiny model.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "image/codec.h"
#include "pipelines/add_on_files.h"

namespace pentimento {
namespace {

using testing::golden_path;
using testing::Outcome;
using testing::Program;
namespace fs = std::filesystem;

const std::string kPerson = golden_path("pipelines_input.png").string();
const std::string kMask = golden_path("pipelines_mask.png").string();
const std::string kGarment = testing::source_path("examples/hoodie.jpg").string();

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A home where the weights, and a checkpoint of nine and one of four channels, are installed.
class DrapeVerb : public ::testing::Test {
 protected:
  DrapeVerb() {
    fs::create_directories(models_ / "CatVTON" / "mix" / "attention");
    fs::rename(testing::write_catvton(models_ / "CatVTON"),
               models_ / "CatVTON" / "mix" / "attention" / "model.safetensors");
    testing::write_wide_checkpoint(models_ / "nine", 9);
    fs::copy(golden_path("pipelines_sd1"), models_ / "four", fs::copy_options::recursive);
  }
  Outcome wear(std::vector<std::string> more) {
    std::vector<std::string> arguments{"tryon",   kGarment, "--precision", "f32",
                                       "--steps", "3",      "--width",     "96",
                                       "--seed",  "5",      "-o",          "worn.png"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.run(arguments);
  }
  Program program_;
  fs::path models_ = program_ / "data" / "models";
};

TEST_F(DrapeVerb, FindsWeightsAndCheckpointByKind) {
  const Outcome outcome = wear({"--person", kPerson, "--person-mask", kMask});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "not for commercial use")) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "drapes the garment by CatVTON: 3 steps at 96x128")) << outcome.err;
  const Picture worn = read_picture(program_ / "worn.png");
  EXPECT_EQ(worn.image.width, 96);
  EXPECT_EQ(worn.image.height, 128);
  EXPECT_TRUE(has(worn.text.at("parameters"), "Model: nine")) << worn.text.at("parameters");
  EXPECT_TRUE(has(worn.text.at("parameters"), "CatVTON: mix [")) << worn.text.at("parameters");
  const Outcome again = program_.run(
      {"repeat", "worn.png", "--input", kGarment, "--input", kPerson, "--input", kMask});
  EXPECT_EQ(again.out, "identical\n") << again.err;
  const Outcome other = program_.run(
      {"repeat", "worn.png", "--input", kGarment, "--input", kPerson, "--input", kPerson});
  EXPECT_TRUE(has(other.out, "Person mask SHA-256 was ")) << other.out << other.err;
}

TEST_F(DrapeVerb, NeedsNoMaskWithTheMaskFreeWeights) {
  const fs::path weights = testing::write_catvton(models_, "catvton-maskfree.safetensors");
  testing::write_wide_checkpoint(models_ / "eight", 8);
  const Outcome outcome = wear({"--person", kPerson, "--weights", weights.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "by CatVTON (mask-free): 3 steps")) << outcome.err;
  EXPECT_TRUE(has(read_picture(program_ / "worn.png").text.at("parameters"), "Model: eight"));
}

TEST_F(DrapeVerb, LeavesTheOtherWayOpen) {
  const Outcome outcome = wear({"--person", kPerson, "--way", "pixels", "--model", "four", "--seam",
                                "2", "--mask", kGarment, "--place", "0.1", "0.1", "0.8"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(has(outcome.err, ", keeps ")) << outcome.err;
  EXPECT_FALSE(has(outcome.err, "commercial")) << outcome.err;
}

TEST_F(DrapeVerb, RefusesWhatCannotBe) {
  const auto expect_refusal = [&](int code, const std::string& part,
                                  const std::vector<std::string>& arguments) {
    const Outcome outcome = wear(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_TRUE(has(outcome.err, part)) << outcome.err;
  };
  expect_refusal(2, "name a picture of one with --person", {"--way", "drape"});
  expect_refusal(2, "need a mask", {"--person", kPerson});
  expect_refusal(2, "a mask of ", {"--person", kPerson, "--person-mask", kGarment});
  expect_refusal(2, "four is SD1 ",
                 {"--person", kPerson, "--person-mask", kMask, "--model", "four"});
  fs::remove_all(models_ / "nine");
  expect_refusal(3, "need an SD 1.5 inpainting checkpoint", {"--person", kPerson});
  fs::remove_all(models_ / "CatVTON");
  expect_refusal(3, "no CatVTON; put one into ", {"--person", kPerson, "--way", "drape"});
}

}  // namespace
}  // namespace pentimento
