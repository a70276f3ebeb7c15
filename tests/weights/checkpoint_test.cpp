#include "weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kUnetIn;
using testing::SpoiledFile;
using testing::TempDir;
namespace fs = std::filesystem;

Checkpoint open_golden(std::string_view name) {
  return open_checkpoint(testing::golden_path(name));
}

json expected_of(const Checkpoint& checkpoint) {
  return json::parse(checkpoint.metadata.at("expected"));
}

// ---- what the fixtures are

TEST(Checkpoint, TensorsAreThoseOfDiffusersOwnConverter) {
  for (const char* name :
       {"weights_sd1.safetensors", "weights_sd2.safetensors", "weights_sdxl.safetensors"}) {
    SCOPED_TRACE(name);
    const Checkpoint checkpoint = open_golden(name);
    const json expected = expected_of(checkpoint);
    testing::expect_recorded(checkpoint.unet, expected.at("unet"));
    testing::expect_recorded(checkpoint.vae, expected.at("vae"));
    testing::expect_recorded(checkpoint.text.at(0), expected.at("text"));
    if (expected.contains("text_2"))
      testing::expect_recorded(checkpoint.text.at(1), expected.at("text_2"));
  }
}

TEST(Checkpoint, Sd1IsRecognisedFromItsShapes) {
  const Checkpoint checkpoint = open_golden("weights_sd1.safetensors");
  const ModelConfig& config = checkpoint.config;
  EXPECT_EQ(config.family, Family::SD1);
  EXPECT_EQ(config.variant, Variant::Base);
  EXPECT_FALSE(config.distilled);
  EXPECT_EQ(config.unet.in_channels, 4);
  EXPECT_EQ(config.unet.out_channels, 4);
  EXPECT_THAT(config.unet.block_out_channels, ElementsAre(8, 16, 16));
  EXPECT_THAT(config.unet.layers_per_block, ElementsAre(2, 2, 2));
  EXPECT_THAT(config.unet.transformer_layers, ElementsAre(1, 1, 0));
  EXPECT_EQ(config.unet.mid_transformer_layers, 1);
  EXPECT_THAT(config.unet.attention_heads, ElementsAre(8, 8, 8));
  EXPECT_EQ(config.unet.mid_attention_heads, 8);
  EXPECT_EQ(config.unet.cross_attention_dim, 16);
  EXPECT_FALSE(config.unet.linear_projection);
  EXPECT_EQ(config.unet.time_embed_dim, 32);
  EXPECT_EQ(config.unet.added_channels, 0);
  EXPECT_FALSE(config.unet.time_cond_proj);
  EXPECT_EQ(config.unet.norm_num_groups, 8);
  EXPECT_FALSE(config.vae.tiny);
  EXPECT_EQ(config.vae.latent_channels, 4);
  EXPECT_EQ(config.vae.scale_factor, 2);
  EXPECT_THAT(config.vae.block_out_channels, ElementsAre(8, 16));
  EXPECT_EQ(config.vae.layers_per_block, 1);
  EXPECT_TRUE(config.vae.quant_conv);
  EXPECT_FLOAT_EQ(config.vae.scaling_factor, 0.18215f);
  ASSERT_EQ(config.text.size(), 1u);
  EXPECT_EQ(config.text[0].vocab_size, 40);
  EXPECT_EQ(config.text[0].hidden_size, 16);
  EXPECT_EQ(config.text[0].intermediate_size, 32);
  EXPECT_EQ(config.text[0].layers, 2);
  EXPECT_EQ(config.text[0].heads, 1);
  EXPECT_EQ(config.text[0].max_positions, 77);
  EXPECT_EQ(config.text[0].activation, Activation::QuickGelu);
  EXPECT_EQ(config.text[0].default_hidden_state, 1);
  EXPECT_TRUE(config.text[0].final_norm);
  EXPECT_EQ(config.text[0].eos_token, 39);
  EXPECT_EQ(config.text[0].bos_token, 38);
  EXPECT_EQ(config.text[0].pad_token, 39);
  EXPECT_EQ(config.scheduler.prediction_type, PredictionType::Epsilon);
  EXPECT_TRUE(config.scheduler.prediction_type_is_certain);
  EXPECT_EQ(config.scheduler.beta_schedule, "scaled_linear");
  EXPECT_FALSE(config.scheduler.rescale_betas_zero_snr);
  EXPECT_EQ(config.native_size_px, 512);
  EXPECT_EQ(config.default_steps, 20);
  EXPECT_FLOAT_EQ(config.default_cfg, 7.0f);
  EXPECT_THAT(checkpoint.unused, ElementsAre("left.over"));
}

TEST(Checkpoint, Sd2IsRecognisedFromItsShapes) {
  const Checkpoint checkpoint = open_golden("weights_sd2.safetensors");
  const ModelConfig& config = checkpoint.config;
  EXPECT_EQ(config.family, Family::SD2);
  EXPECT_TRUE(config.unet.linear_projection);
  EXPECT_THAT(config.unet.attention_heads, ElementsAre(1, 1)) << "width / 64, at least 1";
  EXPECT_EQ(config.text.at(0).activation, Activation::Gelu);
  EXPECT_EQ(config.text[0].default_hidden_state, 2);
  EXPECT_TRUE(config.text[0].final_norm);
  EXPECT_EQ(config.text[0].pad_token, 0);
  EXPECT_FALSE(config.scheduler.prediction_type_is_certain);
  EXPECT_TRUE(checkpoint.unused.empty()) << checkpoint.unused.front();
}

