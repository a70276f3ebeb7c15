#include "text/extra_networks.h"

#include "text/testing.h"

namespace pentimento {
namespace {

using testing::golden_cases;
using ::testing::HasSubstr;
using testing::refusal;
using testing::repeat;

TEST(ExtraNetworks, MatchTheReferenceOnEveryPrompt) {
  for (const auto& row : golden_cases("text_prompts.safetensors", "tags")) {
    const CleanPrompt clean = extract_networks(row[0].get<std::string>());
    EXPECT_EQ(clean.text, row[1][0].get<std::string>()) << row[0];
    ASSERT_EQ(clean.networks.size(), row[1][1].size()) << row[0];
    for (size_t i = 0; i < clean.networks.size(); ++i) {
      const ExtraNetwork& network = clean.networks[i];
      nlohmann::json named = nlohmann::json::object();
      for (const auto& [key, value] : network.named) named[key] = value;
      EXPECT_EQ(nlohmann::json({network.type, network.name, network.args, named}), row[1][1][i])
          << row[0];
    }
  }
}

TEST(ExtraNetworks, KeepTheOrderOfTheirArguments) {
  const CleanPrompt clean = extract_networks("a <lora:style:te=0.5:0.8:unet=1:dyn=4> b");
  EXPECT_EQ(clean.text, "a  b");
  const ExtraNetwork expected{
      "lora", "style", {"0.8"}, {{"te", "0.5"}, {"unet", "1"}, {"dyn", "4"}}};
  EXPECT_EQ(clean.networks, std::vector{expected});
}

TEST(ExtraNetworks, RefuseInvalidUtf8) {
  EXPECT_THAT(refusal([] { extract_networks("<lora:\xff>"); }), HasSubstr("byte 6 "));
}

TEST(ExtraNetworks, AMegabyteTakesAMoment) {
  for (std::string_view unit : {"<", "<a:", "<a:>", "<a:b>", "<a:b=c:", "aaaa", "<aaaa"})
    EXPECT_LT(testing::seconds_of([&] { extract_networks(repeat(unit, (1 << 20) / unit.size())); }),
              20)
        << unit;
}

}  // namespace
}  // namespace pentimento
