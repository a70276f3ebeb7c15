#include "pipelines/pixels.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace pentimento {

Tensor picture_to_tensor(const Image& rgb) {
  if (rgb.channels != 3) throw Error(ErrorKind::Internal, "picture_to_tensor wants RGB");
  Tensor tensor({1, 3, rgb.height, rgb.width});
  const size_t plane = static_cast<size_t>(rgb.width) * static_cast<size_t>(rgb.height);
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c)
      tensor.data[c * plane + i] = static_cast<float>(rgb.pixels[i * 3 + c]) / 255.0f * 2.0f - 1.0f;
  return tensor;
}

Image tensor_to_picture(const Tensor& tensor) {
  Image image(static_cast<int>(tensor.dim(3)), static_cast<int>(tensor.dim(2)), 3);
  const size_t plane = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c) {
      const float value = tensor.data[c * plane + i];
      if (std::isnan(value))
        throw Error(ErrorKind::Internal,
                    "the model's picture is not a number: it overflowed in this precision; try "
                    "--precision f32, or another VAE file");
      image.pixels[i * 3 + c] =
          static_cast<uint8_t>(std::clamp((value + 1.0f) / 2.0f, 0.0f, 1.0f) * 255.0f);
    }
  return image;
}

Tensor resize_bilinear(const Tensor& latent, int height, int width) {
  const auto channels = static_cast<size_t>(latent.dim(0) * latent.dim(1));
  const auto source_height = static_cast<int>(latent.dim(2));
  const auto source_width = static_cast<int>(latent.dim(3));
  struct Tap {
    int low, high;
    float share;
  };
  const auto taps = [](int source, int target) {
    std::vector<Tap> list;
    const float scale = static_cast<float>(source) / static_cast<float>(target);
    for (int i = 0; i < target; ++i) {
      const float at = std::max(0.0f, (static_cast<float>(i) + 0.5f) * scale - 0.5f);
      const int low = std::min(static_cast<int>(at), source - 1);
      list.push_back({low, std::min(low + 1, source - 1), at - static_cast<float>(low)});
    }
    return list;
  };
  const auto rows = taps(source_height, height), columns = taps(source_width, width);
  Tensor result({latent.dim(0), latent.dim(1), height, width});
  float* out = result.data.data();
  for (size_t c = 0; c < channels; ++c) {
    const float* plane = latent.data.data() + c * static_cast<size_t>(source_height * source_width);
    for (const Tap& y : rows)
      for (const Tap& x : columns) {
        const float* low = plane + y.low * source_width;
        const float* high = plane + y.high * source_width;
        const float top = low[x.low] * (1 - x.share) + low[x.high] * x.share;
        const float bottom = high[x.low] * (1 - x.share) + high[x.high] * x.share;
        *out++ = top * (1 - y.share) + bottom * y.share;
      }
  }
  return result;
}

}  // namespace pentimento
