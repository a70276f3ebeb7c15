#include "runtime/stylizer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"
#include "models/stylizer.h"
#include "openvino/runtime/properties.hpp"
#include "runtime/painting_tiles.h"
#include "runtime/runtime_impl.h"

namespace pentimento {
namespace {

using models::Moments;
using ModelPtr = std::shared_ptr<ov::Model>;

constexpr int kStyleSize_px = 256;  // what the style predictor looks at

int64_t pixels_of(const Image& image) { return int64_t{image.width} * image.height; }

void require_rgb(const Image& image, const char* what) {
  if (image.channels != 3 || image.empty())
    throw Error(ErrorKind::Internal, std::string(what) + " has " + std::to_string(image.channels) +
                                         " channels, the painting networks take RGB");
}

// The picture reduced to at most `limit` pixels, proportions kept.
Image reduced(const Image& image, int64_t limit) {
  if (pixels_of(image) <= limit) return image;
  const double scale =
      std::sqrt(static_cast<double>(limit) / static_cast<double>(pixels_of(image)));
  const auto edge = [scale](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return resize(image, edge(image.width), edge(image.height), Filter::Lanczos);
}

Image middle_square(const Image& image, int size) {
  const int side = std::min(image.width, image.height);
  const int left = (image.width - side) / 2, top = (image.height - side) / 2;
  return resize(crop(image, {left, top, left + side, top + side}), size, size, Filter::Lanczos);
}

// Weights of sum 1, one for each style of the network.
Tensor style_weights(std::span<const StyleShare> shares) {
  Tensor weights({static_cast<int64_t>(painting_styles().size())});
  double sum = 0;
  for (const StyleShare& share : shares) {
    if (share.id < 0 || share.id >= weights.dim(0))
      throw Error(ErrorKind::InvalidArgument, "style " + std::to_string(share.id) +
                                                  " does not exist, expected 0 to " +
                                                  std::to_string(weights.dim(0) - 1));
    if (!std::isfinite(share.weight) || share.weight < 0)
      throw Error(ErrorKind::InvalidArgument, "style " + std::to_string(share.id) + " has weight " +
                                                  std::to_string(share.weight) +
                                                  ", expected 0 or more");
    weights.data[static_cast<size_t>(share.id)] += share.weight;
    sum += static_cast<double>(share.weight);
  }
  if (!(sum > 0))
    throw Error(ErrorKind::InvalidArgument,
                "no style has a weight above 0; name at least one, such as starry-night");
  for (float& weight : weights.data) weight = static_cast<float>(static_cast<double>(weight) / sum);
  return weights;
}

}  // namespace

struct Stylizer::Impl {
  Impl(Runtime& r, std::filesystem::path a, StylizerLimits l)
      : runtime(r.impl()), assets(std::move(a)), limits(l) {}

  Runtime::Impl& runtime;
  std::filesystem::path assets;
  StylizerLimits limits;
  ModelPtr multistyle, predictor, transform;  // as read; each once it was asked for
  std::unique_ptr<Network> compiled_predictor;

  // The network compiled last: pictures of one size follow each other without compiling again.
  struct Compiled {
    const ov::Model* model = nullptr;
    int height = 0, width = 0;
    Moments moments = Moments::Own;
    std::unique_ptr<Network> network;
  } last;

  using Reader = ModelPtr (*)(const std::filesystem::path&);
  const ov::Model& once(ModelPtr& model, Reader reader, const char* file) {
    if (!model) model = reader(assets / file);
    return *model;
  }

  std::unique_ptr<Network> compile(const ModelPtr& model) {
    ov::AnyMap properties = runtime.properties();
    properties[ov::hint::inference_precision.name()] = ov::element::f32;
    // Else matrices with 8-bit weights get 8-bit activations too, behind the hint above.
    properties[ov::hint::execution_mode.name()] = ov::hint::ExecutionMode::ACCURACY;
    try {
      return std::make_unique<Network>(
          runtime.core.compile_model(model, runtime.options.device, properties));
    } catch (const ov::Exception& e) {
      throw Error(ErrorKind::Internal, "device " + runtime.options.device +
                                           " cannot run the painting network: " + e.what());
    }
  }

  Network& painter(const ov::Model& model, int height, int width, Moments moments) {
    if (!last.network || last.model != &model || last.height != height || last.width != width ||
        last.moments != moments) {
      last = {};  // its buffers go before the next one's come
      last = {&model, height, width, moments,
              compile(models::fitted_painter(model, height, width, moments))};
    }
    return *last.network;
  }

