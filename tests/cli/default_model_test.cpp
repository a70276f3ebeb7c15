// The model that comes with the program, as people meet it: nothing named, nothing installed.
#include <gtest/gtest.h>

#include "cli/program.h"

namespace pentimento {
namespace {

using testing::Outcome;
using testing::Program;

const std::string kPicture = testing::source_path("examples/chelsea.png").string();

TEST(DefaultModel, PaintsWhereNoModelIsNamedOrInstalled) {
  Program program;
  const Outcome made = program.run({"img2img", kPicture, "--prompt", "starry night", "--width",
                                    "128", "--height", "128", "--steps", "4", "-o", "a.png"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Outcome info = program.run({"info", "a.png"});
  EXPECT_NE(info.out.find("pentimento-default"), std::string::npos) << info.out;
}

TEST(DefaultModel, GivesWayToTheUsersOwnAndAnswersToItsName) {
  Program program;
  std::filesystem::create_directories(program / "data/models");
  std::filesystem::copy(testing::golden_path("pipelines_sd1"), program / "data/models/mine",
                        std::filesystem::copy_options::recursive);
  const Outcome made = program.run(
      {"img2img", kPicture, "--prompt", "a", "--width", "64", "--height", "64", "-o", "a.png"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_NE(program.run({"info", "a.png"}).out.find("mine"), std::string::npos);

  const Outcome named =
      program.run({"img2img", kPicture, "--model", "pentimento-default", "--prompt", "a", "--width",
                   "64", "--height", "64", "-o", "b.png"});
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_NE(program.run({"info", "b.png"}).out.find("pentimento-default"), std::string::npos);
}

}  // namespace
}  // namespace pentimento
