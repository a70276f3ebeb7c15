#include "text/infotext_compat.h"

#include "text/testing.h"

namespace pentimento {
namespace {

using testing::golden_cases;
using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(InfotextCompat, UpgradesAsTheReferenceDoes) {
  for (const auto& row : golden_cases("text_infotext.safetensors", "upgrades")) {
    Infotext info{row[0], "", row[1].get<Fields>()};
    upgrade_infotext(info);
    EXPECT_EQ(info.prompt, row[2].get<std::string>()) << row;
    EXPECT_EQ(info.fields, row[3].get<Fields>()) << row;
  }
}

TEST(InfotextCompat, AddsTheMeaningOfAbsentFields) {
  Infotext info;
  add_infotext_defaults(info);
  const std::pair<const char*, const char*> expected[] = {
      {"Clip skip", "1"},
      {"Hires resize", "0x0"},
      {"Hires prompt", ""},
      {"Hires sampler", "Use same sampler"},
      {"Mask mode", "Inpaint masked"},
      {"Masked content", "original"},
      {"Inpaint area", "Whole picture"},
      {"Masked area padding", "32"},
      {"RNG", "GPU"},
      {"Schedule type", "Automatic"},
      {"Schedule rho", "0"},
      {"VAE Encoder", "Full"},
      {"FP8 weight", "Disable"},
      {"Refiner switch by sampling steps", "False"},
      {"Hires schedule type", "Use same scheduler"},
      {"Hires checkpoint", "Use same checkpoint"},
      {"Hires negative prompt", ""},
      {"Schedule max sigma", "0"},
      {"Schedule min sigma", "0"},
      {"VAE Decoder", "Full"}};
  for (const auto& [key, value] : expected) EXPECT_EQ(info.get(key), value) << key;
  EXPECT_EQ(info.fields.size(), std::size(expected));
}

TEST(InfotextCompat, LeavesFieldsThatAreThere) {
  Infotext info{"", "", {{"Clip skip", "2"}, {"RNG", "CPU"}, {"FP8 weight", "Enable"}}};
  add_infotext_defaults(info);
  EXPECT_EQ(info.get("Clip skip"), "2");
  EXPECT_EQ(info.get("RNG"), "CPU");
  EXPECT_EQ(info.get("Cache FP16 weight for LoRA"), "False");
}

TEST(InfotextCompat, SaysHowEmphasisWasMeantOnlyWhereItIsUsed) {
  const auto emphasis = [](const char* prompt, const char* negative) {
    Infotext info{prompt, negative, {}};
    add_infotext_defaults(info);
    return info.get("Emphasis");
  };
  EXPECT_EQ(emphasis("a cat BREAK a dog", "b"), std::nullopt);
  EXPECT_EQ(emphasis("a (cat)", ""), "Original");
  EXPECT_EQ(emphasis("a", "[b]"), "Original");
  EXPECT_EQ(emphasis("(a:1.2.3)", ""), "Original");
}

TEST(InfotextCompat, SplitsOldSamplerNames) {
  const auto split = [](const char* sampler, const char* schedule = "Automatic") {
    const SamplerName name = split_sampler_name(sampler, schedule);
    return name.sampler + "|" + name.schedule;
  };
  EXPECT_EQ(split("DPM++ 2M Karras"), "DPM++ 2M|Karras");
  EXPECT_EQ(split("DPM++ 2M SDE Heun Exponential"), "DPM++ 2M SDE Heun|Exponential");
  EXPECT_EQ(split("Euler a"), "Euler a|Automatic");
  EXPECT_EQ(split("Euler", "karras"), "Euler|Karras");
  EXPECT_EQ(split("Euler", "SGMUniform"), "Euler|SGM Uniform");
  EXPECT_EQ(split("Euler", "unheard of"), "Euler|Automatic");
  EXPECT_EQ(split("Euler Karras", "Exponential"), "Euler|Karras");
  EXPECT_EQ(split("Euler SGM Uniform"), "Euler|SGM Uniform");
  EXPECT_EQ(split("Euler sgm_uniform"), "Euler|SGM Uniform");
  EXPECT_EQ(split("Euler Uniform"), "Euler|Uniform");
  EXPECT_EQ(split("DDIM"), "DDIM|Automatic");
  EXPECT_EQ(split("DPM2 a Karras"), "DPM2 a|Karras");
  EXPECT_EQ(split("Karras"), "Karras|Automatic");
  EXPECT_EQ(split(""), "|Automatic");
}

}  // namespace
}  // namespace pentimento