  // Image and style in, and computed.
  Network& run(const ov::Model& model, const Image& photo, const Cut& x, const Cut& y,
               const Tensor& style, Moments moments, const std::vector<Tensor>& given,
               const Progress& progress) {
    progress.cancel.throw_if_cancelled();
    Network& network = painter(model, y.end - y.begin, x.end - x.begin, moments);
    fill_planes(network.input("image"), photo, x, y);
    network.set("style", style);
    for (size_t i = 0; i < given.size(); ++i)
      if (const std::string name = "moment" + std::to_string(i); network.has_input(name))
        network.set(name, given[i]);
    network.run(progress);
    return network;
  }

  // Means and variances of every instance norm, over a reduced copy of the picture.
  std::vector<Tensor> moments_of(const ov::Model& model, const Image& photo, const Tensor& style,
                                 const Progress& progress) {
    const Image small = reduced(photo, limits.moments_pixels);
    const Cut x{0, padded_length(small.width), 0, small.width};
    const Cut y{0, padded_length(small.height), 0, small.height};
    const Network& network = run(model, small, x, y, style, Moments::Shown, {}, progress);
    std::vector<Tensor> moments(network.output_names().size() - 1);  // all but the painting
    for (size_t i = 0; i < moments.size(); ++i)
      moments[i] = network.output("moment" + std::to_string(i));
    return moments;
  }

  Image paint(const ov::Model& model, const Image& photo, const Tensor& style,
              const Progress& progress) {
    const auto start = std::chrono::steady_clock::now();
    const int width = padded_length(photo.width), height = padded_length(photo.height);
    const bool whole = int64_t{width} * height <= limits.whole_pixels;
    const int tile = whole ? std::max(width, height) : limits.tile_px;
    const std::vector<Cut> columns = cut_axis(width, tile, models::kPaintingMargin_px);
    const std::vector<Cut> rows = cut_axis(height, tile, models::kPaintingMargin_px);
    const int total = static_cast<int>(columns.size() * rows.size());
    const bool tiled = total > 1;

    progress.at("paint", 0, total);
    std::vector<Tensor> moments;
    if (tiled) moments = moments_of(model, photo, style, progress);
    Image painting(photo.width, photo.height, 3);
    int done = 0;
    for (const Cut& y : rows)
      for (const Cut& x : columns) {
        Network& network = run(model, photo, x, y, style, tiled ? Moments::Given : Moments::Own,
                               moments, progress);
        keep_planes(network.output("painting").data, painting, x, y);
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        progress.at("paint", ++done, total, passed.count());
      }
    if (tiled) last = {};
    return painting;
  }
};

Stylizer::Stylizer(Runtime& runtime, std::filesystem::path assets, StylizerLimits limits)
    : impl_(std::make_unique<Impl>(runtime, std::move(assets), limits)) {
  if (limits.tile_px < 256 || limits.moments_pixels < 1)
    throw Error(ErrorKind::Internal, "painting tiles need at least 256 pixels");
}

Stylizer::~Stylizer() = default;

Image Stylizer::paint(const Image& photo, std::span<const StyleShare> styles,
                      const Progress& progress) {
  require_rgb(photo, "the photo");
  const Tensor weights = style_weights(styles);
  const ov::Model& model =
      impl_->once(impl_->multistyle, models::read_multistyle, "multistyle26.onnx");
  return impl_->paint(model, photo, weights, progress);
}

Image Stylizer::paint_like(const Image& photo, const Image& style, const Progress& progress) {
  require_rgb(photo, "the photo");
  const std::vector<float> vector = style_vector(style, progress);
  const ov::Model& model =
      impl_->once(impl_->transform, models::read_style_transform, "arbitrary_transform.onnx");
  return impl_->paint(model, photo, Tensor({1, 1, 1, 100}, vector), progress);
}

std::vector<float> Stylizer::style_vector(const Image& style, const Progress& progress) {
  require_rgb(style, "the style picture");
  impl_->once(impl_->predictor, models::read_style_predictor, "arbitrary_predict.onnx");
  auto& network = impl_->compiled_predictor;
  if (!network) network = impl_->compile(impl_->predictor);
  const Image square = middle_square(style, kStyleSize_px);
  const Cut all{0, kStyleSize_px, 0, kStyleSize_px};
  fill_planes(network->input("image"), square, all, all);
  network->run(progress);
  return network->output("style").data;
}

}  // namespace pentimento