TEST(Checkpoint, SdxlIsRecognisedFromItsShapes) {
  const Checkpoint checkpoint = open_golden("weights_sdxl.safetensors");
  const ModelConfig& config = checkpoint.config;
  EXPECT_EQ(config.family, Family::SDXL);
  EXPECT_THAT(config.unet.transformer_layers, ElementsAre(0, 2, 3));
  EXPECT_EQ(config.unet.mid_transformer_layers, 3);
  EXPECT_EQ(config.unet.added_channels, 20 + 6 * 4);
  EXPECT_EQ(config.unet.added_time_ids, 6);
  EXPECT_EQ(config.unet.cross_attention_dim, 8 + 16);
  EXPECT_FLOAT_EQ(config.vae.scaling_factor, 0.13025f);
  ASSERT_EQ(config.text.size(), 2u);
  EXPECT_EQ(config.text[0].activation, Activation::QuickGelu);
  EXPECT_EQ(config.text[1].activation, Activation::Gelu);
  EXPECT_EQ(config.text[0].projection_dim, 0);
  EXPECT_EQ(config.text[1].projection_dim, 20);
  for (const TextConfig& text : config.text) {
    EXPECT_EQ(text.default_hidden_state, 2);
    EXPECT_FALSE(text.final_norm);
  }
  EXPECT_EQ(config.text[0].pad_token, 39);
  EXPECT_EQ(config.text[1].pad_token, 0);
  EXPECT_EQ(config.native_size_px, 1024);
  EXPECT_EQ(config.scheduler.prediction_type, PredictionType::Epsilon);
}

TEST(Checkpoint, PrunedModelsOfOtherDepthsLoad) {
  const Checkpoint checkpoint = open_golden("weights_pruned.safetensors");
  testing::expect_recorded(checkpoint.unet, expected_of(checkpoint).at("unet"));
  EXPECT_EQ(checkpoint.config.family, Family::SDXL);
  EXPECT_EQ(checkpoint.config.unet.mid_transformer_layers, 0);
  EXPECT_THAT(checkpoint.config.unet.transformer_layers, ElementsAre(0, 1, 2));
}

TEST(Checkpoint, PartsThatAreNotInsideAreEmptyAndNoted) {
  const Checkpoint checkpoint = open_golden("weights_pruned.safetensors");
  EXPECT_TRUE(checkpoint.vae.empty());
  EXPECT_TRUE(checkpoint.text.empty());
  EXPECT_THAT(checkpoint.config.notes,
              AllOf(Contains(HasSubstr("no VAE")), Contains(HasSubstr("no text encoder"))));
  EXPECT_EQ(checkpoint.config.vae.latent_channels, 4);
  EXPECT_FLOAT_EQ(checkpoint.config.vae.scaling_factor, 0.13025f);
}

// ---- variants

TEST(Checkpoint, InputChannelsTellTheVariant) {
  for (const char* name :
       {"weights_sd1.safetensors", "weights_sd2.safetensors", "weights_sdxl.safetensors"}) {
    EXPECT_EQ(SpoiledFile(name).channels(kUnetIn, 9).open().config.variant, Variant::Inpaint)
        << name;
    EXPECT_EQ(SpoiledFile(name).channels(kUnetIn, 8).open().config.variant, Variant::Edit) << name;
  }
  const auto refusal = [](int64_t channels) {
    return SpoiledFile("weights_sd1.safetensors")
        .channels(kUnetIn, channels)
        .refusal(ErrorKind::Unsupported);
  };
  EXPECT_THAT(refusal(5), HasSubstr("depth-guided"));
  EXPECT_THAT(refusal(7), HasSubstr("latent upscaling"));
  EXPECT_THAT(refusal(6), HasSubstr("reads 6 channels and makes 4"));
}

TEST(Checkpoint, OldClipNamesLoad) {
  SpoiledFile file("weights_sd1.safetensors");
  file.renamed("cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.");
  const Checkpoint checkpoint = file.open();
  testing::expect_recorded(checkpoint.text.at(0),
                           expected_of(open_golden("weights_sd1.safetensors")).at("text"));
}

TEST(Checkpoint, DiffusersNamesInOneFileLoad) {
  const Checkpoint ldm = open_golden("weights_sdxl.safetensors");
  SpoiledFile file("weights_sdxl.safetensors");
  file.tensors.clear();
  const auto add = [&](const std::string& prefix, const TensorMap& part) {
    for (const auto& [name, tensor] : part) file.tensors.emplace(prefix + name, tensor);
  };
  add("unet.", ldm.unet);
  add("vae.", ldm.vae);
  add("text_encoder.", ldm.text[0]);
  add("text_encoder_2.", ldm.text[1]);
  const Checkpoint checkpoint = file.open();
  EXPECT_EQ(checkpoint.config.family, Family::SDXL);
  EXPECT_EQ(checkpoint.config.text.at(1).activation, Activation::Gelu);
  EXPECT_TRUE(checkpoint.unused.empty());
  testing::expect_recorded(checkpoint.unet, expected_of(ldm).at("unet"));
  testing::expect_recorded(checkpoint.vae, expected_of(ldm).at("vae"));
}

