#include "pipelines/blend.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "pipelines/blend_infotext.h"
#include "pipelines/pixels.h"
#include "pipelines/problems.h"
#include "pipelines/steering_cost.h"

namespace pentimento {
namespace {

constexpr size_t kFewest = 2, kMost = 5;

template <typename Choice, size_t N>
const char* name_of(const std::array<const char*, N>& names, Choice choice) {
  return names[static_cast<size_t>(choice)];
}

// --- image prompts -------------------------------------------------------------------------------

// What of CLIP's features the adapter reads.
const Tensor& read_by(const IpAdapter& adapter, const ImageFeatures& features) {
  return adapter.kind() == IpAdapterFile::Kind::Plain ? features.embedding : features.hidden;
}

void check_encoder(const BlendTools& tools) {
  const VisionConfig& vision = tools.clip->vision();
  const bool plain = tools.adapter->kind() == IpAdapterFile::Kind::Plain;
  const int width = plain ? vision.projection_dim : vision.hidden_size;
  if (width == tools.adapter->features()) return;
  throw Error(ErrorKind::InvalidArgument,
              "the image encoder gives features of width " + std::to_string(width) +
                  ", the IP-Adapter reads " + std::to_string(tools.adapter->features()) +
                  "; use the encoder it was made with (ViT-H/14 for nearly all, ViT-bigG/14 for "
                  "ip-adapter_sdxl and vit-G)");
}

// The weighted average, as if it were one picture.
Tensor average(const std::vector<Tensor>& features, std::span<const double> shares) {
  Tensor sum(features[0].shape);
  for (size_t i = 0; i < features.size(); ++i)
    for (size_t j = 0; j < sum.size(); ++j)
      sum.data[j] += static_cast<float>(shares[i]) * features[i].data[j];
  return sum;
}

Tensor side_by_side(const std::vector<Tensor>& tokens) {
  Tensor all = tokens[0];
  for (size_t i = 1; i < tokens.size(); ++i) {
    all.shape[1] += tokens[i].dim(1);
    all.data.insert(all.data.end(), tokens[i].data.begin(), tokens[i].data.end());
  }
  return all;
}

// What a branch without an image prompt reads: the plain kind an embedding of zeros, the others the
// hidden states of a picture of the mean colour (zeros once normalised).
Tensor no_picture(const BlendTools& tools, const Progress& progress) {
  if (tools.adapter->kind() == IpAdapterFile::Kind::Plain)
    return Tensor({1, tools.adapter->features()});
  const int64_t size = tools.clip->vision().image_size;
  return tools.clip->image(Tensor({1, 3, size, size}), progress).hidden;
}

// --- weight-free starts --------------------------------------------------------------------------

// From a (share 0) to b (share 1) along the sphere, their lengths mixed in proportion; nearly
// parallel ones straight.
Tensor slerp(const Tensor& a, const Tensor& b, double share) {
  const auto dot = [](const Tensor& x, const Tensor& y) {
    return std::inner_product(x.data.begin(), x.data.end(), y.data.begin(), 0.0);
  };
  const double length = std::sqrt(dot(a, a) * dot(b, b));
  const double cosine = length > 0 ? std::clamp(dot(a, b) / length, -1.0, 1.0) : 1.0;
  double of_a = 1 - share, of_b = share;
  if (std::abs(cosine) < 0.9995) {
    const double angle = std::acos(cosine);
    of_a = std::sin(of_a * angle) / std::sin(angle);
    of_b = std::sin(of_b * angle) / std::sin(angle);
  }
  Tensor mixed = a;
  for (size_t i = 0; i < mixed.size(); ++i)
    mixed.data[i] = static_cast<float>(of_a * double{a.data[i]} + of_b * double{b.data[i]});
  return mixed;
}

Image latents_blended(LoadedModel& model, const std::vector<double>& shares,
                      std::span<const InputImage> pictures, ResizeMode mode, int width, int height,
                      const Progress& progress) {
  Tensor blended;
  double total = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (shares[i] == 0) continue;
    const Image fitted = resize_image(to_rgb(pictures[i].image), width, height, mode);
    const Tensor latent = model.encode(picture_to_tensor(fitted), progress);
    total += shares[i];
    blended = blended.empty() ? latent : slerp(blended, latent, shares[i] / total);
  }
  return tensor_to_picture(model.networks->decode(blended, progress));
}

// A picture of another shape is cut, not squeezed, unless the user chose.
ResizeMode fitting(const BlendRequest& request) {
  const ResizeMode mode = request.image.resize_mode;
  return mode == ResizeMode::Fill ? mode : ResizeMode::Crop;
}

// The picture whose size and, but for image prompts, whose place the result takes.
const InputImage* leading(const BlendRequest& request, std::span<const InputImage> pictures) {
  if (request.method != BlendMethod::ImagePrompt) return &pictures[0];
  return request.start_from < 0 ? nullptr : &pictures[static_cast<size_t>(request.start_from)];
}

double compile_seconds(const BlendTools& tools) {
  double seconds = 0;
  for (const auto& record : tools.clip->compile_records()) seconds += record.seconds;
  for (const auto& record : tools.adapter->compile_records()) seconds += record.seconds;
  return seconds;
}

// The image prompt, made and timed.
ImagePrompt looked_at(const LoadedModel& model, const BlendTools& tools,
                      const BlendRequest& request, std::span<const InputImage> pictures,
                      Timings* timings, const Progress& progress) {
  const bool able = tools.clip && tools.adapter;
  const double compiled = able ? compile_seconds(tools) : 0;
  const auto began = std::chrono::steady_clock::now();
  ImagePrompt prompt = make_image_prompt(tools, model.config().family, request, pictures, progress);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  if (timings)
    timings->learn(look_key(*tools.clip, model), static_cast<double>(pictures.size()),
                   passed.count() - (compile_seconds(tools) - compiled));
  return prompt;
}

}  // namespace

