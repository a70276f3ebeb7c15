#include "pipelines/image_conditioning.h"

#include <algorithm>

#include "pipelines/harmonic_fill.h"

namespace pentimento {
namespace {

// [1,a,h,w] and [1,b,h,w] -> [1,a+b,h,w].
Tensor join_channels(Tensor a, const Tensor& b) {
  a.data.insert(a.data.end(), b.data.begin(), b.data.end());
  a.shape[1] += b.shape[1];
  return a;
}

// The mask at latent size. Inpainting checkpoints were shown every n-th pixel of it (torch's
// nearest); source-conditioned ones must not see a cell that holds any hidden pixel.
enum class Shrink { Nearest, AnyHidden };
Tensor mask_in_latent(const Tensor& mask, int height, int width, Shrink how) {
  const auto rows = static_cast<int>(mask.dim(2)), columns = static_cast<int>(mask.dim(3));
  Tensor result({1, 1, height, width});
  const auto at = [&](int y, int x) { return mask.data[static_cast<size_t>(y * columns + x)]; };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int top = y * rows / height, left = x * columns / width;
      float value = at(top, left);
      if (how == Shrink::AnyHidden)
        for (int j = top; j < (y + 1) * rows / height; ++j)
          for (int i = left; i < (x + 1) * columns / width; ++i) value = std::max(value, at(j, i));
      result.data[static_cast<size_t>(y * width + x)] = value;
    }
  return result;
}

// Mask, then the latent of the picture with grey where it is hidden.
Tensor inpaint_channels(LoadedModel& model, const Tensor* picture, const HiddenPart* hidden,
                        int height, int width, const Progress& progress) {
  const int factor = model.config().vae.scale_factor;
  if (!picture || !hidden) {
    const Tensor grey({1, 3, height * factor, width * factor}, 0.0f);
    return join_channels(Tensor({1, 1, height, width}, 1.0f), model.encode(grey, progress));
  }
  Tensor shown = *picture;
  const size_t plane = hidden->mask.size();
  const auto weight = static_cast<float>(hidden->weight);
  for (size_t i = 0; i < shown.size(); ++i)
    shown.data[i] *= 1.0f - weight * hidden->mask.data[i % plane];
  return join_channels(mask_in_latent(hidden->mask, height, width, Shrink::Nearest),
                       model.encode(shown, progress));
}

// A cell beside a hidden one still knows something of it, because the encoder looks around itself:
// it is hidden too. [1,1,h,w] of 0 and 1.
Tensor widened(const Tensor& hidden) {
  const auto rows = static_cast<int>(hidden.dim(2)), columns = static_cast<int>(hidden.dim(3));
  Tensor result = hidden;
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x)
      for (int j = std::max(0, y - 1); j <= std::min(rows - 1, y + 1); ++j)
        for (int i = std::max(0, x - 1); i <= std::min(columns - 1, x + 1); ++i) {
          float& value = result.data[static_cast<size_t>(y * columns + x)];
          value = std::max(value, hidden.data[static_cast<size_t>(j * columns + i)]);
        }
  return result;
}

// The source latent, continued where it is hidden, then the mask. Without a mask a picture is
// wholly visible; without a picture everything is hidden.
Tensor source_channels(const Tensor* latent, const HiddenPart* part, int channels, int height,
                       int width) {
  Tensor hidden({1, 1, height, width}, latent ? 0.0f : 1.0f);
  if (latent && part && part->weight >= 0.5) {
    hidden = mask_in_latent(part->mask, height, width, Shrink::AnyHidden);
    for (float& value : hidden.data)
      value = value >= 0.5f ? 1.0f : 0.0f;  // trained on nothing else
    hidden = widened(hidden);
  }
  Tensor source = latent ? *latent : Tensor({1, channels, height, width});
  return join_channels(harmonic_fill(std::move(source), hidden), hidden);
}

}  // namespace

Tensor image_conditioning(LoadedModel& model, const Tensor* picture, const Tensor* latent,
                          const HiddenPart* hidden, int height, int width,
                          const Progress& progress) {
  const ModelConfig& config = model.config();
  const int channels = config.vae.latent_channels;
  switch (config.variant) {
    case Variant::Base:
    case Variant::Refiner:
      return {};
    case Variant::Inpaint:
      return inpaint_channels(model, picture, hidden, height, width, progress);
    case Variant::Edit: {  // the posterior mean, unscaled
      Tensor image = latent ? *latent : Tensor({1, channels, height, width});
      for (float& value : image.data)
        value = value / config.vae.scaling_factor + config.vae.shift_factor;
      return image;
    }
    case Variant::SourceConditioned:
      return source_channels(latent, hidden, channels, height, width);
  }
  return {};
}

}  // namespace pentimento
