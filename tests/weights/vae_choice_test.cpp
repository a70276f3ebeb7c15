#include "weights/vae_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/golden.h"
#include "weights/model_card.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;
using testing::write_bytes;
namespace fs = std::filesystem;

class VaeChoice : public ::testing::Test {
 protected:
  TempDir dir;
  fs::path model = write_bytes(dir / "sd/dream.safetensors", "x");
  fs::path other = write_bytes(dir / "sd/dreamer.safetensors", "x");
  fs::path good = write_bytes(dir / "VAE/good.pt", "x");
  std::vector<fs::path> folders = {dir / "VAE", dir / "absent"};
};

TEST_F(VaeChoice, IsTheModelsOwnWhenNothingLiesBeside) {
  EXPECT_EQ(vae_of_model(model, folders), std::nullopt);
  EXPECT_EQ(choose_vae("", model, folders), std::nullopt);
}

TEST_F(VaeChoice, IsTheFileThatBeginsWithTheModelsName) {
  const fs::path in_folder = write_bytes(dir / "VAE/dream-mse.safetensors", "x");
  EXPECT_EQ(vae_of_model(model, folders), in_folder);
  const fs::path beside = write_bytes(dir / "sd/dream.vae.safetensors", "x");
  EXPECT_EQ(choose_vae("Automatic", model, folders), beside);
  EXPECT_EQ(vae_of_model(other, folders), std::nullopt);
  EXPECT_EQ(choose_vae("None", model, folders), std::nullopt);
}

TEST_F(VaeChoice, IsWhatTheModelsCardSays) {
  write_bytes(dir / "sd/dream.vae.safetensors", "x");
  write_bytes(dir / "sd/dream.json", R"({"vae": "good.pt"})");
  EXPECT_EQ(vae_of_model(model, folders), good);
  write_bytes(dir / "sd/dream.json", R"({"vae": "None"})");
  EXPECT_EQ(vae_of_model(model, folders), std::nullopt);
  for (const char* useless : {"{", "[]", R"({"vae": 3})", R"({"vae": "gone.pt"})"}) {
    write_bytes(dir / "sd/dream.json", useless);
    EXPECT_EQ(vae_of_model(model, folders), dir / "sd/dream.vae.safetensors");
  }
}

TEST_F(VaeChoice, IsFoundByNameAndPath) {
  EXPECT_EQ(choose_vae("good", model, folders), good);
  EXPECT_EQ(choose_vae("good.pt", model, folders), good);
  EXPECT_EQ(choose_vae(good.string(), model, folders), good);
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { choose_vae("bad", model, folders); }),
              HasSubstr("bad: no such VAE file, and there is no VAE of that name"));
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { choose_vae("goood", model, folders); }),
              HasSubstr("did you mean good?"));
}

TEST_F(VaeChoice, TakesFilesOneByOneAsWellAsFolders) {
  const fs::path apart = write_bytes(dir / "elsewhere/apart.safetensors", "x");
  write_bytes(dir / "elsewhere/hidden.safetensors", "x");
  EXPECT_EQ(choose_vae("apart", model, {apart}), apart);
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { choose_vae("hidden", model, {apart}); }),
              HasSubstr("models list --kind vae"));
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { choose_vae("hidden", other, {}); }),
              HasSubstr("under VAE"));
}

TEST(ModelCard, SaysWhatIsChosenForAModel) {
  TempDir dir;
  const fs::path model = write_bytes(dir / "dream.safetensors", "x");
  EXPECT_EQ(read_model_card(model).vae, "");
  EXPECT_FALSE(read_model_card(model).clip_skip);
  write_bytes(dir / "dream.json",
              R"({"vae": "good.pt", "clip skip": 2, "text encoder": "base", "notes": "x"})");
  const ModelCard card = read_model_card(model);
  EXPECT_EQ(card.vae, "good.pt");
  EXPECT_EQ(card.clip_skip, 2);
  EXPECT_EQ(card.text_encoder, "base");
  EXPECT_FALSE(keeps_own_vae(model));
  write_bytes(dir / "dream.json", R"({"vae": "None"})");
  EXPECT_TRUE(keeps_own_vae(model));
  for (const char* useless : {"{", "[1]", R"({"clip skip": 99})", R"({"clip skip": "2"})",
                              R"({"clip skip": 1.5, "vae": 3})", R"({"vae": "Automatic"})"}) {
    write_bytes(dir / "dream.json", useless);
    EXPECT_FALSE(read_model_card(model).clip_skip) << useless;
    EXPECT_EQ(read_model_card(model).vae, "") << useless;
  }
}

}  // namespace
}  // namespace pentimento