TEST(Checkpoint, ABareUnetLoadsUnderEitherNames) {
  SpoiledFile bare("weights_sd1.safetensors");
  bare.without("first_stage_model.")
      .without("cond_stage_model.")
      .without("left")
      .without("alphas")
      .without("model_ema");
  const std::string expected = testing::Golden("weights_sd1.safetensors").text("expected");
  testing::expect_recorded(bare.renamed("model.diffusion_model.", "").open().unet,
                           json::parse(expected).at("unet"));
  bare.tensors = open_golden("weights_sd1.safetensors").unet;
  testing::expect_recorded(bare.open().unet, json::parse(expected).at("unet"));
}

TEST(Checkpoint, LcmIsToldByItsGuidanceLayer) {
  for (const char* name : {"time_embed.cond_proj.weight", "time_embedding.cond_proj.weight"}) {
    SpoiledFile file("weights_sd1.safetensors");
    file.tensors.emplace(std::string("model.diffusion_model.") + name,
                         testing::tensor_f16({8, 4}, std::vector<float>(32, 0)));
    const Checkpoint checkpoint = file.open();
    EXPECT_TRUE(checkpoint.config.unet.time_cond_proj);
    EXPECT_TRUE(checkpoint.config.distilled);
    EXPECT_LE(checkpoint.config.default_cfg, 2.0f);
    EXPECT_TRUE(checkpoint.unet.contains("time_embedding.cond_proj.weight"));
  }
}

TEST(Checkpoint, TurboIsToldByItsName) {
  const SpoiledFile file("weights_sdxl.safetensors");
  EXPECT_TRUE(file.open("sd_xl_Turbo_1.0.safetensors").config.distilled);
  EXPECT_FLOAT_EQ(file.open("sd_xl_turbo.safetensors").config.default_cfg, 1.0f);
  EXPECT_EQ(file.open("dreamLCM.safetensors").config.default_steps, 8);
  EXPECT_TRUE(file.open("Hyper-SDXL-4steps.safetensors").config.distilled);
  for (const char* name :
       {"model.safetensors", "hyperrealism_30.safetensors", "realcmodel.safetensors"})
    EXPECT_FALSE(file.open(name).config.distilled) << name;
}

TEST(Checkpoint, Sd2InSdxlsLayoutIsSd2) {  // SD2-turbo is published so
  SpoiledFile file("weights_sd2.safetensors");
  file.renamed("cond_stage_model.model.", "conditioner.embedders.0.model.");
  EXPECT_EQ(file.open().config.family, Family::SD2);
}

TEST(Checkpoint, A23LayerOpenClipIsReadToItsEnd) {
  SpoiledFile file("weights_sd2.safetensors");
  const TensorMap layer = below(file.tensors, "cond_stage_model.model.transformer.resblocks.0.");
  for (int i = 0; i < 23; ++i)
    for (const auto& [name, tensor] : layer)
      file.tensors.insert_or_assign(
          "cond_stage_model.model.transformer.resblocks." + std::to_string(i) + "." + name, tensor);
  EXPECT_EQ(file.open().config.text.at(0).default_hidden_state, 1);
}

// ---- prediction type and its precedence

SpoiledFile sd2_with_spread(float amplitude) {
  SpoiledFile file("weights_sd2.safetensors");
  std::vector<float> bias;
  for (int i = 0; i < 8; ++i) bias.push_back(i % 2 ? amplitude : -amplitude);
  const std::string name =
      "model.diffusion_model.output_blocks.3.1.transformer_blocks.0.norm1.bias";
  EXPECT_TRUE(file.tensors.contains(name));
  file.tensors.insert_or_assign(name, testing::tensor_f16({8}, bias));
  return file;
}

TEST(PredictionTypeOf, Sd2IsGuessedFromTheSpreadOfOneBias) {
  const Checkpoint v = sd2_with_spread(0.12f).open(), epsilon = sd2_with_spread(0.05f).open();
  EXPECT_EQ(v.config.scheduler.prediction_type, PredictionType::V);
  EXPECT_FALSE(v.config.scheduler.prediction_type_is_certain);
  EXPECT_EQ(v.config.native_size_px, 768);
  EXPECT_EQ(epsilon.config.scheduler.prediction_type, PredictionType::Epsilon);
  EXPECT_FALSE(epsilon.config.scheduler.prediction_type_is_certain);
  EXPECT_EQ(epsilon.config.native_size_px, 512);
}

