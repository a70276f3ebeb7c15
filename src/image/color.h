// Giving one picture the colours of another.
#pragma once

#include "image/image.h"

namespace pentimento {

// A1111's colour correction (webui-spec §2.8): histograms matched channel by channel in LAB, then
// a luminosity blend that keeps the light and shade of `image`. Both RGB; sizes may differ.
Image match_colors(const Image& image, const Image& target);

// Shifts and stretches each channel of `image` so that its mean and spread, measured only where
// `where` is not 0, become those of `target`: takes out the colour shift of an autoencoder,
// measured on the untouched ring around a repainted region. The stretch is held between 0.8
// and 1.25, and with fewer than 64 pixels to measure the picture comes back unchanged. One size,
// RGB; `where` has one channel.
Image match_tone(const Image& image, const Image& target, const Image& where);

}  // namespace pentimento