const char* to_string(BlendMethod method) {
  return name_of(std::array{"image-prompt", "latents", "style"}, method);
}
const char* to_string(BlendMode mode) { return name_of(std::array{"merge", "mix"}, mode); }
const char* to_string(BlendFocus focus) {
  return name_of(std::array{"everything", "style", "layout"}, focus);
}

const char* to_string(PictureFit fit) { return name_of(std::array{"crop", "pad", "squash"}, fit); }

std::vector<std::string> problems_of(const BlendRequest& request, size_t pictures) {
  Problems problems(problems_of(request.image));
  if (pictures < kFewest || pictures > kMost)
    problems.add("pictures to blend: " + std::to_string(pictures) + ", expected 2 to 5");
  if (request.method == BlendMethod::Style && pictures != 2)
    problems.add("the method style takes two pictures, what is painted and how; found " +
                 std::to_string(pictures));
  if (!request.weights.empty() && request.weights.size() != pictures)
    problems.add(std::to_string(request.weights.size()) + " weights for " +
                 std::to_string(pictures) + " pictures, expected one each");
  double sum = 0;
  for (const double weight : request.weights) {
    problems.range("weight", weight, 0.0, 1e6);
    sum += weight;
  }
  if (!request.weights.empty() && !(sum > 0)) problems.add("all weights are 0");
  problems.range("scale", request.scale, 0.0, 2.0);
  problems.range("start_from", request.start_from, -1, static_cast<int>(pictures) - 1);
  return problems.take();
}

std::vector<double> shares_of(const BlendRequest& request, size_t pictures) {
  std::vector<double> shares = request.weights;
  if (shares.empty()) shares.assign(pictures, 1.0);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<float> attention_weights(const std::vector<PromptAttention>& attentions, Family family,
                                     BlendFocus focus, double scale) {
  std::vector<float> weights(attentions.size(), static_cast<float>(scale));
  if (focus == BlendFocus::Everything) return weights;
  const bool style = focus == BlendFocus::Style;
  constexpr size_t kSd1Attentions = 16;
  if (family == Family::SD1 && attentions.size() == kSd1Attentions) {
    // Layout is read in the first two attentions of the way up, and there mostly in the second.
    for (size_t i = 0; i < weights.size(); ++i) {
      const bool is_style = i <= 3 || (i >= 9 && i <= 15);
      const double layout = i == 4 ? 0.25 : (i == 5 ? 1.0 : 0.0);
      weights[i] = static_cast<float>(scale * (style ? (is_style ? 1.0 : 0.0) : layout));
    }
    return weights;
  }
  const std::string block = style ? "up_blocks.0.attentions.1." : "down_blocks.2.attentions.1.";
  if (family != Family::SDXL)
    throw Error(ErrorKind::Unsupported,
                "an image prompt for style or layout alone is known for SD 1.x and SDXL; use "
                "everything with this model");
  for (size_t i = 0; i < weights.size(); ++i)
    if (!attentions[i].name.starts_with(block)) weights[i] = 0;
  return weights;
}

ImagePrompt make_image_prompt(const BlendTools& tools, Family family, const BlendRequest& request,
                              std::span<const InputImage> pictures, const Progress& progress) {
  if (!tools.adapter || !tools.clip)
    throw Error(ErrorKind::NotFound,
                "blending by image prompt needs an IP-Adapter and its image encoder; without them "
                "use the method latents or style");
  check_encoder(tools);
  const std::vector<double> shares = shares_of(request, pictures.size());
  std::vector<Tensor> features;
  std::vector<double> counted;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (shares[i] == 0) continue;
    progress.at("look", static_cast<int>(i), static_cast<int>(pictures.size()));
    features.push_back(read_by(
        *tools.adapter, image_features(*tools.clip, pictures[i].image, request.fit, progress)));
    counted.push_back(shares[i]);
  }

  std::vector<Tensor> tokens;
  std::vector<float> token_weights;  // of Mix: 1 for pictures that weigh alike
  if (request.mode == BlendMode::Merge) features = {average(features, counted)};
  for (size_t i = 0; i < features.size(); ++i) {
    tokens.push_back(tools.adapter->tokens(features[i], progress));
    const double weight =
        features.size() == 1 ? 1.0 : counted[i] * static_cast<double>(features.size());
    token_weights.insert(token_weights.end(), static_cast<size_t>(tokens[i].dim(1)),
                         static_cast<float>(weight));
  }
  const Tensor none = tools.adapter->tokens(no_picture(tools, progress), progress);
  const std::vector<Tensor> nothing(tokens.size(), none);
  const std::vector<float> weights =
      attention_weights(tools.adapter->attentions(), family, request.focus, request.scale);
  return {.positive = tools.adapter->keys(side_by_side(tokens), token_weights, weights, progress),
          .negative = tools.adapter->keys(side_by_side(nothing), {}, weights, progress)};
}

