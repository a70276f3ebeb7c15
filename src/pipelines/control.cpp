#include "pipelines/control.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <span>
#include <sstream>

#include "base/error.h"
#include "base/sha256.h"
#include "pipelines/problems.h"

namespace pentimento {
namespace {

[[noreturn]] void refuse_unit(const std::string& what) {
  throw Error(ErrorKind::InvalidArgument, "control: " + what);
}

constexpr std::array kModes = {"balanced", "prompt", "control"};
constexpr std::array kModeLabels = {"Balanced", "My prompt is more important",
                                    "ControlNet is more important"};
constexpr std::array kResizeKeys = {"stretch", "crop", "fill"};
constexpr std::array kResizeLabels = {"Just Resize", "Crop and Resize", "Resize and Fill"};

double number(const std::string& key, const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end)
    refuse_unit(key + "=" + text + " is not a number; write for example " + key + "=0.8");
  return value;
}

ResizeMode parse_resize(const std::string& text) {
  for (size_t i = 0; i < kResizeKeys.size(); ++i)
    if (text == kResizeKeys[i]) return static_cast<ResizeMode>(i);
  refuse_unit("resize=" + text + " is not known, expected stretch, crop or fill");
}

constexpr std::array kKeys = {"image", "pre", "weight", "start", "end", "mode", "resize", "a", "b"};

// The key that a piece "key=value" sets, or none: then it is part of a name with a comma in it.
const char* key_of(const std::string& piece) {
  for (const char* key : kKeys)
    if (piece.starts_with(std::string(key) + "=")) return key;
  return nullptr;
}

void set_option(ControlUnit& unit, const std::string& key, const std::string& value) {
  if (key == "image") unit.picture = value;
  if (key == "pre") unit.preprocess.preprocessor = parse_preprocessor(value);
  if (key == "weight") unit.weight = number(key, value);
  if (key == "start") unit.start = number(key, value);
  if (key == "end") unit.end = number(key, value);
  if (key == "mode") unit.mode = parse_control_mode(value);
  if (key == "resize") unit.resize_mode = parse_resize(value);
  if (key == "a") unit.preprocess.threshold_a = number(key, value);
  if (key == "b") unit.preprocess.threshold_b = number(key, value);
}

// 255 where the picture is clear.
std::optional<Image> clear_parts(const Image& picture) {
  if (picture.channels != 4) return {};
  Image mask(picture.width, picture.height, 1);
  for (size_t i = 0; i < mask.pixels.size(); ++i)
    mask.pixels[i] = static_cast<uint8_t>(255 - picture.pixels[4 * i + 3]);
  return mask;
}

// Of a picture that shows the same as the whole one, what lies under the part.
Image matching_part(const Image& own, const PartOfPicture& part, ResizeMode mode) {
  double across = static_cast<double>(part.width) / own.width,
         down = static_cast<double>(part.height) / own.height;
  if (mode == ResizeMode::Crop) across = down = std::max(across, down);
  if (mode == ResizeMode::Fill) across = down = std::min(across, down);
  // Where the own picture's left upper corner lies in the whole one.
  const double left = (part.width - own.width * across) / 2,
               top = (part.height - own.height * down) / 2;
  const auto x = [&](int at) { return static_cast<int>(std::lround((at - left) / across)); };
  const auto y = [&](int at) { return static_cast<int>(std::lround((at - top) / down)); };
  Region region{x(part.region.left), y(part.region.top), x(part.region.right),
                y(part.region.bottom)};
  region.right = std::max(region.right, region.left + 1);
  region.bottom = std::max(region.bottom, region.top + 1);
  return crop(own, region);
}

// The control picture, found by the content of what it is made from.
Image map_of(const Image& picture, const PreprocessOptions& options, const Scene& scene,
             ResizeMode fit, Remembered* remembered) {
  const auto make = [&] {
    return control_picture(picture, options, scene.width, scene.height, fit);
  };
  if (!remembered) return make();
  std::ostringstream key;
  key << "control " << static_cast<int>(options.preprocessor) << " " << options.threshold_a << " "
      << options.threshold_b << " " << scene.width << "x" << scene.height << " "
      << static_cast<int>(fit) << " " << picture.width << "x" << picture.height << "x"
      << picture.channels << " " << sha256_hex(std::as_bytes(std::span(picture.pixels)));
  return *remembered->get<Image>(key.str(), make,
                                 [](const Image& image) { return image.pixels.size(); });
}

// What the network sees as unknown is shown to people as black.
void black_out(Image& rgb, const Image& mask) {
  for (size_t i = 0; i < mask.pixels.size(); ++i)
    if (mask.pixels[i] > 127)
      std::fill_n(rgb.pixels.begin() + 3 * static_cast<std::ptrdiff_t>(i), 3, uint8_t{0});
}

// As A1111 writes numbers: 1 is "1.0", 0.8 is "0.8".
std::string python_float(double value) {
  std::ostringstream text;
  text << value;
  return text.str().find_first_of(".e") == std::string::npos ? text.str() + ".0" : text.str();
}

}  // namespace

