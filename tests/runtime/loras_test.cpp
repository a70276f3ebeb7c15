// LoRAs in the resident model: every layout of names, whole networks against PEFT.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "models/tiny_models.h"
#include "support/refusal.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::refusal;
using testing::TempDir;

TensorView single(float value) {
  auto owner = std::make_shared<std::vector<float>>(1, value);
  return {
      .dtype = DType::F32, .shape = {}, .bytes = std::as_bytes(std::span(*owner)), .owner = owner};
}

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

enum class Layout { Kohya, KohyaLdm, Peft, Diffusers, OldDiffusers, Comfy };

// The golden LoRA's tensors as that layout spells them.
TensorMap spelled(Layout layout) {
  const Golden golden("runtime_loras.safetensors");
  const NameTable names =
      unet_names(unet_layout_of_diffusers(testing::part(Golden("models_sd1.safetensors"), "unet")));
  TensorMap tensors;
  for (const auto& [key, view] : golden.file().tensors) {
    if (key.starts_with("expected.")) continue;
    const bool unet = key.starts_with("unet."), up = key.ends_with("/up");
    const std::string layer = key.substr(5, key.rfind('/') - 5);
    const auto kohya = [&](const std::string& path) {
      const std::string base = (unet ? "lora_unet_" : "lora_te_") + underscored(path);
      tensors.insert_or_assign(base + ".alpha", single(3));
      tensors.emplace(base + (up ? ".lora_up.weight" : ".lora_down.weight"), view);
    };
    const auto dotted = [&](const std::string& path, const char* up_name, const char* down_name) {
      tensors.insert_or_assign(path + ".alpha", single(3));
      tensors.emplace(path + (up ? up_name : down_name), view);
    };
    const std::string ldm = unet ? names.to_ldm(layer) : layer;
    switch (layout) {
      case Layout::Kohya:
        kohya(layer);
        break;
      case Layout::KohyaLdm:
        kohya(ldm);
        break;
      case Layout::Peft:
        dotted((unet ? "unet." : "text_encoder.") + layer, ".lora_B.weight", ".lora_A.weight");
        break;
      case Layout::Diffusers:
        dotted((unet ? "unet." : "text_encoder.") + layer, ".lora.up.weight", ".lora.down.weight");
        break;
      case Layout::OldDiffusers: {  // only attention had a LoRA then; the others as they came later
        std::string path = (unet ? "unet." : "text_encoder.") + layer;
        const size_t at =
            path.find(".attn1.") != std::string::npos ? path.find(".attn1.") : path.find(".attn2.");
        if (at == std::string::npos) {
          dotted(path, ".lora.up.weight", ".lora.down.weight");
          break;
        }
        path.insert(at + 6, ".processor");
        if (path.ends_with(".to_out.0")) path.resize(path.size() - 2);
        tensors.emplace(path + (up ? "_lora.up.weight" : "_lora.down.weight"), view);
        tensors.insert_or_assign(path + ".alpha", single(3));
        break;
      }
      case Layout::Comfy:
        dotted(unet ? "diffusion_model." + ldm : "text_encoders.clip_l.transformer." + layer,
               ".lora_up.weight", ".lora_down.weight");
        break;
    }
  }
  return tensors;
}

class Loras : public ::testing::Test {
 protected:
  TempDir dir;
  Runtime runtime{testing::f32_on_cpu()};
  const Golden sd1{"models_sd1.safetensors"}, expected{"runtime_loras.safetensors"};

  std::shared_ptr<const LoraFile> file(const TensorMap& tensors, const std::string& name = "one",
                                       const std::map<std::string, std::string>& metadata = {}) {
    const auto path = dir / (name + ".safetensors");
    write_safetensors(path, tensors, metadata);
    return open_lora(path, name, dir / "cache");
  }
  LoraUse use(Layout layout, float te = 0.5f, float unet = 0.8f) {
    return {file(spelled(layout)), te, unet};
  }
  Tensor hidden(StableDiffusion& model) {
    return model.encode_text(0, sd1.integers("text.tokens"), 1, {}).hidden;
  }
  Tensor prediction(StableDiffusion& model) {
    const Tensor prompt = testing::row(sd1.tensor("unet.prompts"), 0);
    const std::vector conditions{model.prepare({.context = prompt}, 8, 8, {})};
    return model.predict(sd1.tensor("unet.square.x"), 523.25, conditions, {})[0];
  }
  void expect_merged(StableDiffusion& model) {
    EXPECT_LT(testing::relative_error(hidden(model).data, expected.tensor("expected.hidden").data),
              1e-4);
    EXPECT_LT(testing::relative_error(prediction(model).data,
                                      expected.tensor("expected.prediction").data),
              1e-4);
  }
};

