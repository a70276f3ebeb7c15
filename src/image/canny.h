// Canny's edge detector (J. Canny, "A Computational Approach to Edge Detection", 1986), pixel for
// pixel as OpenCV's cv2.Canny with a 3x3 Sobel and the L1 norm of the gradient.
#pragma once

#include "image/image.h"

namespace pentimento {

// 255 on edges, 0 elsewhere, one channel. A pixel is an edge when its gradient, of the channel
// where it is steepest, is a maximum across the edge and above `high`, or above `low` and connected
// to such a one. Thresholds 0..2040, |dx| + |dy| of the Sobel filters. 1 or 3 channels.
Image canny(const Image& image, double low, double high);

}  // namespace pentimento
