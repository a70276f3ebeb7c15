#include "runtime/face_finder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "image/codec.h"
#include "image/composite.h"
#include "image/resize.h"
#include "models/face_finder.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::source_path;

Image example(const char* name) {
  return to_rgb(read_picture(source_path("examples") / name).image);
}

struct Finder {
  Runtime runtime{{.precision = Precision::BF16, .threads = 2}};
  FaceFinder faces{runtime, source_path("assets/faces")};
};

// MediaPipe's own reading of the same file sees her at 0.335 0.143 0.543 0.351 of the picture.
TEST(FaceFinder, FindsTheAstronaut) {
  Finder f;
  const auto faces = f.faces.find(example("astronaut.png"), {});
  ASSERT_EQ(faces.size(), 1u);
  EXPECT_NEAR(faces[0].left, 0.336 * 512, 3);
  EXPECT_NEAR(faces[0].top, 0.143 * 512, 3);
  EXPECT_NEAR(faces[0].right, 0.543 * 512, 3);
  EXPECT_NEAR(faces[0].bottom, 0.350 * 512, 3);
  EXPECT_GT(faces[0].score, 0.8);
}

TEST(FaceFinder, FindsHerInACornerOfATallPicture) {
  Finder f;
  Image tall(900, 1600, 3, 130);
  paste(tall, resize(example("astronaut.png"), 400, 400, Filter::Lanczos), 480, 100);
  const auto faces = f.faces.find(tall, {});
  ASSERT_FALSE(faces.empty());
  EXPECT_NEAR((faces[0].left + faces[0].right) / 2, 480 + 0.44 * 400, 12);
  EXPECT_NEAR((faces[0].top + faces[0].bottom) / 2, 100 + 0.25 * 400, 12);
}

TEST(FaceFinder, FindsNoneWhereThereIsNone) {
  Finder f;
  EXPECT_TRUE(f.faces.find(example("rocket.jpg"), {}).empty());
  EXPECT_TRUE(f.faces.find(Image(1, 900, 3), {}).empty());
}

// Four boxes of one face, and one elsewhere: two faces, the first the mean of its boxes.
TEST(FaceFinder, JoinsBoxesOfOneFaceByTheirScores) {
  std::vector<float> boxes(models::kFaceAnchors * models::kFaceNumbers);
  std::vector<float> scores(models::kFaceAnchors, -100.0f);
  const auto see = [&](size_t anchor, float x, float size, float score) {
    boxes[anchor * models::kFaceNumbers] = x;
    boxes[anchor * models::kFaceNumbers + 2] = boxes[anchor * models::kFaceNumbers + 3] = size;
    scores[anchor] = score;
  };
  see(0, 0, 64, 2);  // two anchors of the first cell, whose middle is 8, 8
  see(1, 8, 64, 2);
  see(511, 0, 32, 1);  // the last of the fine grid
  const auto faces = models::faces_of(boxes, scores);
  ASSERT_EQ(faces.size(), 2u);
  EXPECT_NEAR((faces[0].left + faces[0].right) / 2, 12.0 / 256, 1e-6);
  EXPECT_NEAR(faces[0].score, 0.8808, 1e-4);
  EXPECT_NEAR((faces[1].top + faces[1].bottom) / 2, 248.0 / 256, 1e-6);
}

TEST(FaceFinder, RefusesWhatIsNotItsNetwork) {
  testing::TempDir folder;
  Runtime runtime({.threads = 1});
  const auto refusal = [&] {
    try {
      FaceFinder(runtime, folder.path()).find(Image(8, 8, 3), {});
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::Internal;
  };
  EXPECT_EQ(refusal(), ErrorKind::NotFound);
  std::ofstream(folder / "blazeface_back.tflite") << "no network";
  EXPECT_EQ(refusal(), ErrorKind::CorruptFile);
}

}  // namespace
}  // namespace pentimento
