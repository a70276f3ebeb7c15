// Reference: CatVTON's pipeline restated in PyTorch (tests/golden/models_catvton.py).
#include "pipelines/drape.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "pipelines/add_on_files.h"
#include "support/golden.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using testing::Golden;
using testing::TempDir;

const Golden& golden() {
  static const Golden file("models_catvton.safetensors");
  return file;
}

InputImage stored(const std::string& key) {
  const TensorView& view = golden().file().tensors.at("drape." + key);
  Image image(static_cast<int>(view.shape.at(1)), static_cast<int>(view.shape.at(0)),
              static_cast<int>(view.shape.at(2)));
  std::memcpy(image.pixels.data(), view.bytes.data(), image.pixels.size());
  return {image, key + ".png", "sha-of-" + key};
}

struct Studio {
  TempDir folder;
  std::vector<std::string> notes;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  fs::path attention = testing::write_catvton(folder.path());
  DrapeModel model = load(9, attention), mask_free = load(8, attention);

  DrapeModel load(int channels, const fs::path& weights) {
    const fs::path base = folder / ("base" + std::to_string(channels));
    return load_drape_model(
        runtime,
        {.checkpoint = testing::write_wide_checkpoint(base, channels), .attention = weights},
        folder / "hashes", [&](const std::string& note) { notes.push_back(note); }, {});
  }
};

Studio& studio() {
  static Studio shared;
  return shared;
}

DrapeRequest request(double eta) {
  return {.width = 64, .height = 64, .steps = 4, .eta = eta, .seed = 7, .repaint = false};
}

// The stored pictures; what a test puts in their place stays alive as long.
struct Wardrobe {
  InputImage person = stored("person"), garment = stored("garment"), mask = stored("mask");
  DrapeInputs inputs() const { return {.garment = &garment, .person = &person, .mask = &mask}; }
  DrapeInputs unmasked() const { return {.garment = &garment, .person = &person}; }
};

Img2ImgPicture worn(DrapeModel& model, const DrapeRequest& r, const DrapeInputs& inputs,
                    const Img2ImgOptions& options = {}) {
  return run_drape(model, r, plan_drape(model, r, inputs, 1, options.timings), inputs, options, {});
}

TEST(Drape, PaintsWhatItsRestatementPaints) {
  const Wardrobe w;
  const Image image = worn(studio().model, request(0), w.inputs()).image;
  const Image expected = stored("worn").image;
  ASSERT_EQ(image.pixels.size(), expected.pixels.size());
  int worst = 0;
  for (size_t i = 0; i < image.pixels.size(); ++i)
    worst = std::max(worst, std::abs(image.pixels[i] - expected.pixels[i]));
  EXPECT_LE(worst, 1);
}

TEST(Drape, TellsTheLicenceWheneverWeightsAreLoaded) {
  ASSERT_EQ(studio().notes.size(), 2u);
  for (const std::string& note : studio().notes)
    EXPECT_NE(note.find("not for commercial use"), std::string::npos);
}

TEST(Drape, KeepsThePersonsOwnPixelsAwayFromTheMask) {
  DrapeRequest r = request(1);
  r.repaint = true;
  const Wardrobe w;
  const Image image = worn(studio().model, r, w.inputs()).image;
  int kept = 0;
  for (int y = 0; y < 64; ++y)
    for (int x = 52; x < 64; ++x)
      kept += std::equal(image.at(x, y), image.at(x, y) + 3, w.person.image.at(x, y));
  EXPECT_EQ(kept, 64 * 12);
  EXPECT_NE(image, w.person.image);
}

TEST(Drape, FollowsSeedGarmentAndNoise) {
  const auto paint = [&](double eta, uint64_t seed, const Wardrobe& w) {
    DrapeRequest r = request(eta);
    r.seed = seed;
    return worn(studio().model, r, w.inputs()).image;
  };
  Wardrobe w;
  const Image first = paint(1, 1, w);
  EXPECT_EQ(first, paint(1, 1, w));
  EXPECT_NE(first, paint(1, 2, w));
  EXPECT_NE(first, paint(0, 1, w));
  w.garment.image = Image(20, 64, 3, 10);
  EXPECT_NE(first, paint(1, 1, w));
}

TEST(Drape, NeedsNoMaskWithTheMaskFreeWeights) {
  const Wardrobe w;
  const Image image = worn(studio().mask_free, request(0), w.unmasked()).image;
  EXPECT_EQ(image.width, 64);
  EXPECT_EQ(image.height, 64);
}

