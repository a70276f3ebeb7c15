// Reference: transformers' CLIP, diffusers' IP-Adapters (tests/golden/models_image_prompts.py).
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/tiny_models.h"
#include "runtime/clip.h"
#include "runtime/ip_adapter.h"
#include "weights/checkpoint.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::relative_error;
using testing::row;
using testing::TempDir;

constexpr double kTolerance = 1e-4;

const Golden& golden() {
  static const Golden file("models_image_prompts.safetensors");
  return file;
}

ClipFile tiny_clip(Activation activation) {
  ClipFile clip{.path = "clip.safetensors",
                .vision = {.image_size = 28,
                           .patch_size = 7,
                           .hidden_size = 16,
                           .layers = 3,
                           .heads = 2,
                           .activation = activation,
                           .projection_dim = 12}};
  TextConfig text{.vocab_size = 40,
                  .hidden_size = 16,
                  .intermediate_size = 32,
                  .layers = 2,
                  .heads = 2,
                  .activation = activation,
                  .projection_dim = 12,
                  .bos_token = 38,
                  .eos_token = 39};
  clip.text = text;
  clip.vision_tensors = clip.text_tensors = testing::part(golden(), "clip");
  return clip;
}

// The adapter as a file of the published layout, opened.
IpAdapterFile adapter(const TempDir& folder, const std::string& name) {
  const auto path = folder / (name + ".safetensors");
  write_safetensors(path, testing::part(golden(), name), {});
  return open_ip_adapter(path);
}

// Of the first `count` of the fixture's two pictures.
std::vector<Tensor> features(IpAdapterFile::Kind kind, int count) {
  const bool plain = kind == IpAdapterFile::Kind::Plain;
  std::vector<Tensor> list;
  for (int i = 0; i < count; ++i)
    list.push_back(row(golden().tensor(plain ? "exact.embedding" : "exact.hidden"), i));
  return list;
}

Tensor side_by_side(const std::vector<Tensor>& tokens) {
  Tensor all({1, 0, tokens[0].dim(2)});
  for (const Tensor& part : tokens) {
    all.shape[1] += part.dim(1);
    all.data.insert(all.data.end(), part.data.begin(), part.data.end());
  }
  return all;
}

TEST(ClipVision, MatchesTransformersWithEitherActivation) {
  Runtime runtime(testing::f32_on_cpu());
  for (const auto& [activation, name] :
       {std::pair{Activation::QuickGelu, std::string("quick")}, {Activation::Gelu, "exact"}}) {
    const auto clip = Clip::load(runtime, tiny_clip(activation), "");
    const ImageFeatures found = clip->image(golden().tensor("picture"), {});
    EXPECT_EQ(found.hidden.shape, (Shape{1, 17, 16}));
    EXPECT_LE(
        relative_error(found.embedding.data, row(golden().tensor(name + ".embedding"), 0).data),
        kTolerance);
    EXPECT_LE(relative_error(found.hidden.data, row(golden().tensor(name + ".hidden"), 0).data),
              kTolerance);
  }
}

TEST(ClipVision, SeesAPictureTheSameWhateverItSawBefore) {
  Runtime runtime(testing::f32_on_cpu());
  const Tensor second({1, 3, 28, 28}, 0.4f);
  const auto fresh = Clip::load(runtime, tiny_clip(Activation::Gelu), "");
  const auto used = Clip::load(runtime, tiny_clip(Activation::Gelu), "");
  used->image(golden().tensor("picture"), {});
  EXPECT_EQ(used->image(second, {}).embedding.data, fresh->image(second, {}).embedding.data);
}

TEST(ClipText, EmbedsTextsInTheSpaceOfPictures) {
  Runtime runtime(testing::f32_on_cpu());
  const auto clip = Clip::load(runtime, tiny_clip(Activation::QuickGelu), "");
  ASSERT_TRUE(clip->reads_text());
  const Tensor found = clip->text(golden().integers("text.tokens"), {});
  EXPECT_EQ(found.shape, (Shape{2, 12}));
  EXPECT_LE(relative_error(found.data, golden().tensor("text.embedding").data), kTolerance);
}

TEST(Clip, RefusesOtherSizesAndTextsWithoutATextTower) {
  Runtime runtime(testing::f32_on_cpu());
  ClipFile file = tiny_clip(Activation::Gelu);
  file.text.reset();
  const auto clip = Clip::load(runtime, file, "");
  EXPECT_FALSE(clip->reads_text());
  EXPECT_THROW(clip->text(std::vector<int64_t>(77, 1), {}), Error);
  EXPECT_THROW(clip->image(Tensor({1, 3, 30, 28}), {}), Error);
  const auto reader = Clip::load(runtime, tiny_clip(Activation::Gelu), "");
  EXPECT_THROW(reader->text(std::vector<int64_t>(76, 1), {}), Error);
}

class IpAdapters : public ::testing::TestWithParam<std::string> {};

