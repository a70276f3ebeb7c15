// Textual inversions from their files to the conditioning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "pipelines/embedding_picture.h"
#include "pipelines/img2img.h"
#include "pipelines/loras.h"
#include "pipelines/prompt_words.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using testing::golden_path;
using ::testing::HasSubstr;
using testing::refusal;
using testing::TempDir;
namespace fs = std::filesystem;

fs::path sample(const char* name) { return golden_path("pipelines_embeddings") / name; }

std::vector<float> expected_vectors() {
  return read_tensor_file(sample("params.safetensors")).tensors.at("emb_params").to_f32();
}

TensorView rows(std::vector<float> values, Shape shape) {
  auto owner = std::make_shared<std::vector<float>>(std::move(values));
  return {.dtype = DType::F32,
          .shape = std::move(shape),
          .bytes = std::as_bytes(std::span(*owner)),
          .owner = owner};
}

TEST(Embedding, IsReadFromEveryWrapping) {
  TempDir dir;
  for (const char* name : {"a1111.pt", "params.safetensors"}) {
    const Embedding embedding = open_embedding(sample(name), "word", dir.path());
    EXPECT_EQ(embedding.name, "word");
    EXPECT_EQ(embedding.tokens(), 3);
    EXPECT_EQ(embedding.vectors.at(0).data, expected_vectors()) << name;
    EXPECT_EQ(embedding.hash.size(), 12u);
  }
  for (const char* name : {"text.png", "pixels.png"}) {
    const Embedding embedding = open_embedding_picture(sample(name), "word", dir.path());
    EXPECT_EQ(embedding.name, "inner name") << name;
    EXPECT_EQ(embedding.vectors.at(0).data, expected_vectors()) << name;
  }
  const Embedding single = open_embedding(sample("diffusers.bin"), "word", dir.path());
  EXPECT_EQ(single.tokens(), 1);
  EXPECT_EQ(single.vectors[0].dim(1), 8);
  const Embedding pair = open_embedding(sample("pair.safetensors"), "word", dir.path());
  ASSERT_EQ(pair.vectors.size(), 2u);
  EXPECT_TRUE(pair.fits({8, 12}));
  EXPECT_FALSE(pair.fits({8}));
  EXPECT_FALSE(single.fits({768}));
}

TEST(Embedding, RefusesWhatIsNone) {
  TempDir dir;
  EXPECT_THAT(refusal(ErrorKind::Unsupported,
                      [&] { open_embedding_picture(sample("plain.png"), "x", dir.path()); }),
              HasSubstr("no textual inversion in it"));
  const auto refuse = [](ErrorKind kind, const TensorMap& tensors) {
    return refusal(kind, [&] { embedding_of(tensors, "x", "file"); });
  };
  EXPECT_THAT(refuse(ErrorKind::Unsupported, {{"conv_first.weight", rows({1}, {1})}}),
              HasSubstr("is an upscaling network"));
  EXPECT_THAT(
      refuse(ErrorKind::Unsupported, {{"emb_params", rows(std::vector<float>(76), {76, 1})}}),
      HasSubstr("has 76 vectors"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, {{"emb_params", rows({1}, {1, 1, 1})}}),
              HasSubstr("expected [n,width]"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, {{"emb_params", rows({NAN}, {1, 1})}}),
              HasSubstr("NaN"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile,
                     {{"clip_l", rows({1}, {1, 1})}, {"clip_g", rows({1, 1}, {2, 1})}}),
              HasSubstr("1 vectors for one text encoder and 2 for the other"));
  for (const char* json : {"{}", "[1]", R"({"string_to_param": {}})",
                           R"({"string_to_param": {"*": {"TORCHTENSOR": [[1, 2], [3]]}}})",
                           R"({"string_to_param": {"*": {"TORCHTENSOR": [["a"]]}}})",
                           R"({"string_to_param": {"*": {"TORCHTENSOR": [[[1]]]}}})",
                           R"({"string_to_param": {"*": {"TORCHTENSOR": []}}})"})
    refusal(ErrorKind::CorruptFile, [&] { embedding_from_json(json, "x", "file"); });
}

