#include "weights/text_encoder_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;

// The text encoder of a golden checkpoint, cut out, with another prefix.
std::filesystem::path cut_out(const TempDir& dir, const char* golden, const std::string& from,
                              const std::string& to) {
  const TensorFile whole = read_tensor_file(testing::golden_path(golden));
  TensorMap tensors;
  for (const auto& [name, tensor] : below(whole.tensors, from)) tensors.emplace(to + name, tensor);
  auto metadata = whole.metadata;
  metadata.erase("expected");
  const auto path = dir / "text.safetensors";
  write_safetensors(path, tensors, metadata);
  return path;
}

void expect_same(const TextEncoderFile& alone, const Checkpoint& whole) {
  ASSERT_EQ(alone.tensors.size(), whole.text.at(0).size());
  for (const auto& [name, tensor] : whole.text[0])
    EXPECT_EQ(alone.tensors.at(name).to_f32(), tensor.to_f32()) << name;
  const TextConfig& a = alone.config;
  const TextConfig& b = whole.config.text.at(0);
  EXPECT_EQ(a.hidden_size, b.hidden_size);
  EXPECT_EQ(a.layers, b.layers);
  EXPECT_EQ(a.heads, b.heads);
  EXPECT_EQ(a.activation, b.activation);
  EXPECT_EQ(a.default_hidden_state, b.default_hidden_state);
  EXPECT_EQ(a.pad_token, b.pad_token);
}

TEST(TextEncoderFile, IsThePartOfTheCheckpointWhateverItsPrefix) {
  TempDir dir;
  const Checkpoint sd1 = open_checkpoint(testing::golden_path("weights_sd1.safetensors"));
  for (const char* prefix : {"", "clip_l.", "text_encoders.clip_l.transformer."}) {
    SCOPED_TRACE(prefix);
    const auto path =
        cut_out(dir, "weights_sd1.safetensors", "cond_stage_model.transformer.", prefix);
    EXPECT_TRUE(is_text_encoder_file(path));
    expect_same(open_text_encoder(path, sd1.config.family), sd1);
  }
  const Checkpoint sd2 = open_checkpoint(testing::golden_path("weights_sd2.safetensors"));
  for (const char* prefix : {"", "model."}) {
    SCOPED_TRACE(prefix);
    const auto path = cut_out(dir, "weights_sd2.safetensors", "cond_stage_model.model.", prefix);
    expect_same(open_text_encoder(path, sd2.config.family), sd2);
  }
}

TEST(TextEncoderFile, RefusesWhatItCannotBe) {
  TempDir dir;
  const auto path = cut_out(dir, "weights_sd1.safetensors", "cond_stage_model.transformer.", "");
  EXPECT_THAT(
      testing::refusal(ErrorKind::Unsupported, [&] { open_text_encoder(path, Family::SDXL); }),
      HasSubstr("SDXL reads prompts with two"));
  const auto vae = testing::golden_path("weights_tiny_vae.safetensors");
  EXPECT_FALSE(is_text_encoder_file(vae));
  EXPECT_THAT(
      testing::refusal(ErrorKind::Unsupported, [&] { open_text_encoder(vae, Family::SD1); }),
      HasSubstr("expected a text encoder"));
  EXPECT_FALSE(is_text_encoder_file(testing::golden_path("weights_folder")));
  TensorFile cut = read_tensor_file(path);
  std::erase_if(cut.tensors, [](const auto& item) {
    return item.first.find("layers.0.mlp") != std::string::npos;
  });
  write_safetensors(dir / "cut.safetensors", cut.tensors, {});
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile,
                               [&] { open_text_encoder(dir / "cut.safetensors", Family::SD1); }),
              HasSubstr("text encoder"));
}

}  // namespace
}  // namespace pentimento
