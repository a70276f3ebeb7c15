#include "pipelines/try_on.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "image/codec.h"
#include "image/mask.h"
#include "image/morphology.h"
#include "image/resize.h"
#include "pipelines/try_on_infotext.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using testing::golden_path;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal;

// A red square with a white print before a grey wall.
Image shirt() {
  Image image(120, 120, 3, 200);
  for (int y = 20; y < 100; ++y)
    for (int x = 20; x < 100; ++x) {
      const bool print = x > 45 && x < 75 && y > 45 && y < 75 && (x + y) % 7 < 3;
      image.at(x, y)[0] = print ? 250 : 190;
      image.at(x, y)[1] = image.at(x, y)[2] = print ? 250 : static_cast<uint8_t>(20 + x % 9);
    }
  return image;
}

struct Painter {
  testing::TempDir cache;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model = load_model(runtime, golden_path("pipelines_sd1"), {}, cache / "hashes", {});
};
Painter& painter() {
  static Painter shared;
  return shared;
}

class TryOn : public ::testing::Test {
 protected:
  TryOn() {
    request.image.seed = 5;
    request.image.steps = 6;
    request.image.width = 96;
    request.image.height = 144;
    request.seam_px = 4;
  }
  TryOnInputs inputs() const {
    return {.garment = &garment,
            .garment_mask = mask ? &*mask : nullptr,
            .person = person ? &*person : nullptr,
            .faces = faces};
  }
  TryOnPlan plan() const { return plan_try_on(painter().model, request, inputs(), 0, nullptr); }
  Img2ImgPicture run(const TryOnPlan& p, const Progress& progress = {}) const {
    return run_try_on(painter().model, request, p, inputs(), {}, progress);
  }

  TryOnRequest request;
  InputImage garment{shirt(), "shirt.png", "0123"};
  std::optional<InputImage> mask;
  std::optional<InputImage> person;
  std::vector<Face> faces;
};

TEST(BodyTemplate, HangsGarmentsInsideThePicture) {
  for (const GarmentKind kind : {GarmentKind::Upper, GarmentKind::Lower, GarmentKind::Dress})
    for (const double aspect : {0.3, 1.0, 2.5}) {
      const Region place = garment_place(kind, 512, 768, aspect);
      EXPECT_GE(place.left, 0);
      EXPECT_LE(place.right, 512);
      EXPECT_LE(place.bottom, 768);
      EXPECT_NEAR(static_cast<double>(place.height()) / place.width(), aspect, 0.02 * aspect);
    }
  EXPECT_EQ(likely_kind(1.0), GarmentKind::Upper);
  EXPECT_EQ(likely_kind(2.0), GarmentKind::Dress);
}

TEST(BodyTemplate, IsSymmetric) {
  const Image figure = draw_body_template(96, 144);
  for (int y = 0; y < 144; ++y)
    for (int x = 0; x < 48; ++x)
      ASSERT_NEAR(figure.at(x, y)[0], figure.at(95 - x, y)[0], 2) << x << " " << y;
}

TEST_F(TryOn, LaysTheGarmentOnTheFigure) {
  const TryOnPlan p = plan();
  EXPECT_EQ(p.start.width, 96);
  EXPECT_EQ(p.start.height, 144);
  EXPECT_EQ(p.kind, GarmentKind::Upper);
  EXPECT_GT(*p.garment.at((p.place.left + p.place.right) / 2, (p.place.top + p.place.bottom) / 2),
            250);
  EXPECT_THAT(p.describe(), HasSubstr("upper garment at 96x144, keeps "));
}

TEST_F(TryOn, GarmentPixelsStayBitIdenticalInsideTheSeam) {
  const TryOnPlan p = plan();
  const Image made = run(p).image;
  const Image inside = shrink(binarised(p.garment), request.seam_px);
  int kept = 0, changed = 0;
  for (int y = 0; y < made.height; ++y)
    for (int x = 0; x < made.width; ++x) {
      const bool same = std::equal(made.at(x, y), made.at(x, y) + 3, p.start.at(x, y));
      if (*inside.at(x, y)) {
        ASSERT_TRUE(same) << x << " " << y;
        ++kept;
      } else {
        changed += !same;
      }
    }
  EXPECT_GT(kept, 500);
  EXPECT_GT(changed, 5000);
}

