// The model that comes with the program, as people meet it: nothing named, nothing installed.
#include <gtest/gtest.h>

#include <cmath>

#include "cli/program.h"
#include "image/codec.h"
#include "image/composite.h"

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

Image striped_wall() {
  Image wall(320, 240, 3);
  for (int y = 0; y < wall.height; ++y)
    for (int x = 0; x < wall.width; ++x)
      for (int c = 0; c < 3; ++c)
        wall.at(x, y)[c] = static_cast<uint8_t>((y % 24 < 4 ? 60 : 170) + 15 * c);
  return wall;
}

double peak_signal_to_noise(const Image& a, const Image& b) {
  double squares = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const double d = static_cast<double>(a.pixels[i]) - b.pixels[i];
    squares += d * d;
  }
  return 10 * std::log10(255 * 255 * static_cast<double>(a.pixels.size()) / std::max(squares, 1.0));
}

TEST(DefaultModel, RemovesAThingAndTheWallBehindItGoesOn) {
  Program program;
  const Image wall = striped_wall();
  const Region place{130, 70, 200, 150};
  Image mask(320, 240, 1), ball = wall;
  for (int y = place.top; y < place.bottom; ++y)
    for (int x = place.left; x < place.right; ++x) {
      *mask.at(x, y) = 255;
      ball.at(x, y)[0] = 250;
      ball.at(x, y)[1] = ball.at(x, y)[2] = 20;
    }
  write_picture(program / "ball.png", ball);
  write_picture(program / "mask.png", mask);
  const Outcome made = program.run({"inpaint", "ball.png", "--mask", "mask.png", "--intent",
                                    "remove", "--seed", "1", "-o", "a.png"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Image result = to_rgb(read_picture(program / "a.png").image);
  EXPECT_GT(peak_signal_to_noise(crop(result, place), crop(wall, place)), 20);
  EXPECT_LT(peak_signal_to_noise(crop(ball, place), crop(wall, place)), 10);  // it can fail
}

TEST(DefaultModel, ExtendsAWallByItsOwnStripes) {
  Program program;
  const Image wall = striped_wall();
  write_picture(program / "part.png", crop(wall, {0, 0, 240, 240}));
  const Outcome made =
      program.run({"outpaint", "part.png", "--right", "80", "--seed", "1", "-o", "a.png"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Region fresh{240, 0, 320, 240};
  const Image result = to_rgb(read_picture(program / "a.png").image);
  EXPECT_GT(peak_signal_to_noise(crop(result, fresh), crop(wall, fresh)), 20);
}

}  // namespace
}  // namespace pentimento