TEST(Drape, AGarmentMaskPutsTheGarmentOnWhite) {
  Wardrobe w, white;
  const InputImage all{Image(64, 64, 1, 255), "all.png", "a"};
  InputImage half = all;
  white.garment.image = Image(64, 64, 3, 255);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      *half.image.at(x, y) = x < 32 ? 255 : 0;
      if (x < 32) std::copy_n(w.garment.image.at(x, y), 3, white.garment.image.at(x, y));
    }
  const auto masked = [&](const InputImage& mask) {
    DrapeInputs inputs = w.inputs();
    inputs.garment_mask = &mask;
    return worn(studio().model, request(0), inputs).image;
  };
  EXPECT_EQ(masked(all), worn(studio().model, request(0), w.inputs()).image);
  EXPECT_EQ(masked(half), worn(studio().model, request(0), white.inputs()).image);
}

TEST(Drape, SaysWhatItWillDoAndRemembersHowItWasMade) {
  const Wardrobe w;
  Timings timings{{}};
  DrapeRequest r = request(1);
  const DrapePlan unknown = plan_drape(studio().model, r, w.inputs(), 1, &timings);
  EXPECT_EQ(unknown.describe(), "drapes the garment by CatVTON: 4 steps at 64x64");
  EXPECT_GT(unknown.memory_bytes, 0u);
  Img2ImgOptions options{.version = "pentimento x", .timings = &timings};
  int seen = 0;
  options.on_latent = [&](const Tensor& latent) {
    EXPECT_EQ(latent.shape, (Shape{1, 4, 8, 8}));
    ++seen;
  };
  const Img2ImgPicture made = worn(studio().model, r, w.inputs(), options);
  EXPECT_EQ(seen, 3);  // A1111's DDIM leaves out the step from the first timestep
  EXPECT_NE(plan_drape(studio().model, r, w.inputs(), 1, &timings).describe().find(", about "),
            std::string::npos);
  const Infotext& info = made.infotext;
  EXPECT_EQ(info.get("Job"), "tryon");
  EXPECT_EQ(info.get("Seed"), "7");
  EXPECT_EQ(info.get("Sampler"), "DDIM");
  EXPECT_EQ(info.get("CFG scale"), "2.5");
  EXPECT_EQ(info.get("Input"), "garment.png");
  EXPECT_EQ(info.get("Person SHA-256"), "sha-of-person");
  EXPECT_EQ(info.get("Person mask SHA-256"), "sha-of-mask");
  EXPECT_TRUE(info.get("CatVTON").value_or("").starts_with("catvton ["));
  EXPECT_TRUE(plan_drape(studio().mask_free, r, w.unmasked(), 1, nullptr)
                  .describe()
                  .starts_with("drapes the garment by CatVTON (mask-free): "));
  r.seed.reset();
  EXPECT_EQ(plan_drape(studio().model, r, w.inputs(), 77, nullptr).seed, 77u);
}

TEST(Drape, RefusesWhatCannotBeWorn) {
  const auto refusal = [](const DrapeModel& model, const DrapeRequest& r,
                          const DrapeInputs& inputs) {
    try {
      plan_drape(model, r, inputs, 1, nullptr);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument) << e.what();
      return std::string(e.what());
    }
    ADD_FAILURE() << "nothing was refused";
    return std::string();
  };
  const auto says = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  Studio& s = studio();
  Wardrobe w;
  EXPECT_TRUE(says(refusal(s.model, request(0), w.unmasked()), "need a mask"));
  EXPECT_TRUE(says(refusal(s.mask_free, request(0), w.inputs()), "take no mask"));
  EXPECT_TRUE(says(refusal(s.model, request(0), {.garment = &w.garment}), "dresses a person"));
  w.mask.image = Image(64, 64, 1);
  EXPECT_TRUE(says(refusal(s.model, request(0), w.inputs()), "empty"));
  w.mask.image = Image(32, 64, 1, 255);
  EXPECT_TRUE(says(refusal(s.model, request(0), w.inputs()), "a mask of 32x64"));
  w.mask.image = Image(64, 64, 1, 255);
  DrapeInputs with_garment_mask = w.inputs();
  InputImage garment_mask{Image(10, 10, 1, 255), "g", "g"};
  with_garment_mask.garment_mask = &garment_mask;
  EXPECT_TRUE(says(refusal(s.model, request(0), with_garment_mask), "a garment mask of 10x10"));
  garment_mask.image = Image(64, 64, 1);
  EXPECT_TRUE(says(refusal(s.model, request(0), with_garment_mask), "garment mask is empty"));
  DrapeRequest wrong = request(0);
  wrong.width = 65;
  wrong.cfg = 0.5;
  const std::string text = refusal(s.model, wrong, w.inputs());
  EXPECT_TRUE(says(text, "width is 65")) << text;
  EXPECT_TRUE(says(text, "cfg is 0.5")) << text;
}

}  // namespace
}  // namespace pentimento
