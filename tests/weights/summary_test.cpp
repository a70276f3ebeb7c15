#include "weights/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"

namespace pentimento {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::SpoiledFile;
using testing::TempDir;

TEST(ModelSummary, DescribesACheckpoint) {
  const ModelSummary summary = summarise(testing::golden_path("weights_sd1.safetensors"));
  EXPECT_TRUE(summary.readable);
  EXPECT_TRUE(summary.usable);
  EXPECT_EQ(summary.reason, "");
  EXPECT_EQ(summary.kind, "checkpoint");
  EXPECT_EQ(summary.family, "SD1");
  EXPECT_EQ(summary.variant, "base");
  EXPECT_EQ(summary.precision, "F16");
  EXPECT_GT(summary.parameters, 100'000);
  EXPECT_GT(summary.tensors, 300);
  EXPECT_TRUE(summary.metadata.contains("expected"));
  EXPECT_THAT(summary.notes,
              Contains(HasSubstr("1 tensors are not used, the first of them left.over")));
}

TEST(ModelSummary, DescribesAFolder) {
  const ModelSummary summary = summarise(testing::golden_path("weights_folder"));
  EXPECT_TRUE(summary.usable);
  EXPECT_EQ(summary.family, "SD2");
  EXPECT_GT(summary.parameters, 10'000);
  EXPECT_EQ(summary.precision, "F16");
}

TEST(ModelSummary, DescribesAVae) {
  const ModelSummary tiny = summarise(testing::source_path("assets/taef2/taef2_encoder.pth"));
  EXPECT_TRUE(tiny.usable) << tiny.reason;
  EXPECT_EQ(tiny.kind, "tiny_vae");
  EXPECT_THAT(tiny.notes, Contains(HasSubstr("32 latent channels, 8 times smaller")));
}

TEST(ModelSummary, SaysWhyAModelCannotBeUsed) {
  const ModelSummary bare = summarise(testing::golden_path("weights_pruned.safetensors"));
  EXPECT_TRUE(bare.readable);
  EXPECT_FALSE(bare.usable);
  EXPECT_THAT(bare.reason, HasSubstr("no text encoder"));
  TempDir dir;
  write_safetensors(
      dir / "l.safetensors",
      {{"lora_unet_double_blocks_0_x.lora_up.weight", testing::tensor_f32({2, 2}, {1, 2, 3, 4})}},
      {{"ss_v2", "True"}});
  const ModelSummary lora = summarise(dir / "l.safetensors");
  EXPECT_TRUE(lora.readable);
  EXPECT_FALSE(lora.usable);
  EXPECT_EQ(lora.kind, "lora");
  EXPECT_THAT(lora.reason, HasSubstr("is a LoRA for Flux, which this program does not run"));
  EXPECT_EQ(lora.metadata.at("ss_v2"), "True");
  EXPECT_EQ(lora.parameters, 4);
  SpoiledFile damaged("weights_sd1.safetensors");
  damaged.without("model.diffusion_model.out.2.").write(dir / "d.safetensors");
  const ModelSummary summary = summarise(dir / "d.safetensors");
  EXPECT_TRUE(summary.readable);
  EXPECT_FALSE(summary.usable);
  EXPECT_THAT(summary.reason, HasSubstr("lacks 2 tensors"));
}

TEST(ModelSummary, NeverThrowsForWhatIsInAFile) {
  TempDir dir;
  EXPECT_THAT(summarise(dir / "absent").reason, HasSubstr("no such file"));
  EXPECT_FALSE(summarise(dir.path()).readable);
  const std::string whole = testing::read_bytes(testing::golden_path("weights_sd1.safetensors"));
  std::string flipped = whole;
  for (size_t at = 0; at < 60'000; at += 997) {
    flipped[at] = static_cast<char>(flipped[at] ^ 0x15);
    testing::write_bytes(dir / "m.safetensors", flipped);
    const ModelSummary summary = summarise(dir / "m.safetensors");
    EXPECT_NE(summary.usable, !summary.reason.empty());
  }
}

}  // namespace
}  // namespace pentimento