TEST(PredictionTypeOf, TheSpreadIsNotAskedForInpaintingModels) {
  SpoiledFile file = sd2_with_spread(0.5f);
  EXPECT_EQ(file.channels(kUnetIn, 9).open().config.scheduler.prediction_type,
            PredictionType::Epsilon);
}

TEST(PredictionTypeOf, MarksInTheFileSettleIt) {
  SpoiledFile file("weights_sdxl.safetensors");
  file.tensors.emplace("v_pred", testing::tensor_f32({0}, {}));
  file.tensors.emplace("ztsnr", testing::tensor_f32({0}, {}));
  const Checkpoint checkpoint = file.open();
  EXPECT_EQ(checkpoint.config.scheduler.prediction_type, PredictionType::V);
  EXPECT_TRUE(checkpoint.config.scheduler.prediction_type_is_certain);
  EXPECT_TRUE(checkpoint.config.scheduler.rescale_betas_zero_snr);
  EXPECT_TRUE(checkpoint.unused.empty());
}

TEST(PredictionTypeOf, EachSourceWinsOverTheNext) {
  // From the weakest to the strongest; each must overturn the one before.
  SpoiledFile file = sd2_with_spread(0.12f);
  TempDir dir;
  const auto found = [&] {
    return open_checkpoint(file.write(dir / "m.safetensors")).config.scheduler.prediction_type;
  };
  EXPECT_EQ(found(), PredictionType::V);
  file.metadata["modelspec.prediction_type"] = "epsilon";
  EXPECT_EQ(found(), PredictionType::Epsilon);
  file.tensors.emplace("v_pred", testing::tensor_f32({0}, {}));
  EXPECT_EQ(found(), PredictionType::V);
  testing::write_bytes(dir / "m.yaml", "model:\n  params:\n    parameterization: \"eps\"\n");
  EXPECT_EQ(found(), PredictionType::Epsilon);
  testing::write_bytes(dir / "m.yaml", "model:\n  params:\n    parameterization: \"v\"\n");
  EXPECT_EQ(found(), PredictionType::V);
  file.config({{"scheduler", {{"prediction_type", "epsilon"}}}});
  EXPECT_EQ(found(), PredictionType::Epsilon);
}

TEST(PredictionTypeOf, UnknownKindsAreRefused) {
  SpoiledFile file("weights_sd1.safetensors");
  file.config({{"scheduler", {{"prediction_type", "sample"}}}});
  EXPECT_THAT(file.refusal(ErrorKind::Unsupported), HasSubstr("predicts 'sample'"));
}

// ---- pentimento.config

json custom_config() {
  return {{"family", "custom"},
          {"native_size_px", 256},
          {"default_steps", 12},
          {"default_cfg", 3.5},
          {"distilled", true},
          {"unet", {{"attention_head_dim", {2, 4, 4}}, {"norm_num_groups", 4}}},
          {"vae",
           {{"scaling_factor", 2.0},
            {"shift_factor", -0.5},
            {"norm_num_groups", 2},
            {"latents_mean", {0.1, 0.2, 0.3, 0.4}},
            {"latents_std", {1.0, 2.0, 3.0, 4.0}}}},
          {"text_encoder",
           {{"num_attention_heads", 4},
            {"hidden_act", "gelu"},
            {"eos_token_id", 3},
            {"bos_token_id", 2},
            {"pad_token_id", 1},
            {"hidden_state", 2},
            {"final_norm", false}}},
          {"scheduler",
           {{"prediction_type", "v_prediction"},
            {"rescale_betas_zero_snr", true},
            {"beta_schedule", "linear"},
            {"beta_start", 0.0001},
            {"beta_end", 0.02},
            {"num_train_timesteps", 500}}},
          {"tokenizer", {{"merges", "#version\nt h\n"}}}};
}

TEST(PentimentoConfig, SaysWhatShapesCannot) {
  SpoiledFile file("weights_sd1.safetensors");
  const ModelConfig config = file.config(custom_config()).channels(kUnetIn, 9).open().config;
  EXPECT_EQ(config.family, Family::Custom);
  EXPECT_EQ(config.variant, Variant::SourceConditioned);
  EXPECT_TRUE(config.distilled);
  EXPECT_EQ(config.native_size_px, 256);
  EXPECT_EQ(config.default_steps, 12);
  EXPECT_FLOAT_EQ(config.default_cfg, 3.5f);
  EXPECT_THAT(config.unet.attention_heads, ElementsAre(2, 4, 4));
  EXPECT_EQ(config.unet.mid_attention_heads, 4);
  EXPECT_EQ(config.unet.norm_num_groups, 4);
  EXPECT_FLOAT_EQ(config.vae.scaling_factor, 2.0f);
  EXPECT_FLOAT_EQ(config.vae.shift_factor, -0.5f);
  EXPECT_EQ(config.vae.norm_num_groups, 2);
  EXPECT_THAT(config.vae.latents_mean, ElementsAre(0.1f, 0.2f, 0.3f, 0.4f));
  EXPECT_THAT(config.vae.latents_std, ElementsAre(1.0f, 2.0f, 3.0f, 4.0f));
  EXPECT_EQ(config.text[0].heads, 4);
  EXPECT_EQ(config.text[0].activation, Activation::Gelu);
  EXPECT_EQ(config.text[0].eos_token, 3);
  EXPECT_EQ(config.text[0].bos_token, 2);
  EXPECT_EQ(config.text[0].pad_token, 1);
  EXPECT_EQ(config.text[0].default_hidden_state, 2);
  EXPECT_FALSE(config.text[0].final_norm);
  EXPECT_EQ(config.scheduler.prediction_type, PredictionType::V);
  EXPECT_TRUE(config.scheduler.prediction_type_is_certain);
  EXPECT_TRUE(config.scheduler.rescale_betas_zero_snr);
  EXPECT_EQ(config.scheduler.beta_schedule, "linear");
  EXPECT_DOUBLE_EQ(config.scheduler.beta_start, 0.0001);
  EXPECT_DOUBLE_EQ(config.scheduler.beta_end, 0.02);
  EXPECT_EQ(config.scheduler.num_train_timesteps, 500);
  EXPECT_EQ(config.tokenizer_merges, "#version\nt h\n");
}

