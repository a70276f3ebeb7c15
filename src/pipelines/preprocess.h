// From a user's picture to the control picture a ControlNet looks at. Only preprocessors that need
// no network of their own; any picture made elsewhere (a depth map, a pose) goes in as it is.
// Names, thresholds and defaults are those of the ControlNet extension for AUTOMATIC1111.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/tensor.h"
#include "image/image.h"
#include "image/resize.h"

namespace pentimento {

enum class Preprocessor {
  None,       // the picture is a control picture already
  Canny,      // sharp edges
  SoftEdge,   // gradients at several scales
  LineArt,    // dark lines of a drawing
  Scribble,   // rough strokes out of a photograph
  Drawn,      // black strokes on white, as somebody drew them
  Threshold,  // what is bright
  Invert,     // black lines on white become white on black
  Tile,       // the picture itself, coarser by a factor: keeps what is where
  Inpaint,    // the picture, with what is to be painted marked
};

struct PreprocessorThreshold {
  const char* name = nullptr;  // "low threshold"; null: it has none
  double lowest = 0, highest = 0, usual = 0;
};

struct PreprocessorInfo {
  Preprocessor id = Preprocessor::None;
  const char* key = nullptr;           // "canny", for the command line
  const char* module = nullptr;        // A1111's module name
  const char* control_type = nullptr;  // A1111's control type that it belongs to
  PreprocessorThreshold a, b;
};
std::span<const PreprocessorInfo> preprocessors();
const PreprocessorInfo& info_of(Preprocessor preprocessor);
// By key or module name. Throws InvalidArgument listing the keys; for a module that needs a network
// of its own, saying so.
Preprocessor parse_preprocessor(const std::string& text);

struct PreprocessOptions {
  Preprocessor preprocessor = Preprocessor::None;
  double threshold_a = -1, threshold_b = -1;  // -1: the preprocessor's usual ones
};

// The control picture of `picture` at its own size: RGB. Thresholds outside the preprocessor's
// range are brought into it.
Image preprocess(const Image& picture, const PreprocessOptions& options);

// The same for a run of that size: the picture is brought to the size it will have first, so that
// lines stay crisp, then cut or padded as `mode` says (bars are black around lines, else continue
// the edge rows). mode Latent counts as Stretch.
Image control_picture(const Image& picture, const PreprocessOptions& options, int width, int height,
                      ResizeMode mode);

// [1,3,H,W], values 0..1. `repaint` (one channel, the picture's size; may be null) marks pixels
// above 127 with -1: what ControlNets for inpainting were trained to see.
Tensor control_tensor(const Image& picture, const Image* repaint);

}  // namespace pentimento
