#include "studio/recorded_prompt.h"

#include <gtest/gtest.h>

namespace pentimento {
namespace {

using Text = std::map<std::string, std::string>;

std::string setting(const RecordedPrompt& recorded, const char* key) {
  return recorded.info.get(key).value_or("(none)");
}

// As ComfyUI writes its example workflow.
const std::string kComfy = R"({
 "3": {"class_type": "KSampler", "inputs": {"seed": 156680208700286, "steps": 20, "cfg": 8,
       "sampler_name": "euler", "scheduler": "normal", "denoise": 0.87, "model": ["10", 0],
       "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
 "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "SD1.5/dreamshaper_8.safetensors"}},
 "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
 "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a glass bottle, 银河", "clip": ["4", 1]}},
 "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark", "clip": ["4", 1]}},
 "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "x.safetensors", "model": ["4", 0]}}})";

TEST(RecordedPrompt, ReadsA1111) {
  const auto found = recorded_prompt(
      {{"parameters", "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 5"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->program, "AUTOMATIC1111");
  EXPECT_EQ(found->info.prompt, "a cat");
  EXPECT_EQ(found->info.negative_prompt, "dog");
  EXPECT_EQ(setting(*found, "Seed"), "5");
}

TEST(RecordedPrompt, ReadsComfyUi) {
  const auto found = recorded_prompt({{"prompt", kComfy}, {"workflow", "{}"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->program, "ComfyUI");
  EXPECT_EQ(found->info.prompt, "a glass bottle, 银河");
  EXPECT_EQ(found->info.negative_prompt, "text, watermark");
  EXPECT_EQ(setting(*found, "Seed"), "156680208700286");
  EXPECT_EQ(setting(*found, "Steps"), "20");
  EXPECT_EQ(setting(*found, "Sampler"), "euler");
  EXPECT_EQ(setting(*found, "Denoising strength"), "0.87");
  EXPECT_EQ(setting(*found, "Model"), "dreamshaper_8");
}

TEST(RecordedPrompt, FollowsComfyUiThroughControlNetsAndTextNodes) {
  const auto found = recorded_prompt({{"prompt", R"({
    "1": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["2", 0], "negative": ["2", 1]}},
    "2": {"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["3", 0], "negative": ["4", 0]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["5", 0]}},
    "4": {"class_type": "CLIPTextEncodeSDXL", "inputs": {"text_g": "no", "text_l": "no"}},
    "5": {"class_type": "PrimitiveString", "inputs": {"value": "from a text node"}}})"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->info.prompt, "from a text node");
  EXPECT_EQ(found->info.negative_prompt, "no");
}

TEST(RecordedPrompt, FollowsComfyUiThroughAGuider) {
  const auto found = recorded_prompt({{"prompt", R"({
    "1": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["9", 0], "guider": ["2", 0]}},
    "2": {"class_type": "BasicGuider", "inputs": {"conditioning": ["3", 0]}},
    "3": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["4", 0]}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "guided"}}})"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->info.prompt, "guided");
}

TEST(RecordedPrompt, ReadsInvokeAiOldAndNew) {
  const auto now = recorded_prompt({{"invokeai_metadata", R"({"generation_mode": "img2img",
    "positive_prompt": "a fox", "negative_prompt": "bad", "width": 512, "height": 768, "seed": 7,
    "cfg_scale": 7.5, "steps": 30, "scheduler": "euler", "strength": 0.6,
    "model": {"key": "k", "name": "juggernaut", "base": "sdxl"}})"}});
  ASSERT_TRUE(now);
  EXPECT_EQ(now->program, "InvokeAI");
  EXPECT_EQ(now->info.prompt, "a fox");
  EXPECT_EQ(setting(*now, "Model"), "juggernaut");
  EXPECT_EQ(setting(*now, "Size"), "512x768");
  EXPECT_EQ(setting(*now, "CFG scale"), "7.5");
  const auto then = recorded_prompt({{"sd-metadata", R"({"model_weights": "sd-1.4", "image":
    {"prompt": [{"prompt": "an owl", "weight": 1}], "steps": 50, "sampler": "k_lms"}})"}});
  ASSERT_TRUE(then);
  EXPECT_EQ(then->info.prompt, "an owl");
  EXPECT_EQ(setting(*then, "Model"), "sd-1.4");
}

TEST(RecordedPrompt, ReadsFooocus) {
  const auto found = recorded_prompt({{"parameters", R"({"prompt": "a tree", "seed": "12",
    "negative_prompt": "", "guidance_scale": 4, "base_model": "juggernautXL"})"},
                                      {"fooocus_scheme", "fooocus"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->program, "Fooocus");
  EXPECT_EQ(found->info.prompt, "a tree");
  EXPECT_EQ(setting(*found, "Seed"), "12");
}

TEST(RecordedPrompt, IsNoneWhereNothingIsSaid) {
  for (const Text& text : std::vector<Text>{{},
                                            {{"parameters", ""}},
                                            {{"parameters", "{"}},
                                            {{"parameters", R"({"prompt": 3.5e999})"}},
                                            {{"prompt", "a plain text, no graph"}},
                                            {{"prompt", "[]"}},
                                            {{"prompt", "{\"1\": 5, \"2\": {\"inputs\": []}}"}},
                                            {{"invokeai_metadata", "{\"seed\": 3}"}},
                                            {{"sd-metadata", "{\"image\": {\"prompt\": []}}"}},
                                            {{"Software", "GIMP"}}})
    EXPECT_FALSE(recorded_prompt(text));
}

TEST(RecordedPrompt, SurvivesHostileJson) {
  EXPECT_FALSE(recorded_prompt({{"prompt", std::string(100'000, '[')}}));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
  EXPECT_FALSE(recorded_prompt({{"prompt", deep + "1" + std::string(5001, '}')}}));
  EXPECT_FALSE(recorded_prompt({{"prompt", std::string(17 << 20, ' ') + "{}"}}));
  // A graph that bites its tail.
  EXPECT_FALSE(recorded_prompt({{"prompt", R"({
    "1": {"inputs": {"seed": 1, "positive": ["2", 0], "model": ["1", 0]}},
    "2": {"inputs": {"conditioning": ["2", 0]}}})"}}));
  // Links to nowhere, of the wrong kind, and bytes that are no UTF-8.
  EXPECT_FALSE(
      recorded_prompt({{"prompt", R"({"1": {"inputs": {"seed": 1, "positive": ["x", 0]}}})"}}));
  EXPECT_FALSE(
      recorded_prompt({{"prompt", R"({"1": {"inputs": {"seed": 1, "positive": [6, 0]}}})"}}));
  EXPECT_FALSE(recorded_prompt({{"prompt", "{\"a\": \"\xff\xfe\"}"}}));
}

}  // namespace
}  // namespace pentimento
