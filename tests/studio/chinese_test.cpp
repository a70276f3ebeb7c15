#include "studio/chinese.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pipelines/drape.h"
#include "support/golden.h"
#include "weights/identify.h"
#include "weights/lora_set.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using testing::golden_path;

bool has_han(const std::string& text) {
  // U+4E00..U+9FFF are written E4..E9 .. .. in UTF-8.
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xe4 && byte <= 0xe9;
  });
}

TEST(Chinese, KeepsWhatStandsInARemark) {
  EXPECT_EQ(in_chinese("predicts v_prediction, by its configuration"),
            "预测方式 v_prediction（由配置文件指定）");
  EXPECT_EQ(in_chinese("UNet: 8 norm groups, the most that fit its widths"),
            "UNet：归一化分 8 组（宽度允许的最大值）");
  EXPECT_EQ(in_chinese("a, b: applied 3 of 4 modules; not applied: x and 2 more"),
            "a, b：已应用 3 / 4 个模块；未应用：x 等（另有 2 个）");
}

TEST(Chinese, DoesNotKnowWhatIsNotInTheTable) {
  EXPECT_EQ(in_chinese(std::string()), "");
  EXPECT_EQ(in_chinese(std::string("predicts , by its configuration")), "");
  EXPECT_EQ(in_chinese(std::string("predicts v, by its configuration, or so")), "");
  EXPECT_EQ(in_chinese(std::string("model.safetensors: cut short")), "");
  EXPECT_THAT(all_in_chinese({"has no text encoder inside", "new"}),
              ElementsAre("不含文本编码器", "new"));
}

TEST(Chinese, KnowsWhatIsSaidOfModels) {
  for (const char* name : {"pipelines_sd1", "weights_tiny_vae.safetensors"}) {
    const ModelSummary summary = summarise(golden_path(name));
    for (const std::string& note : summary.notes) EXPECT_TRUE(has_han(in_chinese(note))) << note;
  }
}

TEST(Chinese, KnowsEveryKindThatCannotBeUsed) {
  for (const WeightKind kind :
       {WeightKind::Unet, WeightKind::TextEncoder, WeightKind::Hypernetwork, WeightKind::T2iAdapter,
        WeightKind::MotionModule, WeightKind::FaceRestorer, WeightKind::Flux,
        WeightKind::StableDiffusion3, WeightKind::OtherTransformer,
        WeightKind::OtherLatentDiffusion, WeightKind::Unknown}) {
    const std::string reason = std::string("is ") + kind_description(kind);
    EXPECT_TRUE(has_han(in_chinese(reason))) << reason;
  }
}

TEST(Chinese, KnowsWhatJobsNotice) {
  LoraReport report{.name = "ink", .applied = 3, .modules = 5, .left = {}};
  EXPECT_EQ(in_chinese(report.describe()), "ink：已应用 3 / 5 个模块");
  report.left = {"a"};
  EXPECT_EQ(in_chinese(report.describe()), "ink：已应用 3 / 5 个模块；未应用：a");
  report.left = {"a", "b"};
  EXPECT_TRUE(has_han(in_chinese(report.describe())));
  EXPECT_TRUE(has_han(in_chinese(std::string(kCatVtonLicence))));
}

}  // namespace
}  // namespace pentimento