TEST_P(IpAdapters, SteerTheUnetAsDiffusersDoes) {
  const TempDir folder;
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, open_checkpoint(testing::golden_path("pipelines_sd1")));
  const auto ip = IpAdapter::load(runtime, adapter(folder, GetParam()), "", *model);
  EXPECT_STREQ(to_string(ip->kind()), GetParam().c_str());

  const Tensor prompt = golden().tensor("prompt"), x = golden().tensor("x");
  for (int count : {1, 2}) {
    const std::string key = GetParam() + ".";
    std::vector<Tensor> tokens;
    for (const Tensor& one : features(ip->kind(), count)) tokens.push_back(ip->tokens(one, {}));
    const Tensor all = side_by_side(tokens);
    const std::string suffix = "." + std::to_string(count);
    EXPECT_LE(relative_error(all.data, golden().tensor(GetParam() + ".tokens" + suffix).data),
              kTolerance);
    const std::vector<float> weights(ip->attentions().size(), 0.7f);
    const auto keys = ip->keys(all, {}, weights, {});
    const std::vector conditions{model->prepare({.context = prompt, .image = keys}, 8, 6, {})};
    const auto predictions = model->predict(x, 412, conditions, {});
    EXPECT_LE(relative_error(predictions[0].data,
                             golden().tensor(GetParam() + ".prediction" + suffix).data),
              kTolerance)
        << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, IpAdapters, ::testing::Values("plain", "plus", "full"),
                         [](const auto& info) { return info.param; });

TEST(IpAdapters, MakeTheSameTokensEveryTime) {
  const TempDir folder;
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, open_checkpoint(testing::golden_path("pipelines_sd1")));
  const IpAdapterFile half = adapter(folder, "plus");
  IpAdapterFile whole = half;
  for (auto& [name, view] : whole.projection) {
    auto values = std::make_shared<std::vector<float>>(view.to_f32());
    view = {.dtype = DType::F32,
            .shape = view.shape,
            .bytes = std::as_bytes(std::span(*values)),
            .owner = values};
  }
  for (const IpAdapterFile& file : {half, whole}) {
    const auto ip = IpAdapter::load(runtime, file, "", *model);
    const auto pictures = features(ip->kind(), 2);
    const Tensor first = ip->tokens(pictures[0], {});
    ip->tokens(pictures[1], {});
    EXPECT_EQ(ip->tokens(pictures[0], {}).data, first.data);
  }
}

TEST(IpAdapters, OfNoWeightLeaveThePlainPrediction) {
  const TempDir folder;
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, open_checkpoint(testing::golden_path("pipelines_sd1")));
  const auto ip = IpAdapter::load(runtime, adapter(folder, "plain"), "", *model);
  const Tensor tokens = ip->tokens(features(ip->kind(), 1)[0], {});
  const std::vector<float> none(ip->attentions().size(), 0.0f);
  const auto predict = [&](std::shared_ptr<const ImageKeys> keys) {
    const std::vector conditions{
        model->prepare({.context = golden().tensor("prompt"), .image = keys}, 8, 6, {})};
    return model->predict(golden().tensor("x"), 412, conditions, {})[0].data;
  };
  EXPECT_LE(relative_error(predict(nullptr), golden().tensor("none").data), kTolerance);
  EXPECT_LE(relative_error(predict(ip->keys(tokens, {}, none, {})), predict(nullptr)), 1e-5);
  const std::vector<float> no_token(4, 0.0f);
  EXPECT_LE(relative_error(predict(ip->keys(tokens, no_token, {}, {})), predict(nullptr)), 1e-5);
}

TEST(IpAdapters, CountTheMiddleLast) {
  const TempDir folder;
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, open_checkpoint(testing::golden_path("pipelines_sd1")));
  const auto ip = IpAdapter::load(runtime, adapter(folder, "plain"), "", *model);
  ASSERT_EQ(ip->attentions().size(), 4u);
  EXPECT_TRUE(ip->attentions().front().name.starts_with("down_blocks.0."));
  EXPECT_TRUE(ip->attentions().back().name.starts_with("mid_block."));
  EXPECT_TRUE(model->prompt_attentions()[1].name.starts_with("mid_block."));
}

TEST(IpAdapters, RefuseWhatDoesNotFit) {
  const TempDir folder;
  Runtime runtime(testing::f32_on_cpu());
  const auto model = testing::load(runtime, open_checkpoint(testing::golden_path("pipelines_sd1")));
  const auto refuses = [&](const std::string& named, const std::function<void()>& act) {
    try {
      act();
      ADD_FAILURE() << "nothing was refused: " << named;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
      EXPECT_NE(std::string(e.what()).find(named), std::string::npos) << e.what();
    }
  };
  const auto other = testing::load(runtime, testing::tiny_sdxl());
  refuses("IP-Adapter of the model's family",
          [&] { IpAdapter::load(runtime, adapter(folder, "plain"), "", *other); });
  const auto ip = IpAdapter::load(runtime, adapter(folder, "plus"), "", *model);
  refuses("hidden states of width 16", [&] { ip->tokens(Tensor({1, 12}), {}); });
  refuses("expected [1,T,8]", [&] { ip->keys(Tensor({1, 5, 9}), {}, {}, {}); });
  refuses("3 token weights, expected 5", [&] {
    ip->keys(Tensor({1, 5, 8}), std::vector<float>(3), {}, {});
  });
  refuses("3 attention weights, expected 4", [&] {
    ip->keys(Tensor({1, 5, 8}), {}, std::vector<float>(3), {});
  });
  const Tensor prompt = golden().tensor("prompt");
  refuses("as many for every condition", [&] {
    const std::vector conditions{
        model->prepare({.context = prompt}, 8, 6, {}),
        model->prepare({.context = prompt, .image = ip->keys(Tensor({1, 5, 8}), {}, {}, {})}, 8, 6,
                       {})};
    model->predict(golden().tensor("x"), 1, conditions, {});
  });
}

}  // namespace
}  // namespace pentimento