TEST(EmbeddingPicture, RefusesDamage) {
  const auto with_text = [](const std::string& text) {
    Picture picture;
    picture.image = Image(8, 8, 3);
    picture.text["sd-ti-embedding"] = text;
    return picture;
  };
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, [&] { embedding_json(with_text("#!"), "p"); }),
              HasSubstr("not base64"));
  EXPECT_EQ(embedding_json(with_text("e30="), "p"), "{}");
  // Bits turned over in the hidden columns: damaged, or no embedding any more; never a crash.
  Picture picture = read_picture(sample("pixels.png"));
  int refused = 0;
  for (size_t at = 0; at < picture.image.pixels.size(); at += 53) {
    picture.image.pixels[at] ^= 5;
    try {
      embedding_json(picture, "p");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::CorruptFile);
      ++refused;
    }
    picture.image.pixels[at] ^= 5;
  }
  EXPECT_GT(refused, 3);
  picture.image = Image(5, 5, 3);  // all black
  EXPECT_FALSE(embedding_json(picture, "p"));
}

class Words : public ::testing::Test {
 protected:
  TempDir dir;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model{load_model(runtime, golden_path("pipelines_sd1"), {}, dir / "cache", {})};

  // The model's own vectors of those words.
  Tensor vectors_of(const std::string& text) {
    const Checkpoint checkpoint = open_checkpoint(golden_path("pipelines_sd1"));
    const TensorView& table = checkpoint.text[0].at("text_model.embeddings.token_embedding.weight");
    Tensor rows({0, table.shape[1]});
    for (const int token : model.tokenizer->encode(text)) {
      const std::vector<float> row = table.rows(token, token + 1).to_f32();
      rows.data.insert(rows.data.end(), row.begin(), row.end());
      ++rows.shape[0];
    }
    return rows;
  }
  void write(const std::string& name, const Tensor& vectors) {
    fs::create_directories(dir / "embeddings");
    write_safetensors(dir / "embeddings" / (name + ".safetensors"),
                      {{"emb_params", rows(vectors.data, vectors.shape)}}, {});
    model.extras = extra_files_in({}, {dir / "embeddings"});
  }
  std::vector<float> conditioning(const std::string& prompt) {
    const FoundWords found = find_words(model, prompt, "");
    const ConditioningOptions options{.words = &found.words};
    return encode_prompt(*model.networks, *model.tokenizer, prompt, PromptRole::Positive, options,
                         {})
        .parts.at(0)
        .entries.at(0)
        .context.data;
  }
};

TEST_F(Words, StandForTheirVectors) {
  const auto typed = conditioning("a black cat asleep, (black cat:1.3)");
  write("zorglub", vectors_of("black cat"));
  EXPECT_EQ(conditioning("a zorglub asleep, (zorglub:1.3)"), typed);
  EXPECT_EQ(conditioning("a ZORGLUB asleep, (zorglub:1.3)"), typed);
  EXPECT_NE(conditioning("a zorglubs asleep, (zorglub:1.3)"), typed);
}

TEST_F(Words, TheLongestNameWins) {
  write("big", vectors_of("dog"));
  const auto dog_cat = conditioning("dog cat");
  EXPECT_EQ(conditioning("big cat"), dog_cat);
  write("big cat", vectors_of("mouse"));
  const auto mouse = conditioning("mouse");
  EXPECT_EQ(conditioning("big cat"), mouse);
}

TEST_F(Words, ThatDoNotFitAreNotedAndStayText) {
  const auto typed = conditioning("a zorglub");
  write("zorglub", Tensor({2, 768}));
  EXPECT_EQ(conditioning("a zorglub"), typed);
  EXPECT_THAT(
      find_words(model, "a zorglub", "").notes,
      ElementsAre("zorglub: not used as an embedding: its vectors are 768 wide (SD 1.x), this "
                  "model reads 8 wide"));
  std::ofstream(dir / "embeddings" / "broken.pt") << "garbage";
  EXPECT_THAT(find_words(model, "", "broken").notes.at(0), HasSubstr("not used as an embedding"));
  EXPECT_TRUE(find_words(model, "nothing of the kind", "").notes.empty());
}

