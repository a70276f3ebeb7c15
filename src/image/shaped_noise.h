// Noise with the texture of a picture: what A1111's "Outpainting mk2" fills new borders with
// (webui-spec §3.2). White noise takes on the picture's spectrum and phase, and then exactly the
// colours of its known part: plausible clutter for a model that paints over it at a high strength.
// Limitations: it does not continue what is at the border; own window and generator, and colours
// are lent pixel by pixel in the order of brightness instead of channel by channel, which would
// make new ones; so not the bytes of the original script.
#pragma once

#include <span>

#include "image/image.h"

namespace pentimento {

struct ShapedNoiseOptions {
  double detail = 1;     // 0..4, exponent on the picture's spectrum: fewer details above 1
  double colour = 0.05;  // 0..1, share of the noise that differs from channel to channel
};

// `picture`: 1 or 3 channels, any size. `known`: one channel of that size, 255 = the picture's own,
// which stays. `draws`: (channels + 1) * width * height values of white noise. Throws
// InvalidArgument for sizes that do not agree or when nothing is known.
Image fill_with_shaped_noise(const Image& picture, const Image& known, std::span<const float> draws,
                             const ShapedNoiseOptions& options = {});

}  // namespace pentimento
