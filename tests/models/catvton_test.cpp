// Reference: CatVTON's change to the UNet restated in PyTorch (tests/golden/models_catvton.py).
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/tiny_models.h"
#include "support/refusal.h"
#include "weights/catvton_file.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::refusal;
using testing::says;
using testing::TempDir;

// The tiny model with nine input channels, as an SD 1.5 inpainting checkpoint.
Checkpoint inpainting() {
  Checkpoint model = open_checkpoint(testing::golden_path("pipelines_sd1"));
  for (const auto& [name, view] : testing::part(Golden("models_catvton.safetensors"), "unet"))
    model.unet[name] = view;
  model.config.unet.in_channels = 9;
  model.config.family = Family::SD1;
  model.config.variant = Variant::Inpaint;
  return model;
}

std::filesystem::path attention_file(const TempDir& folder, const std::string& name,
                                     const std::function<void(TensorMap&)>& change = {}) {
  TensorMap tensors = testing::part(Golden("models_catvton.safetensors"), "attention");
  if (change) change(tensors);
  write_safetensors(folder / name, tensors, {});
  return folder / name;
}

TEST(CatVton, PredictsAsItsRestatementDoes) {
  const Golden golden("models_catvton.safetensors");
  const TempDir folder;
  Checkpoint checkpoint = inpainting();
  put_into(checkpoint, open_catvton(attention_file(folder, "attention.safetensors")));
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, std::move(checkpoint));
  const std::vector conditions{model->prepare({.concat = golden.tensor("concat")}, 16, 6, {})};
  const auto predictions = model->predict(golden.tensor("x"), 611, conditions, {});
  EXPECT_LE(testing::relative_error(predictions[0].data, golden.tensor("prediction").data), 1e-4);
}

TEST(CatVton, ReadsStridesOfSevenAndAFolder) {
  const TempDir folder;
  const auto seven = attention_file(folder, "seven.safetensors", [](TensorMap& tensors) {
    TensorMap renumbered;
    for (const auto& [name, view] : tensors) {
      const size_t dot = name.find('.');
      renumbered[std::to_string(std::stoi(name.substr(0, dot)) / 8 * 7) + name.substr(dot)] = view;
    }
    tensors = renumbered;
  });
  EXPECT_EQ(open_catvton(seven).attentions, 4);
  std::filesystem::create_directories(folder / "mix" / "attention");
  std::filesystem::copy_file(seven, folder / "mix" / "attention" / "model.safetensors");
  EXPECT_EQ(open_catvton(folder / "mix").attentions, 4);
}

TEST(CatVton, RefusesOtherFilesAndOtherModels) {
  const TempDir folder;
  const auto without = attention_file(folder, "a.safetensors",
                                      [](TensorMap& tensors) { tensors.erase("8.to_k.weight"); });
  EXPECT_TRUE(says(refusal(ErrorKind::CorruptFile, [&] { open_catvton(without); }), "4 of 5"));
  const auto six = attention_file(folder, "b.safetensors", [](TensorMap& tensors) {
    for (const char* t :
         {"to_q.weight", "to_k.weight", "to_v.weight", "to_out.0.weight", "to_out.0.bias"})
      tensors.erase(std::string("8.") + t);
  });
  refusal(ErrorKind::CorruptFile, [&] { open_catvton(six); });
  const auto other = attention_file(folder, "c.safetensors", [](TensorMap& tensors) {
    tensors["lora_unet_x.lora_down.weight"] = tensors.begin()->second;
  });
  EXPECT_TRUE(says(refusal(ErrorKind::Unsupported, [&] { open_catvton(other); }), "a LoRA"));

  const CatVtonFile file = open_catvton(attention_file(folder, "d.safetensors"));
  Checkpoint plain = inpainting();
  plain.config.variant = Variant::Base;
  EXPECT_TRUE(says(refusal(ErrorKind::InvalidArgument, [&] { put_into(plain, file); }),
                   "inpainting checkpoint"));
  Checkpoint masked = inpainting();
  const CatVtonFile free = open_catvton(attention_file(folder, "CatVTON-MaskFree.safetensors"));
  EXPECT_TRUE(says(refusal(ErrorKind::InvalidArgument, [&] { put_into(masked, free); }),
                   "instruct-pix2pix"));
  const CatVtonFile fewer = open_catvton(attention_file(folder, "e.safetensors", [](TensorMap& t) {
    std::erase_if(t, [](const auto& item) { return item.first.starts_with("24."); });
  }));
  EXPECT_TRUE(says(refusal(ErrorKind::InvalidArgument, [&] { put_into(masked, fewer); }),
                   "for 3 self-attentions, the checkpoint has 4"));
  const CatVtonFile swapped =
      open_catvton(attention_file(folder, "f.safetensors", [](TensorMap& t) {
        std::swap(t["0.to_q.weight"], t["24.to_q.weight"]);
      }));
  EXPECT_TRUE(says(refusal(ErrorKind::InvalidArgument, [&] { put_into(masked, swapped); }),
                   "another width"));
}

}  // namespace
}  // namespace pentimento