TEST(PentimentoConfig, ACustomModelMayStillBeAnInpaintingOne) {
  SpoiledFile file("weights_sd1.safetensors");
  file.config({{"family", "custom"}, {"variant", "inpaint"}}).channels(kUnetIn, 9);
  EXPECT_EQ(file.open().config.variant, Variant::Inpaint);
}

TEST(PentimentoConfig, LatentScaleIsKeptForAVaeSomewhereElse) {
  SpoiledFile file("weights_sd1.safetensors");
  const ModelConfig config =
      file.without("first_stage_model.").config(custom_config()).open().config;
  EXPECT_THAT(config.vae.latents_std, ElementsAre(1.0f, 2.0f, 3.0f, 4.0f));
  EXPECT_FLOAT_EQ(config.vae.scaling_factor, 2.0f);
}

TEST(PentimentoConfig, ShapesWinOverWhatItClaims) {
  SpoiledFile file("weights_sd1.safetensors");
  file.config(
      {{"unet",
        {{"in_channels", 9}, {"block_out_channels", {1, 2, 3}}, {"cross_attention_dim", 5}}}});
  const ModelConfig config = file.open().config;
  EXPECT_EQ(config.unet.in_channels, 4);
  EXPECT_THAT(config.unet.block_out_channels, ElementsAre(8, 16, 16));
  EXPECT_EQ(config.unet.cross_attention_dim, 16);
}

TEST(PentimentoConfig, WrongValuesAreRefusedNamingThem) {
  const auto refusal = [](ErrorKind kind, const json& config) {
    return SpoiledFile("weights_sd1.safetensors").config(config).refusal(kind);
  };
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"unet", {{"norm_num_groups", "eight"}}}}),
              AllOf(HasSubstr("metadata 'pentimento.config'"),
                    HasSubstr("'norm_num_groups' is '\"eight\"', expected a whole number")));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"unet", {{"norm_num_groups", 0}}}}),
              HasSubstr("from 1 to"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"unet", {{"norm_num_groups", 3}}}}),
              HasSubstr("3 norm groups do not divide"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"unet", {{"attention_head_dim", {1, 2}}}}}),
              HasSubstr("3 of them"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"unet", {{"attention_head_dim", 3}}}}),
              HasSubstr("3 attention heads do not divide"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"text_encoder", {{"num_attention_heads", 3}}}}),
              HasSubstr("text encoder's width 16"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"text_encoder", {{"eos_token_id", 40}}}}),
              HasSubstr("from 0 to 39"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"vae", {{"scaling_factor", 0}}}}),
              HasSubstr("must be above 0"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"vae", {{"latents_mean", {1, 2}}}}}),
              HasSubstr("a list, expected 4 numbers"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"vae", {{"latents_mean", {1, 2, 3, 4}}}}}),
              HasSubstr("come only together"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"family", "sd9"}}),
              HasSubstr("expected sd1, sd2, sdxl or custom"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"variant", "inpaint"}}),
              HasSubstr("'variant' is 'inpaint', but a UNet that reads 4 channels is base"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"scheduler", {{"beta_end", 2}}}}),
              HasSubstr("0 < start < end < 1"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"default_cfg", "high"}}),
              HasSubstr("expected a number"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"distilled", 1}}),
              HasSubstr("expected true or false"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"tokenizer", {{"merges", 1}}}}),
              HasSubstr("expected a text"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, {{"text_encoder", {{"hidden_act", "relu"}}}}),
              HasSubstr("activation 'relu'"));
  EXPECT_THAT(
      refusal(ErrorKind::Unsupported, {{"unet", {{"resnet_time_scale_shift", "scale_shift"}}}}),
      HasSubstr("'resnet_time_scale_shift' is '\"scale_shift\"'"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, {{"scheduler", {{"beta_schedule", "cosine"}}}}),
              HasSubstr("beta_schedule"));
}