TEST_F(Loras, GiveWhatPeftGivesInEveryLayout) {
  const auto model = testing::load(runtime, testing::tiny_sd1());
  for (const Layout layout : {Layout::Kohya, Layout::KohyaLdm, Layout::Peft, Layout::Diffusers,
                              Layout::OldDiffusers, Layout::Comfy}) {
    SCOPED_TRACE(static_cast<int>(layout));
    model->use_loras({}, "tiny");
    const auto reports = model->use_loras({use(layout)}, "tiny");
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].applied, reports[0].modules) << reports[0].describe();
    EXPECT_GT(reports[0].modules, 80);
    expect_merged(*model);
  }
}

TEST_F(Loras, LeaveNoTraceWhenTheyGo) {
  const auto model = testing::load(runtime, testing::tiny_sd1());
  const std::vector<float> before = prediction(*model).data, text = hidden(*model).data;
  model->use_loras({use(Layout::Kohya)}, "tiny");
  EXPECT_GT(testing::relative_error(prediction(*model).data, before), 0.01);
  model->use_loras({}, "tiny");
  EXPECT_EQ(prediction(*model).data, before);
  EXPECT_EQ(hidden(*model).data, text);
}

TEST_F(Loras, KeepTheNetworksOfTheSetBefore) {
  const auto model = testing::load(runtime, testing::tiny_sd1());
  prediction(*model);
  model->use_loras({use(Layout::Kohya)}, "tiny");
  prediction(*model);
  const size_t compiled = model->compile_records().size();
  model->use_loras({}, "tiny");
  prediction(*model);
  model->use_loras({use(Layout::Kohya)}, "tiny");
  prediction(*model);
  EXPECT_EQ(model->compile_records().size(), compiled);
  // Another strength of the text encoder leaves the UNet's networks as they are.
  model->use_loras({use(Layout::Kohya, 0.1f)}, "tiny");
  prediction(*model);
  EXPECT_EQ(model->compile_records().size(), compiled);
}

TEST_F(Loras, AddUpInTheOrderTheyAreNamed) {
  const auto model = testing::load(runtime, testing::tiny_sd1());
  const auto lora = file(spelled(Layout::Kohya));
  model->use_loras({{lora, 0.25f, 0.5f}, {lora, 0.25f, 0.3f}}, "tiny");
  expect_merged(*model);
}

TEST_F(Loras, AreInTheDiskCacheBySet) {
  RuntimeOptions options = testing::f32_on_cpu();
  options.cache_dir = dir / "networks";
  const auto compiled_from_cache = [&](float unet) {
    Runtime cached(options);
    const auto model = StableDiffusion::load(cached, testing::tiny_sd1(), "tiny-1");
    model->use_loras({use(Layout::Kohya, 0.5f, unet)}, "tiny");
    prediction(*model);
    return model->compile_records().back().from_cache;
  };
  EXPECT_FALSE(compiled_from_cache(0.8f));
  EXPECT_TRUE(compiled_from_cache(0.8f));
  EXPECT_FALSE(compiled_from_cache(0.7f));
}

TEST_F(Loras, ReportWhatTheyCouldNotApply) {
  TensorMap tensors = spelled(Layout::Kohya);
  const TensorView up = tensors.begin()->second;
  tensors.emplace("lora_unet_no_such_layer.diff", up);
  const auto model = testing::load(runtime, testing::tiny_sd1());
  const auto reports = model->use_loras({{file(tensors), 0.5f, 0.8f}}, "tiny");
  EXPECT_EQ(reports[0].modules - reports[0].applied, 1);
  EXPECT_THAT(reports[0].describe(),
              HasSubstr("modules; not applied: lora_unet_no_such_layer: the model has no such"));
  expect_merged(*model);
}

TEST_F(Loras, OfAnotherFamilyAreRefusedNamingIt) {
  const auto model = testing::load(runtime, testing::tiny_sd1());
  const std::vector<float> before = prediction(*model).data;
  const TensorView some = expected.file().tensors.begin()->second;
  const auto with_base = [&](const char* claim) {
    return file(spelled(Layout::Kohya), "xl", {{"ss_base_model_version", claim}});
  };
  EXPECT_THAT(refusal([&] {
                model->use_loras({{with_base("sdxl_base_v1-0"), 1, 1}}, "tiny");
              }),
              HasSubstr("made for SDXL and the model tiny is SD 1.x; choose a model of SDXL"));
  EXPECT_THAT(
      refusal([&] {
        model->use_loras({{with_base("flux1"), 1, 1}}, "tiny");
      }),
      HasSubstr("made for Flux, which this program does not run; choose a LoRA for SD 1.x"));
  const auto nowhere = file({{"lora_unet_nowhere.diff", some}}, "none");
  EXPECT_THAT(refusal([&] {
                model->use_loras({{nowhere, 1, 1}}, "tiny");
              }),
              HasSubstr("none of the 1 modules of none.safetensors fits"));
  EXPECT_EQ(prediction(*model).data, before);  // the set before stays
}

}  // namespace
}  // namespace pentimento