const char* to_string(ControlMode mode) { return kModes[static_cast<size_t>(mode)]; }

ControlMode parse_control_mode(const std::string& text) {
  for (size_t i = 0; i < kModes.size(); ++i)
    if (text == kModes[i] || text == kModeLabels[i] || text == std::to_string(i))
      return static_cast<ControlMode>(i);
  refuse_unit("mode '" + text + "' is not known, expected balanced, prompt or control");
}

ControlUnit parse_control_unit(const std::string& text) {
  ControlUnit unit;
  // The network's name ends at the first colon that options follow.
  size_t colon = text.find(':');
  while (colon != std::string::npos && !key_of(text.substr(colon + 1)))
    colon = text.find(':', colon + 1);
  unit.network = text.substr(0, colon);
  if (unit.network.empty()) refuse_unit("'" + text + "' names no ControlNet before its options");
  if (colon == std::string::npos) return unit;

  std::vector<std::string> options;
  std::istringstream rest(text.substr(colon + 1));
  for (std::string piece; std::getline(rest, piece, ',');) {
    if (key_of(piece) || options.empty())
      options.push_back(piece);
    else if (options.back().starts_with("image="))
      options.back() += "," + piece;
    else
      refuse_unit("'" + piece +
                  "' is not an option, expected image=, pre=, weight=, start=, end=, mode=, "
                  "resize=, a= or b=");
  }
  for (const std::string& option : options) {
    const std::string key = key_of(option);
    set_option(unit, key, option.substr(key.size() + 1));
  }
  return unit;
}

std::vector<std::string> problems_of(const ControlUnit& unit) {
  Problems problems;
  if (unit.network.empty()) problems.add("control: names no ControlNet");
  problems.range("control weight", unit.weight, 0.0, 2.0);
  problems.range("control start", unit.start, 0.0, 1.0);
  problems.range("control end", unit.end, 0.0, 1.0);
  if (unit.start > unit.end) problems.add("control start lies behind its end");
  if (unit.resize_mode == ResizeMode::Latent)
    problems.add("control resize mode is latent, expected stretch, crop or fill");
  return problems.take();
}

ReadyControl make_control(std::shared_ptr<ControlNet> network, const ControlUnit& unit,
                          const Image* own, const Scene& scene, Remembered* remembered) {
  refuse(problems_of(unit));
  if (!own && !scene.picture)
    refuse_unit("there is no picture to look at; name one with image=FILE");
  const bool whole = !own || !scene.part;
  const Image picture =
      !own ? *scene.picture : (whole ? *own : matching_part(*own, *scene.part, unit.resize_mode));
  const ResizeMode fit = own && whole ? unit.resize_mode : ResizeMode::Stretch;

  ReadyControl ready{.control = {.network = std::move(network),
                                 .picture = {},
                                 .weight = unit.weight,
                                 .start = unit.start,
                                 .end = unit.end,
                                 .mode = unit.mode},
                     .map = map_of(picture, unit.preprocess, scene, fit, remembered)};
  if (unit.preprocess.preprocessor != Preprocessor::Inpaint) {
    ready.control.picture = control_tensor(ready.map, nullptr);
    return ready;
  }
  std::optional<Image> repaint = clear_parts(picture);
  if (repaint)
    repaint = resize_image(*repaint, scene.width, scene.height, fit);
  else if (scene.repaint)
    repaint = *scene.repaint;
  else
    refuse_unit(
        "the preprocessor inpaint needs to know what is painted: use it in an inpaint job, or with "
        "a picture whose parts to paint are transparent");
  ready.control.picture = control_tensor(ready.map, &*repaint);
  black_out(ready.map, *repaint);
  return ready;
}

std::string describe_control(const ControlUnit& unit, const std::string& hash) {
  const PreprocessorInfo& info = info_of(unit.preprocess.preprocessor);
  std::string text = "Module: " + std::string(info.module) +
                     ", Model: " + std::filesystem::path(unit.network).stem().string() + " [" +
                     hash.substr(0, 10) + "], Weight: " + python_float(unit.weight) +
                     ", Resize Mode: " + kResizeLabels[static_cast<size_t>(unit.resize_mode)];
  const auto threshold = [&](const char* name, const PreprocessorThreshold& t, double value) {
    if (t.name)
      text += std::string(", ") + name + ": " +
              python_float(value >= 0 ? std::clamp(value, t.lowest, t.highest) : t.usual);
  };
  threshold("Threshold A", info.a, unit.preprocess.threshold_a);
  threshold("Threshold B", info.b, unit.preprocess.threshold_b);
  return text + ", Guidance Start: " + python_float(unit.start) +
         ", Guidance End: " + python_float(unit.end) +
         ", Pixel Perfect: True, Control Mode: " + kModeLabels[static_cast<size_t>(unit.mode)];
}

}  // namespace pentimento
