// Line drawings out of photographs without a network, bright lines on black: what ControlNets for
// scribbles, line art and soft edges look at. All results have one channel.
#pragma once

#include "image/image.h"

namespace pentimento {

// Strokes where the picture is darker than its surroundings: the difference of Gaussians of 5 and
// 0.5 pixels, of the channel where it is least, above threshold / 2 (H. Winnemoeller et al.,
// "XDoG", 2012; ControlNet's scribble_xdog, but for its 8-bit overflow at differences above 127).
// threshold 1..64.
Image scribble_xdog(const Image& image, double threshold);

// Dark lines of a drawing on paper: how much darker than a Gaussian of 6 pixels, scaled so that the
// median of what is there becomes 127 (ControlNet's lineart_standard).
Image line_art(const Image& image);

// Soft edges: the gradient of the picture at scales of 1, 2 and 4 pixels, the strongest of each
// channel and scale, scaled so that the steepest hundredth is white. Stands in for the networks
// (HED, PiDiNet) that soft-edge ControlNets were trained with.
Image soft_edges(const Image& image);

// 255 where every channel is above the threshold (ControlNet's threshold); 0..255.
Image above_threshold(const Image& image, double threshold);
// 255 where some channel is below 127: black lines drawn on white (scribble from a drawing).
Image drawn_lines(const Image& image);

}  // namespace pentimento
