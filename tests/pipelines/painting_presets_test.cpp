#include "pipelines/painting_presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "pipelines/stylize.h"
#include "samplers/sampler.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;

ModelConfig config_of(Variant variant) {
  ModelConfig config;
  config.variant = variant;
  return config;
}

TEST(PaintingPresets, AreCompleteInBothLanguages) {
  std::set<std::string> keys;
  for (const PaintingPreset& preset : painting_presets()) {
    EXPECT_TRUE(keys.insert(preset.key).second) << preset.key;
    EXPECT_FALSE(preset.name_en.empty());
    EXPECT_GE(preset.name_zh.size(), 6u) << preset.key;  // two characters
    EXPECT_FALSE(preset.negative_prompt.empty());
    EXPECT_NO_THROW(find_sampler("DPM++ 2M"));
    EXPECT_NO_THROW(resolve_sampler_name(preset.sampler, "")) << preset.key;
    if (!preset.pre_pass.empty()) {
      EXPECT_NO_THROW(parse_styles(preset.pre_pass)) << preset.key;
      EXPECT_GT(preset.pre_pass_strength, 0) << preset.key;
    }
  }
  EXPECT_GE(keys.size(), 12u);
}

TEST(PaintingPresets, AreFoundByEitherNameHoweverTyped) {
  EXPECT_EQ(find_preset("水墨").key, "ink-wash");
  EXPECT_EQ(find_preset("Ink Wash").key, "ink-wash");
  EXPECT_EQ(find_preset("INK_WASH").key, "ink-wash");
  try {
    find_preset("crayon");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NotFound);
    EXPECT_THAT(error.what(), HasSubstr("watercolour (水彩)"));
  }
}

TEST(PaintingPresets, PutThePromptInTheirMiddle) {
  Img2ImgRequest request;
  request.prompt = "a red fox";
  request.negative_prompt = "snow";
  const PaintingPreset& preset = find_preset("watercolour");
  const auto prompts = prompts_of(preset, config_of(Variant::Base), request);
  EXPECT_THAT(prompts.prompt, ::testing::StartsWith("watercolour painting of a red fox, loose"));
  EXPECT_THAT(prompts.negative_prompt, ::testing::StartsWith("snow, photo"));
  request.prompt.clear();
  EXPECT_THAT(prompts_of(preset, config_of(Variant::Base), request).prompt,
              ::testing::StartsWith("watercolour painting, loose"));
}

TEST(PaintingPresets, SpeakTheFewWordsOfOurOwnModel) {
  Img2ImgRequest request;
  request.prompt = "a red hoodie";
  const PaintingPreset& preset = find_preset("starry-night");
  const ModelConfig own = config_of(Variant::SourceConditioned);
  EXPECT_EQ(prompts_of(preset, own, request).prompt, "a red hoodie, starry night style");
  request.prompt.clear();
  EXPECT_EQ(prompts_of(preset, own, request).prompt, "starry night style");
  apply_settings(preset, own, request);
  EXPECT_EQ(request.strength, preset.strength);
  EXPECT_TRUE(request.sampler.empty());
  apply_settings(preset, config_of(Variant::Base), request);
  EXPECT_EQ(request.sampler, "DPM++ 2M Karras");
}

std::string refusal(const std::string& csv) {
  return testing::refusal(ErrorKind::CorruptFile, [&] { parse_presets(csv); });
}

TEST(PaintingPresets, RefuseADamagedTableByRow) {
  const std::string head =
      "key,name_en,name_zh,prompt,negative_prompt,strength,sampler,cfg,pre_pass,pre_pass_strength,"
      "own_prompt\n";
  EXPECT_THAT(refusal(""), HasSubstr("row 1: expected the columns"));
  EXPECT_THAT(refusal("a,b\n"), HasSubstr("row 1: expected the columns"));
  EXPECT_THAT(refusal(head + "a,b\n"), HasSubstr("row 2: has 2 fields, expected 11"));
  EXPECT_THAT(refusal(head + "a,b,c,{prompt},,2,,,,0,{prompt}\n"), HasSubstr("strength is '2'"));
  EXPECT_THAT(refusal(head + "a,b,c,{prompt},,0.5,,x,,0,{prompt}\n"), HasSubstr("cfg is 'x'"));
  EXPECT_THAT(refusal(head + "a,b,c,{prompt},,0.5,,,,,{prompt}\n"),
              HasSubstr("pre_pass_strength is ''"));
  EXPECT_THAT(refusal(head + "a,b,c,no place,,0.5,,,,0,{prompt}\n"), HasSubstr("no place"));
}

}  // namespace
}  // namespace pentimento
