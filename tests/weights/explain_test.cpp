#include "weights/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"
#include "weights/identify.h"

namespace pentimento {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::TempDir;

const Language kBoth[] = {Language::English, Language::Chinese};

TEST(Explanation, OfACheckpointEndsInACommand) {
  const auto path = testing::golden_path("weights_sd1.safetensors");
  const ModelSummary summary = summarise(path);
  const Explanation english = explain(summary, "my model.safetensors", Language::English);
  EXPECT_THAT(english.what, HasSubstr("a whole model that makes pictures"));
  EXPECT_THAT(english.facts, Contains(Pair("family", "SD 1.x")));
  EXPECT_EQ(
      english.example,
      "pentimento img2img photo.jpg --model \"my model.safetensors\" --prompt \"a watercolour\"");
  EXPECT_EQ(english.needs, "");
  EXPECT_EQ(english.problem, "");
  const Explanation chinese = explain(summary, "m.safetensors", Language::Chinese);
  EXPECT_THAT(chinese.what, HasSubstr("大模型"));
  EXPECT_THAT(chinese.facts, Contains(Pair("系列", "SD 1.x")));
}

TEST(Explanation, OfALoraNamesItsBaseAndItsWords) {
  TempDir dir;
  const std::string layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
  write_safetensors(
      dir / "cat.safetensors",
      {{layer + ".lora_down.weight", testing::tensor_f32({1, 768}, std::vector<float>(768))},
       {layer + ".lora_up.weight", testing::tensor_f32({2, 1}, {0, 0})}},
      {{"modelspec.trigger_phrase", "sks cat"}, {"ss_resolution", "(512, 512)"}});
  const ModelSummary summary = summarise(dir / "cat.safetensors");
  const Explanation e = explain(summary, "loras/cat.safetensors", Language::English);
  EXPECT_THAT(e.needs, HasSubstr("a model of SD 1.x"));
  EXPECT_THAT(e.use, HasSubstr("<lora:cat:0.8>"));
  EXPECT_THAT(e.facts, Contains(Pair("trigger words", "sks cat")));
  EXPECT_THAT(e.facts, Contains(Pair("training size", "512x512")));
  EXPECT_THAT(e.example, HasSubstr("--lora-dir \"loras\" --prompt \"sks cat <lora:cat:0.8>\""));
  EXPECT_THAT(explain(summary, "cat.safetensors", Language::Chinese).needs,
              HasSubstr("SD 1.x 系列的大模型"));
}

TEST(Explanation, EndsInACommandThatAShellReadsBack) {
  ModelSummary summary{.readable = true, .usable = true, .kind = "lora", .base = "SD1"};
  const auto example = [&](const char* path, const std::string& model = {}) {
    return explain(summary, path, Language::English, model).example;
  };
  EXPECT_EQ(
      example("a/b.safetensors", "dream 8"),
      "pentimento img2img photo.jpg --model \"dream 8\" --lora-dir \"a\" --prompt \"a portrait "
      "<lora:b:0.8>\"");
  EXPECT_THAT(example("b.safetensors"), HasSubstr("--model MODEL --lora-dir \".\""));
  EXPECT_THAT(example("$HOME's/b.safetensors"), HasSubstr("--lora-dir '$HOME'\\''s' "));
  summary.kind = "controlnet";
  EXPECT_THAT(example("c.pth"), HasSubstr("--model MODEL --control \"c.pth\" "));
  summary.kind = "upscaler";
  EXPECT_EQ(example("4x.pth"), "pentimento upscale photo.jpg --upscaler \"4x.pth\"");
  summary.kind = "ip_adapter";
  EXPECT_EQ(example("ip.bin", "dream"),
            "pentimento blend photo.jpg other.jpg --model \"dream\" --ip-adapter \"ip.bin\" "
            "--image-encoder ENCODER");
  summary.kind = "image_encoder";
  EXPECT_THAT(example("clip.bin"), HasSubstr("--ip-adapter ADAPTER --image-encoder \"clip.bin\""));
  summary.kind = "catvton";
  EXPECT_THAT(example("mix.bin", "dream"),
              HasSubstr("--person-mask mask.png --model INPAINTING_MODEL --weights \"mix.bin\""));
  summary.kind = "unet";
  summary.usable = false;
  EXPECT_THAT(example("u.gguf", "dream"), HasSubstr("--model \"u.gguf\" --text-encoder \"dream\""));
  summary.base = "Flux";
  EXPECT_EQ(example("u.gguf"), "");
}

TEST(Explanation, SaysWhyAFileCannotBeUsed) {
  TempDir dir;
  write_safetensors(dir / "f.safetensors",
                    {{"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight",
                      testing::tensor_f32({1, 2}, {1, 2})}},
                    {});
  const ModelSummary flux = summarise(dir / "f.safetensors");
  EXPECT_THAT(explain(flux, "f", Language::English).problem, HasSubstr("is a LoRA for Flux"));
  EXPECT_THAT(explain(flux, "f", Language::Chinese).problem, HasSubstr("适用于 Flux"));
  for (const Language language : kBoth) EXPECT_EQ(explain(flux, "f", language).example, "");
  const ModelSummary broken = summarise(testing::write_bytes(dir / "b.ckpt", "garbage"));
  for (const Language language : kBoth) {
    EXPECT_FALSE(explain(broken, "b.ckpt", language).what.empty());
    EXPECT_THAT(explain(broken, "b.ckpt", language).problem, HasSubstr("download it again"));
  }
}

// Every kind that summarise() can name has words in both languages.
TEST(Explanation, KnowsEveryKind) {
  ModelSummary summary;
  summary.readable = true;
  for (const char* word : {"onnx", "ncnn"}) {
    summary.kind = word;
    EXPECT_THAT(explain(summary, "x", Language::English).what, HasSubstr("network"));
  }
  for (int kind = 0; kind <= static_cast<int>(WeightKind::Unknown); ++kind) {
    summary.kind = kind_word(static_cast<WeightKind>(kind));
    for (const Language language : kBoth) {
      EXPECT_FALSE(explain(summary, "x", language).use.empty()) << summary.kind;
      EXPECT_THAT(explain(summary, "x", language).what,
                  ::testing::Not(HasSubstr("cannot be read")));
    }
  }
}

}  // namespace
}  // namespace pentimento
