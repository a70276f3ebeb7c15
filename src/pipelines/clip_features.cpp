#include "pipelines/clip_features.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"
#include "text/tokenizer.h"

namespace pentimento {
namespace {

// The shorter edge to `size`, the longer in proportion (cut, not rounded, as torchvision does).
Image shorter_edge(const Image& rgb, int size) {
  const int shorter = std::min(rgb.width, rgb.height);
  const auto scaled = [&](int edge) {
    return static_cast<int>(static_cast<int64_t>(edge) * size / shorter);
  };
  return resize(rgb, scaled(rgb.width), scaled(rgb.height), Filter::Bicubic);
}

Image longer_edge(const Image& rgb, int size) {
  const int longer = std::max(rgb.width, rgb.height);
  const auto scaled = [&](int edge) {
    return std::max(1, static_cast<int>(static_cast<int64_t>(edge) * size / longer));
  };
  return resize(rgb, scaled(rgb.width), scaled(rgb.height), Filter::Bicubic);
}

Image middle(const Image& rgb, int size) {
  // Halves are rounded down for what is cut off, as transformers does, also for what is added.
  const auto start = [&](int edge) { return static_cast<int>(std::floor((edge - size) / 2.0)); };
  const int left = start(rgb.width), top = start(rgb.height);
  return crop(rgb, {left, top, left + size, top + size});
}

Image squared(const Image& rgb, int size, PictureFit fit) {
  switch (fit) {
    case PictureFit::Crop:
      return middle(shorter_edge(rgb, size), size);
    case PictureFit::Pad:
      return middle(longer_edge(rgb, size), size);
    case PictureFit::Squash:
      break;
  }
  return resize(rgb, size, size, Filter::Bicubic);
}

void normalise_rows(Tensor& rows) {
  const auto width = static_cast<std::ptrdiff_t>(rows.shape.back());
  for (auto row = rows.data.begin(); row != rows.data.end(); row += width) {
    double sum = 0;
    for (auto at = row; at != row + width; ++at) sum += double{*at} * *at;
    const auto length = static_cast<float>(std::sqrt(std::max(sum, 1e-24)));
    for (auto at = row; at != row + width; ++at) *at /= length;
  }
}

}  // namespace

Tensor clip_picture(const Image& picture, const VisionConfig& vision, PictureFit fit) {
  if (picture.empty()) throw Error(ErrorKind::InvalidArgument, "an empty picture");
  const int size = vision.image_size;
  const Image square = squared(to_rgb(picture), size, fit);
  Tensor tensor({1, 3, size, size});
  const size_t plane = square.pixels.size() / 3;
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c)
      tensor.data[c * plane + i] =
          (static_cast<float>(square.pixels[3 * i + c]) / 255.0f - vision.mean[c]) /
          vision.deviation[c];
  return tensor;
}

ImageFeatures image_features(Clip& clip, const Image& picture, PictureFit fit,
                             const Progress& progress) {
  return clip.image(clip_picture(picture, clip.vision(), fit), progress);
}

Tensor image_embedding(Clip& clip, const Image& picture, const Progress& progress) {
  Tensor embedding = image_features(clip, picture, PictureFit::Crop, progress).embedding;
  if (embedding.empty())
    throw Error(ErrorKind::Unsupported,
                "this image encoder has no projection, so its pictures cannot be compared; use a "
                "whole CLIP model");
  normalise_rows(embedding);
  return embedding;
}

Tensor text_embeddings(Clip& clip, const std::vector<std::string>& texts,
                       const Progress& progress) {
  constexpr size_t kLength = 77;
  const auto tokenizer = Tokenizer::clip();
  std::vector<int64_t> tokens;
  for (const std::string& text : texts) {
    const auto words = tokenizer->encode(text);
    const size_t count = std::min(words.size(), kLength - 2);
    tokens.push_back(tokenizer->bos());
    for (size_t i = 0; i < count; ++i) tokens.push_back(words[i]);
    tokens.resize(tokens.size() + kLength - 1 - count, tokenizer->eos());
  }
  Tensor embeddings = clip.text(tokens, progress);
  normalise_rows(embeddings);
  return embeddings;
}

}  // namespace pentimento
