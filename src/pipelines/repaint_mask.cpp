#include "pipelines/repaint_mask.h"

#include <algorithm>

namespace pentimento {

LatentMask sampler_mask(const RepaintMask& mask, const Tensor& init_latent) {
  const auto height = static_cast<int>(init_latent.dim(2)),
             width = static_cast<int>(init_latent.dim(3));
  const Tensor plane = latent_mask(mask.repaint, width, height, mask.rounding);
  LatentMask result{.repaint = {},
                    .init_latent = init_latent.data,
                    .rule = mask.rule,
                    .soft = mask.soft,
                    .channels = static_cast<int>(init_latent.dim(1))};
  for (int c = 0; c < result.channels; ++c)
    result.repaint.insert(result.repaint.end(), plane.data.begin(), plane.data.end());
  return result;
}

HiddenPart hidden_part(const RepaintMask& mask) {
  const Image& pixels = mask.hidden.empty() ? mask.repaint : mask.hidden;
  HiddenPart part{.mask = Tensor({1, 1, pixels.height, pixels.width}),
                  .weight = mask.hidden_weight};
  std::transform(pixels.pixels.begin(), pixels.pixels.end(), part.mask.data.begin(),
                 [&](uint8_t v) {
                   return mask.rounding == MaskRounding::Round ? (v >= 128 ? 1.0f : 0.0f)
                                                               : static_cast<float>(v) / 255.0f;
                 });
  return part;
}

Tensor with_content(Tensor encoded, const RepaintMask& mask, const Vec& noise) {
  if (mask.content == LatentContent::Picture) return encoded;
  const Vec repaint = sampler_mask(mask, encoded).repaint;
  for (size_t i = 0; i < encoded.size(); ++i) {
    const float under = mask.content == LatentContent::Noise ? noise[i] : 0.0f;
    encoded.data[i] = encoded.data[i] * (1 - repaint[i]) + under * repaint[i];
  }
  return encoded;
}

}  // namespace pentimento