TEST(PentimentoConfig, ThatIsNoObjectIsRefused) {
  SpoiledFile file("weights_sd1.safetensors");
  for (const char* text : {"[1]", "{", ""}) {
    file.metadata["pentimento.config"] = text;
    EXPECT_THAT(file.refusal(ErrorKind::CorruptFile), HasSubstr("is not a JSON object"));
  }
}

TEST(PentimentoConfig, DeepNestingIsRefused) {
  SpoiledFile file("weights_sd1.safetensors");
  const std::string open(1'000'000, '['), close(1'000'000, ']');
  for (const std::string& text : {open, R"({"unet":{"norm_num_groups":)" + open + close + "}}",
                                  R"({"\\\"":)" + open + close + "}"}) {
    file.metadata["pentimento.config"] = text;
    EXPECT_THAT(file.refusal(ErrorKind::CorruptFile), HasSubstr("more than 32 deep"));
  }
  file.config({{"note", open + "\\\""}, {"unet", {{"norm_num_groups", {{8}}}}}});
  EXPECT_THAT(file.refusal(ErrorKind::CorruptFile),
              HasSubstr("is a list, expected a whole number"));
}

// ---- folders

TEST(DiffusersFolder, IsReadFromShardsVariantsAndBins) {
  const fs::path folder = testing::golden_path("weights_folder");
  const Checkpoint checkpoint = open_checkpoint(folder);
  const json expected = json::parse(testing::read_bytes(folder / "expected.json"));
  testing::expect_recorded(checkpoint.unet, expected.at("unet"));
  testing::expect_recorded(checkpoint.vae, expected.at("vae"));
  testing::expect_recorded(checkpoint.text.at(0), expected.at("text"));
  EXPECT_TRUE(checkpoint.unused.empty());
}

TEST(DiffusersFolder, ConfigurationsAreHeard) {
  const ModelConfig config =
      open_checkpoint(testing::golden_path("weights_folder") / "model_index.json").config;
  EXPECT_EQ(config.family, Family::SD2);
  EXPECT_THAT(config.unet.attention_heads, ElementsAre(2, 4));
  EXPECT_EQ(config.unet.norm_num_groups, 4);
  EXPECT_FLOAT_EQ(config.vae.scaling_factor, 0.5f);
  EXPECT_FLOAT_EQ(config.vae.shift_factor, 0.25f);
  EXPECT_EQ(config.text.at(0).activation, Activation::Gelu);
  EXPECT_EQ(config.text[0].default_hidden_state, 1) << "folders leave the unread last layer out";
  EXPECT_EQ(config.text[0].pad_token, 0) << "its tokenizer pads with '!'";
  EXPECT_EQ(config.text[0].eos_token, 39);
  EXPECT_EQ(config.scheduler.prediction_type, PredictionType::V);
  EXPECT_TRUE(config.scheduler.prediction_type_is_certain);
  EXPECT_TRUE(config.scheduler.rescale_betas_zero_snr);
  EXPECT_EQ(config.scheduler.beta_schedule, "linear");
  EXPECT_DOUBLE_EQ(config.scheduler.beta_end, 0.02);
  EXPECT_EQ(config.native_size_px, 96 * 2);
}

class FolderCopy {
 public:
  FolderCopy() {
    fs::copy(testing::golden_path("weights_folder"), path(), fs::copy_options::recursive);
  }
  fs::path path() const { return dir_ / "model"; }
  std::string refusal(ErrorKind kind) const {
    return testing::refusal(kind, [&] { open_checkpoint(path()); });
  }

 private:
  TempDir dir_;
};

TEST(DiffusersFolder, ConfigJsonWinsOverPentimentoConfigWinsOverConvention) {
  const FolderCopy copy;
  const Checkpoint before = open_checkpoint(copy.path());
  const json config = {{"unet", {{"attention_head_dim", 1}, {"norm_num_groups", 8}}},
                       {"scheduler", {{"prediction_type", "epsilon"}}},
                       {"text_encoder", {{"pad_token_id", 5}}}};
  write_safetensors(copy.path() / "unet/diffusion_pytorch_model.safetensors", before.unet,
                    {{"pentimento.config", config.dump()}});
  const ModelConfig with_both = open_checkpoint(copy.path()).config;
  EXPECT_THAT(with_both.unet.attention_heads, ElementsAre(2, 4));
  EXPECT_EQ(with_both.scheduler.prediction_type, PredictionType::V);
  EXPECT_EQ(with_both.text.at(0).pad_token, 5);

  fs::remove(copy.path() / "unet/config.json");
  fs::remove(copy.path() / "scheduler/scheduler_config.json");
  const ModelConfig with_metadata = open_checkpoint(copy.path()).config;
  EXPECT_THAT(with_metadata.unet.attention_heads, ElementsAre(1, 1));
  EXPECT_EQ(with_metadata.unet.norm_num_groups, 8);
  EXPECT_EQ(with_metadata.scheduler.prediction_type, PredictionType::Epsilon);
  EXPECT_TRUE(with_metadata.scheduler.prediction_type_is_certain);

  write_safetensors(copy.path() / "unet/diffusion_pytorch_model.safetensors", before.unet, {});
  EXPECT_FALSE(open_checkpoint(copy.path()).config.scheduler.prediction_type_is_certain);
}