Image blend_start(LoadedModel& model, const BlendTools& tools, const BlendRequest& request,
                  std::span<const InputImage> pictures, int width, int height,
                  const Progress& progress) {
  const ResizeMode mode = fitting(request);
  const auto fitted = [&](const InputImage& picture) {
    return resize_image(to_rgb(picture.image), width, height, mode);
  };
  switch (request.method) {
    case BlendMethod::ImagePrompt:
      if (const InputImage* start = leading(request, pictures)) return fitted(*start);
      return {};
    case BlendMethod::Latents:
      return latents_blended(model, shares_of(request, pictures.size()), pictures, mode, width,
                             height, progress);
    case BlendMethod::Style:
      break;
  }
  if (!tools.stylizer) throw Error(ErrorKind::Internal, "blending by style without a stylizer");
  const Image photo = fitted(pictures[0]);
  const Image painted = tools.stylizer->paint_like(photo, to_rgb(pictures[1].image), progress);
  // The second picture's share of the two is how far the painting goes: all the way at one half.
  const double share = std::min(1.0, 2 * shares_of(request, 2)[1]);
  Image start = photo;
  for (size_t i = 0; i < start.pixels.size(); ++i)
    start.pixels[i] = static_cast<uint8_t>(
        std::lround((1 - share) * photo.pixels[i] + share * painted.pixels[i]));
  return start;
}

Img2ImgPlan plan_blend(const LoadedModel& model, const BlendRequest& request,
                       std::span<const InputImage> pictures, uint64_t random_seed,
                       const Timings* timings) {
  refuse(problems_of(request, pictures.size()));
  return plan_img2img(model, request.image, leading(request, pictures), random_seed, timings);
}

std::vector<Img2ImgPicture> run_blend(LoadedModel& model, const BlendTools& tools,
                                      const BlendRequest& request, const Img2ImgPlan& plan,
                                      std::span<const InputImage> pictures,
                                      const Img2ImgOptions& options, const Progress& progress) {
  refuse(problems_of(request, pictures.size()));
  Img2ImgInputs inputs;
  Img2ImgOptions steered = options;
  InputImage start;
  if (request.method == BlendMethod::ImagePrompt)
    steered.steer = [&](const Scene& scene) {
      Steering steering = options.steer ? options.steer(scene) : Steering{};
      steering.image = looked_at(model, tools, request, pictures, options.timings, progress);
      return steering;
    };
  if (leading(request, pictures)) {
    start.image = blend_start(model, tools, request, pictures, plan.width, plan.height, progress);
    for (const InputImage& picture : pictures)
      start.name += (start.name.empty() ? "" : " + ") + picture.name;
    start.sha256 = leading(request, pictures)->sha256;
    inputs.picture = &start;
  }
  inputs.facts = blend_facts(request, tools, pictures);
  return run_img2img(model, request.image, plan, inputs, steered, progress);
}

}  // namespace pentimento