// What is laid is what was photographed, as far as scaling goes.
TEST_F(TryOn, LaidGarmentIsThePhotographedOne) {
  const TryOnPlan p = plan();
  const Image photographed = resize(crop(garment.image, {20, 20, 100, 100}), p.place.width(),
                                    p.place.height(), Filter::Lanczos);
  const Image inside = shrink(binarised(p.garment), 3);
  for (int y = p.place.top; y < p.place.bottom; ++y)
    for (int x = p.place.left; x < p.place.right; ++x)
      for (int c = 0; c < 3; ++c)
        if (*inside.at(x, y)) {
          ASSERT_NEAR(p.start.at(x, y)[c], photographed.at(x - p.place.left, y - p.place.top)[c], 2)
              << x << " " << y;
        }
}

TEST_F(TryOn, APersonsPictureStaysBeyondTheGarment) {
  request.place = {{0.3, 0.3, 0.4}};
  request.around_px = 16;
  const Image cat = to_rgb(read_picture(golden_path("pipelines_input.png")).image);
  person = InputImage{resize(cat, 96, 144, Filter::Lanczos), "cat.png", "ab"};
  const TryOnPlan p = plan();
  const Image made = run(p).image;
  const Image near = grow(binarised(p.garment), 16);
  for (int y = 0; y < made.height; ++y)
    for (int x = 0; x < made.width; ++x)
      if (!*near.at(x, y)) {
        ASSERT_TRUE(std::equal(made.at(x, y), made.at(x, y) + 3, person->image.at(x, y)));
      }
}

TEST_F(TryOn, AMaskByHandWins) {
  mask = InputImage{Image(120, 120, 1), "mask.png", "4567"};
  for (int y = 40; y < 80; ++y)
    for (int x = 20; x < 100; ++x) *mask->image.at(x, y) = 255;
  const TryOnPlan p = plan();
  EXPECT_NEAR(static_cast<double>(p.place.height()) / p.place.width(), 0.5, 0.03);
}

TEST_F(TryOn, SeamStrengthZeroLeavesTheSecondPassOut) {
  request.seam_strength = 0;
  const TryOnPlan p = plan();
  EXPECT_EQ(p.over_seam.model_calls, 0);
  EXPECT_EQ(run(p).infotext.get("Seam strength"), std::nullopt);
}

TEST_F(TryOn, RecordsWhatItIs) {
  const Infotext info = run(plan()).infotext;
  EXPECT_EQ(info.get("Job"), "tryon");
  EXPECT_EQ(info.get("Garment"), "upper garment");
  EXPECT_EQ(info.get("Input SHA-256"), "0123");
  EXPECT_EQ(info.get("Seam strength"), "0.3");
  EXPECT_EQ(info.get("Seam"), "4");
}

TEST_F(TryOn, AHeadStaysWhereverTheGarmentLies) {
  request.place = {{0.2, 0.1, 0.6}};
  const Image cat = to_rgb(read_picture(golden_path("pipelines_input.png")).image);
  person = InputImage{resize(cat, 96, 144, Filter::Lanczos), "cat.png", "ab"};
  faces = {{.left = 36, .top = 20, .right = 60, .bottom = 44, .score = 1}};
  const Image made = run(plan()).image;
  for (int y = 6; y < 46; ++y)
    for (int x = 44; x < 52; ++x)
      ASSERT_TRUE(std::equal(made.at(x, y), made.at(x, y) + 3, person->image.at(x, y))) << x << y;
}

TEST_F(TryOn, NothingHigherThanTheGarmentIsRepainted) {
  request.place = {{0.3, 0.5, 0.4}};
  const Image cat = to_rgb(read_picture(golden_path("pipelines_input.png")).image);
  person = InputImage{resize(cat, 96, 144, Filter::Lanczos), "cat.png", "ab"};
  const TryOnPlan p = plan();
  const Image made = run(p).image;
  for (int y = 0; y < p.place.top - 2 * request.seam_px; ++y)
    for (int x = 0; x < made.width; ++x)
      ASSERT_TRUE(std::equal(made.at(x, y), made.at(x, y) + 3, person->image.at(x, y))) << x << y;
}