// SDXL's pairs: each text encoder reads its own half.
TEST_F(Words, OfAPairGoToTheirOwnTextEncoders) {
  Checkpoint two = open_checkpoint(golden_path("pipelines_sd1"));
  two.text.push_back(two.text[0]);
  two.config.text.push_back(two.config.text[0]);
  model.networks = StableDiffusion::load(runtime, std::move(two), "");
  const auto cat = conditioning("a black cat asleep"), dog = conditioning("a white dog asleep");
  const Tensor l = vectors_of("black cat"), g = vectors_of("white dog");
  ASSERT_EQ(l.shape, g.shape);
  fs::create_directories(dir / "embeddings");
  write_safetensors(dir / "embeddings/zorglub.safetensors",
                    {{"clip_l", rows(l.data, l.shape)}, {"clip_g", rows(g.data, g.shape)}}, {});
  model.extras = extra_files_in({}, {dir / "embeddings"});
  const auto pair = conditioning("a zorglub asleep");
  ASSERT_EQ(pair.size(), cat.size());
  const auto half = static_cast<size_t>(l.shape[1]);
  for (size_t i = 0; i < pair.size(); ++i)
    ASSERT_EQ(pair[i], i / half % 2 == 0 ? cat[i] : dog[i]) << i;
  write("single", vectors_of("black cat"));
  EXPECT_THAT(find_words(model, "a single", "").notes.at(0), HasSubstr("this model reads 8 and 8"));
}

TEST(EmbeddingPicture, IsToldFromOtherPictures) {
  for (const char* name : {"text.png", "pixels.png"}) {
    const ModelSummary summary = summarise_any(sample(name));
    EXPECT_TRUE(summary.usable) << summary.reason;
    EXPECT_EQ(summary.kind, "embedding");
    EXPECT_EQ(summary.vectors, 3);
    EXPECT_FALSE(summary.word.empty());
  }
  const ModelSummary plain = summarise_any(sample("plain.png"));
  EXPECT_FALSE(plain.readable);
  EXPECT_EQ(plain.kind, "picture");
  EXPECT_THAT(plain.reason, HasSubstr("no textual inversion"));
  TempDir dir;
  std::ofstream(dir / "cut.png") << "\x89PNG";
  EXPECT_FALSE(summarise_any(dir / "cut.png").readable);
  EXPECT_FALSE(summarise_any(dir / "gone.png").reason.empty());
  EXPECT_EQ(summarise_any(sample("a1111.pt")).kind, "embedding");
}

TEST_F(Words, AreRememberedInThePicture) {
  write("zorglub", vectors_of("black cat"));
  Img2ImgRequest r;
  r.negative_prompt = "zorglub";
  r.seed = 1;
  r.steps = 1;
  r.width = r.height = 64;
  const InputImage* none = nullptr;
  const Img2ImgPlan plan = plan_img2img(model, r, none, 0, nullptr);
  const auto pictures = run_img2img(model, r, plan, none, {}, {});
  EXPECT_THAT(pictures[0].infotext.get("TI hashes").value_or(""), HasSubstr("zorglub: "));
}

TEST_F(Words, ComeAlongInLoras) {
  const Tensor vectors = vectors_of("black cat");
  fs::create_directories(dir / "Lora");
  write_safetensors(dir / "Lora/l.safetensors",
                    {{"bundle_emb.zorglub.string_to_param.*", rows(vectors.data, vectors.shape)},
                     {"lora_unet_conv_in.diff_b", rows(std::vector<float>(16), {16})}},
                    {});
  model.extras = extra_files_in({dir / "Lora"}, {});
  const auto typed = conditioning("black cat");
  EXPECT_NE(conditioning("zorglub"), typed);
  use_loras(model, "<lora:l:1>");
  EXPECT_EQ(conditioning("zorglub"), typed);
}

}  // namespace
}  // namespace pentimento
