// Networks that enlarge pictures (weights/upscaler_file.h says where they come from).
//   RRDBNet (https://arxiv.org/abs/1809.00219, https://arxiv.org/abs/2107.10833)
//     dense block  D(x) = x + 0.2 conv5([x, y1, y2, y3, y4]),  yk = lrelu(convk([x, y1 … yk-1]))
//     block        B(x) = x + 0.2 D3(D2(D1(x)))
//     f = conv_first(unshuffle(x));  f = f + conv_body(B…(B(f)))
//     f = lrelu(conv_up(nearest x2 (f))) for each doubling;  y = conv_last(lrelu(conv_hr(f)))
//   SRVGGNetCompact:  y = shuffle(conv(prelu(conv(… prelu(conv(x)))))) + nearest(x)
#pragma once

#include <memory>

#include "nn/weights.h"
#include "openvino/core/model.hpp"
#include "weights/upscaler_file.h"

namespace pentimento::models {

// The whole network: picture [1,3,height,width] RGB 0..1 -> enlarged [1,3,height s,width s] with
// s = config.scale, not clamped. height and width: multiples of config.unshuffle.
std::shared_ptr<ov::Model> upscaler(const nn::Weights& w, const UpscalerConfig& config,
                                    int64_t height, int64_t width);

// An RRDBNet in two parts, so that each is cut as suits it. Nearly all work is in the body, which
// sees far and is small in memory; the head sees two pixels far and is large.
// body: picture as above -> features [1,config.features,height/unshuffle,width/unshuffle]
std::shared_ptr<ov::Model> upscaler_body(const nn::Weights& w, const UpscalerConfig& config,
                                         int64_t height, int64_t width);
// head: features [1,config.features,height,width] -> enlarged, 2^doublings times as large
std::shared_ptr<ov::Model> upscaler_head(const nn::Weights& w, const UpscalerConfig& config,
                                         int64_t height, int64_t width);

// Beyond so many pixels of features from a cut the head does not notice it.
inline constexpr int kUpscalerHeadMargin_px = 4;

// How far from a cut the picture's edge still shows in a pixel of the result, in pixels of the
// picture, up to half a level of 255. Measured for RRDBNet (realesrgan-x4plus: at most 2.5 levels
// at 48, 0.8 at 64; -anime 0.8 at 48), exact for the compact networks.
int upscaler_margin(const UpscalerConfig& config);

}  // namespace pentimento::models
