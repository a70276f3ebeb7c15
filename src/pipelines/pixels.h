// Between 8-bit pictures and the arrays the networks eat (webui-spec §1.3, §1.9).
#pragma once

#include "base/tensor.h"
#include "image/image.h"

namespace pentimento {

// RGB -> [1,3,H,W] in [-1,1].
Tensor picture_to_tensor(const Image& rgb);

// [1,3,H,W] -> RGB: clamp((x+1)/2, 0, 1) * 255, truncated as A1111 does. Throws Internal when the
// picture is not a number anywhere (an overflow in half precision), with what to do.
Image tensor_to_picture(const Tensor& tensor);

// One interpolation as torch's F.interpolate(mode="bilinear", align_corners=False,
// antialias=False).
Tensor resize_bilinear(const Tensor& latent, int height, int width);

}  // namespace pentimento
