#include "pipelines/clip_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A CLIP of three dimensions: it sees a picture's mean colour, and reads only how long a text is.
class FakeClip : public Clip {
 public:
  const VisionConfig& vision() const override { return vision_; }
  bool reads_text() const override { return reads; }
  ImageFeatures image(const Tensor& picture, const Progress&) override {
    ++seen;
    Tensor embedding({1, 3});
    const size_t plane = picture.size() / 3;
    for (size_t c = 0; c < 3; ++c)
      for (size_t i = 0; i < plane; ++i)
        embedding.data[c] +=
            (picture.data[c * plane + i] * vision_.deviation[c] + vision_.mean[c]) /
            static_cast<float>(plane);
    return {.embedding = embedding, .hidden = {}};
  }
  Tensor text(std::span<const int64_t> tokens, const Progress&) override {
    const size_t count = tokens.size() / 77;
    read += static_cast<int>(count);
    Tensor vectors({static_cast<int64_t>(count), 3});
    for (size_t i = 0; i < count; ++i) {
      int words = 0;
      while (tokens[i * 77 + static_cast<size_t>(words)] != 49407) ++words;
      vectors.data[3 * i + static_cast<size_t>(words % 3)] = 2;  // not of length 1
    }
    return vectors;
  }
  uint64_t estimate_bytes() const override { return 0; }
  std::vector<CompileRecord> compile_records() const override { return {}; }

  bool reads = true;
  int seen = 0, read = 0;

 private:
  VisionConfig vision_{.image_size = 32, .patch_size = 16};
};

const std::vector<Term> kTerms = {
    {"medium", "ink", "墨"}, {"medium", "oil paint", "油画"}, {"medium", "a wood cut", "木刻"}};

TEST(ClipTerms, AreAskedForInSentences) {
  EXPECT_EQ(sentence_of({"subject", "a cat", ""}), "a picture of a cat");
  EXPECT_EQ(sentence_of({"medium", "an etching", ""}), "an etching");
  EXPECT_EQ(sentence_of({"light", "fog", ""}), "a picture with fog");
  EXPECT_EQ(sentence_of({"garment", "a hat", ""}), "a picture of somebody wearing a hat");
}

TEST(ClipTerms, CosinesAreThoseOfUnitVectors) {
  FakeClip clip;
  const Tensor vectors = term_vectors(clip, "abc", kTerms, {}, {});
  EXPECT_EQ(vectors.shape, (Shape{3, 3}));
  Image red(40, 40, 3);
  for (size_t i = 0; i < red.pixels.size(); i += 3) red.pixels[i] = 255;
  const auto cosines = term_cosines(clip, red, vectors, {});
  ASSERT_EQ(cosines.size(), 3u);
  // "ink" is 2 tokens with the first, "oil paint" 3, "a wood cut" 4: axes 2, 0, 1.
  EXPECT_NEAR(cosines[1], 1, 1e-3);
  EXPECT_NEAR(cosines[0], 0, 1e-2);
  EXPECT_NEAR(cosines[2], 0, 1e-2);
}

TEST(ClipTerms, AreReadOnceForEachModelAndTable) {
  FakeClip clip;
  testing::TempDir cache;
  const Tensor first = term_vectors(clip, "abc", kTerms, cache.path(), {});
  EXPECT_EQ(clip.read, 3);
  EXPECT_EQ(term_vectors(clip, "abc", kTerms, cache.path(), {}).data, first.data);
  EXPECT_EQ(clip.read, 3);
  term_vectors(clip, "def", kTerms, cache.path(), {});
  EXPECT_EQ(clip.read, 6);
  auto more = kTerms;
  more[0].en = "pencil";
  term_vectors(clip, "abc", more, cache.path(), {});
  EXPECT_EQ(clip.read, 9);
}

TEST(ClipTerms, ADamagedFileOnlyCostsTheTime) {
  FakeClip clip;
  testing::TempDir cache;
  const Tensor first = term_vectors(clip, "abc", kTerms, cache.path(), {});
  for (const auto& entry : std::filesystem::directory_iterator(cache / "terms"))
    std::ofstream(entry.path(), std::ios::binary) << "rubbish";
  EXPECT_EQ(term_vectors(clip, "abc", kTerms, cache.path(), {}).data, first.data);
  EXPECT_EQ(clip.read, 6);
}

TEST(ClipTerms, RefuseAModelThatReadsNoText) {
  FakeClip clip;
  clip.reads = false;
  try {
    term_vectors(clip, "abc", kTerms, {}, {});
    FAIL() << "was accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Unsupported);
    EXPECT_THAT(e.what(), HasSubstr("no text tower"));
  }
}

}  // namespace
}  // namespace pentimento