// The face of a person's picture twice as large as what is worked on.
TEST_F(TryOn, AGarmentHangsUnderTheChin) {
  person = InputImage{Image(192, 288, 3, 90), "plain.png", "ab"};
  faces = {{.left = 100, .top = 40, .right = 140, .bottom = 80, .score = 1}};
  const TryOnPlan upper = plan();
  EXPECT_NEAR(upper.place.top, 43, 1);
  EXPECT_NEAR((upper.place.left + upper.place.right) / 2.0, 60, 1);
  EXPECT_NEAR(upper.place.width(), 68, 1);
  request.kind = GarmentKind::Lower;
  EXPECT_NEAR(plan().place.top, 104, 1);
  faces[0].bottom = 280;  // nothing of the body is in the picture
  EXPECT_NEAR(plan().place.top, 32, 1);
}

TEST_F(TryOn, InfotextTellsTheRequest) {
  request.place = {{0.3, 0.25, 0.4}};
  request.around_px = 16;
  request.seam_strength = 0.25;
  mask = InputImage{Image(120, 120, 1, 255), "mask.png", "4567"};
  person = InputImage{Image(96, 144, 3, 90), "plain.png", "ab"};
  const TryOnPlan p = plan();
  const Infotext info = run(p).infotext;
  const TryOnRequest again = try_on_request_from_infotext(info);
  EXPECT_EQ(again.place->left, 0.3);
  EXPECT_EQ(again.place->top, 0.25);
  EXPECT_EQ(again.place->width, 0.4);
  EXPECT_EQ(again.around_px, 16);
  EXPECT_EQ(again.seam_px, 4);
  EXPECT_EQ(again.seam_strength, 0.25);
  EXPECT_EQ(again.kind, GarmentKind::Upper);
  EXPECT_EQ(again.image.width, 96);
  EXPECT_EQ(again.image.strength, request.image.strength);
  EXPECT_EQ(person_of_infotext(info)->sha256, "ab");
  EXPECT_EQ(garment_mask_of_infotext(info)->name, "mask.png");
}

TEST_F(TryOn, GivesTheSameBytesForTheSameSeed) { EXPECT_EQ(run(plan()).image, run(plan()).image); }

TEST_F(TryOn, StopsWhenCancelled) {
  Progress progress;
  progress.report = [&](const ProgressEvent& event) {
    if (event.stage == "denoise" && event.done == 2) progress.cancel.cancel();
  };
  try {
    run(plan(), progress);
    FAIL() << "was not cancelled";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Cancelled);
  }
}

TEST_F(TryOn, RefusesRequestsThatMakeNoSense) {
  EXPECT_THAT(problems_of(TryOnRequest{}), IsEmpty());
  request.image.batch = 3;
  request.seam_strength = 2;
  request.seam_px = 1;
  request.around_px = 2;
  request.place = {{1.5, 0, 0.5}};
  EXPECT_THAT(problems_of(request),
              ElementsAre(HasSubstr("batch: 3"), HasSubstr("seam strength: 2"),
                          HasSubstr("seam: 1"), HasSubstr("around: 2"), HasSubstr("place:")));
  refusal([&] { plan(); });
}

TEST_F(TryOn, RefusesGarmentsItCannotFind) {
  garment.image = Image(120, 120, 3, 200);
  EXPECT_THAT(refusal([&] { plan(); }), HasSubstr("shirt.png: no garment was found"));
  garment.image = shirt();
  mask = InputImage{Image(120, 120, 1), "mask.png", "4567"};
  EXPECT_THAT(refusal([&] { plan(); }), HasSubstr("garment mask: is empty"));
  mask->image = Image(60, 60, 1, 255);
  EXPECT_THAT(refusal([&] { plan(); }), HasSubstr("garment mask: 60x60, expected"));
}

TEST_F(TryOn, RefusesAGarmentTooSmallToKeep) {
  request.place = {{0.5, 0.5, 0.06}};
  EXPECT_THAT(refusal([&] { plan(); }), HasSubstr("too small here to keep its pixels"));
}

}  // namespace
}  // namespace pentimento