TEST(DiffusersFolder, WithoutAModelIsRefused) {
  TempDir dir;
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { open_checkpoint(dir.path()); }),
              HasSubstr("expected a model as diffusers saves it"));
  testing::refusal(ErrorKind::NotFound, [&] { open_checkpoint(dir / "absent"); });
  testing::write_bytes(dir / "model_index.json", R"({"_class_name":"FluxPipeline"})");
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { open_checkpoint(dir.path()); }),
              HasSubstr("'FluxPipeline'"));
  testing::write_bytes(dir / "model_index.json", R"({"_class_name":"DiTPipeline"})");
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { open_checkpoint(dir.path()); }),
              HasSubstr("without a UNet"));
}

TEST(DiffusersFolder, AShardThatIsMissingOrElsewhereIsRefused) {
  const FolderCopy copy;
  const fs::path index = copy.path() / "unet/diffusion_pytorch_model.safetensors.index.json";
  const std::string text = testing::read_bytes(index);
  testing::write_bytes(
      index,
      R"({"weight_map":{"conv_in.weight":"../vae/diffusion_pytorch_model.fp16.safetensors"}})");
  EXPECT_THAT(copy.refusal(ErrorKind::CorruptFile), HasSubstr("no file beside it"));
  testing::write_bytes(index, R"({"weight_map":{"conv_in.weight":7}})");
  EXPECT_THAT(copy.refusal(ErrorKind::CorruptFile), HasSubstr("no file beside it"));
  testing::write_bytes(index, R"({})");
  EXPECT_THAT(copy.refusal(ErrorKind::CorruptFile), HasSubstr("lacks its weight_map"));
  testing::write_bytes(index, text);
  fs::remove(copy.path() / "unet/diffusion_pytorch_model-00002-of-00004.safetensors");
  copy.refusal(ErrorKind::NotFound);
}

TEST(DiffusersFolder, FeaturesThisProgramHasNotAreRefused) {
  const FolderCopy copy;
  const fs::path path = copy.path() / "unet/config.json";
  json config = json::parse(testing::read_bytes(path));
  config["class_embed_type"] = "projection";
  testing::write_bytes(path, config.dump());
  EXPECT_THAT(copy.refusal(ErrorKind::Unsupported),
              AllOf(HasSubstr("unet/config.json"), HasSubstr("'class_embed_type'")));
}

// ---- damage and other kinds

TEST(Checkpoint, AnyMissingTensorIsNamed) {
  using Missing = std::vector<std::string> (*)(const TensorMap&);
  for (const char* name :
       {"weights_sd1.safetensors", "weights_sd2.safetensors", "weights_sdxl.safetensors"}) {
    const Checkpoint whole = open_golden(name);
    for (const auto& [part, missing_in] : {std::pair{&whole.unet, Missing(missing_in_unet)},
                                           {&whole.vae, Missing(missing_in_vae)},
                                           {&whole.text[0], Missing(missing_in_text)}}) {
      EXPECT_TRUE(missing_in(*part).empty());
      for (const auto& [tensor, view] : *part) {
        if (tensor.find("quant_conv") != std::string::npos) continue;  // newer VAEs have none
        TensorMap damaged = *part;
        damaged.erase(tensor);
        EXPECT_THAT(missing_in(damaged), Contains(tensor)) << name;
      }
    }
  }
}

TEST(Checkpoint, ManyMissingTensorsAreCounted) {
  SpoiledFile file("weights_sd1.safetensors");
  file.without("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.");
  EXPECT_THAT(file.refusal(ErrorKind::CorruptFile),
              HasSubstr("the UNet lacks 5 tensors: "
                        "'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight'"));
}

TEST(Checkpoint, PartsOfDifferentModelsAreRefused) {
  SpoiledFile text("weights_sd1.safetensors");
  for (const auto& [name, tensor] : SpoiledFile("weights_sdxl.safetensors").tensors)
    if (name.starts_with("conditioner.embedders.0."))
      text.tensors.insert_or_assign(
          "cond_stage_model" + name.substr(std::string("conditioner.embedders.0").size()), tensor);
  EXPECT_THAT(text.refusal(ErrorKind::CorruptFile),
              HasSubstr("reads a prompt 16 wide, its text encoders make 8"));

  SpoiledFile vae("weights_sd1.safetensors");
  vae.channels("first_stage_model.decoder.conv_in.weight", 6);
  EXPECT_THAT(vae.refusal(ErrorKind::CorruptFile),
              HasSubstr("its VAE has 6 latent channels, its UNet makes 4"));

  SpoiledFile pooled("weights_sdxl.safetensors");
  pooled.channels("model.diffusion_model.label_emb.0.0.weight", 45);
  EXPECT_THAT(pooled.refusal(ErrorKind::CorruptFile), HasSubstr("an added vector of 45"));
}

