#include "pipelines/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "image/canny.h"
#include "image/composite.h"
#include "image/lines.h"

namespace pentimento {
namespace {

using enum Preprocessor;

constexpr std::array kPreprocessors = {
    PreprocessorInfo{None, "none", "none", "All", {}, {}},
    PreprocessorInfo{Canny,
                     "canny",
                     "canny",
                     "Canny",
                     {"low threshold", 1, 255, 100},
                     {"high threshold", 1, 255, 200}},
    PreprocessorInfo{SoftEdge, "softedge", "softedge_gradient", "SoftEdge", {}, {}},
    PreprocessorInfo{LineArt, "lineart", "lineart_standard", "Lineart", {}, {}},
    PreprocessorInfo{
        Scribble, "scribble", "scribble_xdog", "Scribble", {"XDoG threshold", 1, 64, 32}, {}},
    PreprocessorInfo{Drawn, "drawn", "scribble_thr", "Scribble", {}, {}},
    PreprocessorInfo{
        Threshold, "threshold", "threshold", "All", {"binarization threshold", 0, 255, 127}, {}},
    PreprocessorInfo{Invert, "invert", "invert", "Lineart", {}, {}},
    PreprocessorInfo{Tile, "tile", "tile_resample", "Tile", {"down sampling rate", 1, 8, 1}, {}},
    PreprocessorInfo{Inpaint, "inpaint", "inpaint", "Inpaint", {}, {}},
};

// Other names for the same, from versions of the extension and its files.
struct Alias {
  const char* name;
  Preprocessor id;
};
constexpr std::array kAliases = {
    Alias{"None", None},
    Alias{"softedge", SoftEdge},
    Alias{"scribble_threshold", Drawn},
    Alias{"invert (from white bg & black line)", Invert},
    Alias{"lineart_standard (from white bg & black line)", LineArt},
    Alias{"inpaint_global_harmonious", Inpaint},
    Alias{"inpaint_only", Inpaint},
};

// Modules of the extension that are networks themselves.
constexpr std::array kNetworks = {
    "depth",   "openpose",   "dw_openpose", "hed",       "pidinet",   "mlsd",
    "normal",  "seg",        "lineart_",    "softedge_", "scribble_", "midas",
    "clip",    "ip-adapter", "mediapipe",   "densepose", "lama",      "inpaint_only+lama",
    "shuffle", "reference"};

double within(const PreprocessorThreshold& threshold, double value) {
  if (!threshold.name) return 0;
  if (!(value >= 0)) return threshold.usual;
  return std::clamp(value, threshold.lowest, threshold.highest);
}

Image inverted(Image image) {
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(255 - value);
  return image;
}

// Coarser by `factor`, at the same size.
Image coarse(const Image& image, double factor) {
  if (factor < 1.1) return image;
  const auto part = [&](int size) { return std::max(1, static_cast<int>(size / factor)); };
  return resize(resize(image, part(image.width), part(image.height), Filter::Box), image.width,
                image.height, Filter::Lanczos);
}

bool makes_lines(Preprocessor preprocessor) {
  return preprocessor != None && preprocessor != Tile && preprocessor != Inpaint;
}

}  // namespace

std::span<const PreprocessorInfo> preprocessors() { return kPreprocessors; }

const PreprocessorInfo& info_of(Preprocessor preprocessor) {
  return kPreprocessors[static_cast<size_t>(preprocessor)];
}

Preprocessor parse_preprocessor(const std::string& text) {
  for (const PreprocessorInfo& info : kPreprocessors)
    if (text == info.key || text == info.module) return info.id;
  for (const Alias& alias : kAliases)
    if (text == alias.name) return alias.id;
  std::string known;
  for (const PreprocessorInfo& info : kPreprocessors)
    known += (known.empty() ? "" : ", ") + std::string(info.key);
  for (const char* network : kNetworks)
    if (text.starts_with(network))
      throw Error(ErrorKind::Unsupported,
                  "preprocessor '" + text +
                      "' is a network of its own, which is not supported; make the control picture "
                      "elsewhere and use it with 'none', or choose one of " +
                      known);
  throw Error(ErrorKind::InvalidArgument,
              "preprocessor '" + text + "' is not known, expected one of " + known);
}

Image preprocess(const Image& picture, const PreprocessOptions& options) {
  const PreprocessorInfo& info = info_of(options.preprocessor);
  const double a = within(info.a, options.threshold_a), b = within(info.b, options.threshold_b);
  Image rgb = to_rgb(picture);
  switch (options.preprocessor) {
    case None:
    case Inpaint:
      return rgb;
    case Canny:
      return to_rgb(canny(rgb, a, b));
    case SoftEdge:
      return to_rgb(soft_edges(rgb));
    case LineArt:
      return to_rgb(line_art(rgb));
    case Scribble:
      return to_rgb(scribble_xdog(rgb, a));
    case Drawn:
      return to_rgb(drawn_lines(rgb));
    case Threshold:
      return to_rgb(above_threshold(rgb, a));
    case Invert:
      return inverted(rgb);
    case Tile:
      return coarse(rgb, a);
  }
  return rgb;
}

Image control_picture(const Image& picture, const PreprocessOptions& options, int width, int height,
                      ResizeMode mode) {
  Image rgb = to_rgb(picture);
  if (!makes_lines(options.preprocessor) || mode == ResizeMode::Stretch ||
      mode == ResizeMode::Latent)
    return preprocess(
        resize_image(rgb, width, height, mode == ResizeMode::Latent ? ResizeMode::Stretch : mode),
        options);
  // Lines are found on the whole picture at its final scale: what the frame cuts off or leaves
  // empty must not look like an edge.
  const double across = static_cast<double>(width) / rgb.width,
               down = static_cast<double>(height) / rgb.height;
  const double scale = mode == ResizeMode::Crop ? std::max(across, down) : std::min(across, down);
  const int w = std::max(1, static_cast<int>(std::lround(rgb.width * scale)));
  const int h = std::max(1, static_cast<int>(std::lround(rgb.height * scale)));
  const Image lines = preprocess(resize(rgb, w, h, Filter::Lanczos), options);
  const int left = (w - width) / 2, top = (h - height) / 2;
  return crop(lines, {left, top, left + width, top + height});
}

Tensor control_tensor(const Image& picture, const Image* repaint) {
  Image rgb = to_rgb(picture);
  if (repaint && (repaint->width != rgb.width || repaint->height != rgb.height))
    throw Error(ErrorKind::Internal, "a mask of another size than its control picture");
  Tensor tensor({1, 3, rgb.height, rgb.width});
  const size_t plane = rgb.pixels.size() / 3;
  for (size_t i = 0; i < plane; ++i)
    for (size_t c = 0; c < 3; ++c)
      tensor.data[c * plane + i] = repaint && repaint->pixels[i] > 127
                                       ? -1.0f
                                       : static_cast<float>(rgb.pixels[3 * i + c]) / 255.0f;
  return tensor;
}

}  // namespace pentimento
