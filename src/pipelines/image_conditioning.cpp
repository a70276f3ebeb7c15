#include "pipelines/image_conditioning.h"

#include <algorithm>

namespace pentimento {
namespace {

// [1,a,h,w] and [1,b,h,w] -> [1,a+b,h,w].
Tensor join_channels(Tensor a, const Tensor& b) {
  a.data.insert(a.data.end(), b.data.begin(), b.data.end());
  a.shape[1] += b.shape[1];
  return a;
}

Tensor mask_or_ones(const Tensor* mask, int height, int width) {
  return mask ? *mask : Tensor({1, 1, height, width}, 1.0f);
}

// Mask, then the latent of the picture with grey where it will be repainted.
Tensor inpaint_channels(LoadedModel& model, const Tensor* picture, const Tensor* mask, int height,
                        int width, const Progress& progress) {
  const int factor = model.config().vae.scale_factor;
  Tensor masked =
      picture && mask ? *picture : Tensor({1, 3, height * factor, width * factor}, 0.0f);
  if (picture && mask) {
    const auto columns = static_cast<size_t>(width * factor);
    const size_t plane = columns * static_cast<size_t>(height * factor);
    for (size_t i = 0; i < plane; ++i) {
      const size_t y = i / columns / static_cast<size_t>(factor),
                   x = i % columns / static_cast<size_t>(factor);
      const float keep = 1.0f - mask->data[y * static_cast<size_t>(width) + x];
      for (size_t c = 0; c < 3; ++c) masked.data[c * plane + i] *= keep;
    }
  }
  return join_channels(mask_or_ones(mask, height, width), model.networks->encode(masked, progress));
}

// The source latent with zeros where it is hidden, then the mask. Without a mask a picture is
// wholly visible; without a picture everything is hidden.
Tensor source_channels(const Tensor* latent, const Tensor* mask, int channels, int height,
                       int width) {
  const Tensor hidden = mask ? *mask : Tensor({1, 1, height, width}, latent ? 0.0f : 1.0f);
  Tensor source = latent ? *latent : Tensor({1, channels, height, width});
  const size_t plane = hidden.size();
  for (size_t i = 0; i < source.size(); ++i) source.data[i] *= 1.0f - hidden.data[i % plane];
  return join_channels(std::move(source), hidden);
}

}  // namespace

Tensor image_conditioning(LoadedModel& model, const Tensor* picture, const Tensor* latent,
                          const Tensor* mask, int height, int width, const Progress& progress) {
  const ModelConfig& config = model.config();
  const int channels = config.vae.latent_channels;
  switch (config.variant) {
    case Variant::Base:
    case Variant::Refiner:
      return {};
    case Variant::Inpaint:
      return inpaint_channels(model, picture, mask, height, width, progress);
    case Variant::Edit: {  // the posterior mean, unscaled
      Tensor image = latent ? *latent : Tensor({1, channels, height, width});
      for (float& value : image.data)
        value = value / config.vae.scaling_factor + config.vae.shift_factor;
      return image;
    }
    case Variant::SourceConditioned:
      return source_channels(latent, mask, channels, height, width);
  }
  return {};
}

}  // namespace pentimento