TEST(Checkpoint, ImpossibleShapesAreRefused) {
  SpoiledFile file("weights_sd1.safetensors");
  file.tensors.insert_or_assign(kUnetIn, testing::tensor_f16({4}, {1, 2, 3, 4}));
  EXPECT_THAT(file.refusal(ErrorKind::CorruptFile),
              HasSubstr("'conv_in.weight' has the impossible shape [4]"));
  SpoiledFile empty("weights_sd1.safetensors");
  empty.tensors.insert_or_assign(kUnetIn, testing::tensor_f16({8, 0, 3, 3}, {}));
  EXPECT_THAT(empty.refusal(ErrorKind::CorruptFile), HasSubstr("impossible shape"));
}

TEST(Checkpoint, RelativesOfStableDiffusionAreRefusedByName) {
  const auto with = [](const char* golden, const char* name) {
    SpoiledFile file(golden);
    file.tensors.emplace(name, testing::tensor_f32({1}, {1}));
    return file.refusal(ErrorKind::Unsupported);
  };
  EXPECT_THAT(with("weights_sd2.safetensors", "embedder.model.ln_final.weight"),
              HasSubstr("unCLIP"));
  EXPECT_THAT(with("weights_sd2.safetensors", "depth_model.model.x"), HasSubstr("depth-guided"));
  EXPECT_THAT(with("weights_sd1.safetensors", "cond_stage_model.roberta.x"),
              HasSubstr("AltDiffusion"));
  EXPECT_THAT(with("weights_sdxl.safetensors", "edm_mean"), HasSubstr("EDM noise schedule"));
  EXPECT_THAT(with("weights_sdxl.safetensors", "edm_vpred.sigma_max"),
              HasSubstr("EDM noise schedule"));
  SpoiledFile refiner("weights_sdxl.safetensors");
  refiner.without("conditioner.embedders.0.")
      .renamed("conditioner.embedders.1.", "conditioner.embedders.0.");
  EXPECT_THAT(refiner.refusal(ErrorKind::Unsupported), HasSubstr("SDXL refiner"));
  SpoiledFile attends("weights_sd1.safetensors");
  attends.tensors.emplace("first_stage_model.encoder.down.0.attn.0.q.weight",
                          testing::tensor_f32({1}, {1}));
  EXPECT_THAT(attends.refusal(ErrorKind::Unsupported), HasSubstr("attends inside its levels"));
}

TEST(Checkpoint, OtherKindsAreRefusedByName) {
  const std::vector<std::pair<const char*, const char*>> kinds = {
      {"lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight", "a LoRA"},
      {"unet.down_blocks.0.attentions.0.proj_in.lora_A.weight", "a LoRA"},
      {"lora_te1_text_model_encoder_layers_0_mlp_fc1.hada_w1_a", "a LoRA"},
      {"string_to_param.*", "a textual-inversion embedding"},
      {"emb_params", "a textual-inversion embedding"},
      {"<cat-toy>", "a textual-inversion embedding"},
      {"control_model.input_blocks.0.0.weight", "a ControlNet"},
      {"controlnet_cond_embedding.conv_in.weight", "a ControlNet"},
      {"adapter.body.0.block1.weight", "a T2I-Adapter"},
      {"image_proj.proj.weight", "an IP-Adapter"},
      {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight", "a motion module"},
      {"vision_model.encoder.layers.0.mlp.fc1.weight", "an image encoder"},
      {"conv_first.weight", "an upscaling network"},
      {"model.1.sub.0.RDB1.conv1.0.weight", "an upscaling network"},
      {"body.0.weight", "an upscaling network"},
      {"stylegan_decoder.style_mlp.0.weight", "a face restorer"},
      {"double_blocks.0.img_attn.norm.key_norm.scale", "a Flux model"},
      {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale", "a Flux model"},
      {"joint_blocks.0.context_block.attn.qkv.weight", "a Stable Diffusion 3 model"},
      {"cap_embedder.0.weight", "a diffusion transformer"},
      {"first_stage_model.encoder.down.0.block.0.conv1.weight", "a VAE"},
      {"encoder.layers.0.weight", "a tiny autoencoder"},
      {"text_model.encoder.layers.0.mlp.fc1.weight", "a text encoder"},
      {"768.0.linear.weight", "a hypernetwork"}};
  TempDir dir;
  for (const auto& [name, kind] : kinds) {
    TensorMap tensors{{name, testing::tensor_f32({1, 1, 1}, {1})}};
    if (std::string_view(name) == "<cat-toy>") tensors = {{name, testing::tensor_f32({1}, {1})}};
    write_safetensors(dir / "x.safetensors", tensors, {});
    EXPECT_THAT(
        testing::refusal(ErrorKind::Unsupported, [&] { open_checkpoint(dir / "x.safetensors"); }),
        AllOf(HasSubstr("x.safetensors: is "), HasSubstr(kind)))
        << name;
  }
  write_safetensors(dir / "x.safetensors", {{"what", testing::tensor_f32({1, 1, 1}, {1})}}, {});
  EXPECT_THAT(
      testing::refusal(ErrorKind::Unsupported, [&] { open_checkpoint(dir / "x.safetensors"); }),
      HasSubstr("no kind that this program knows, the first of them 'what'"));
}

}  // namespace
}  // namespace pentimento
