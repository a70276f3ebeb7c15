#include "pipelines/stylize.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"

namespace pentimento {
namespace {

constexpr int kLargestSize_px = 32'768;
constexpr int kSmallestSize_px = 32;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::InvalidArgument, message);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// "Starry Night", "starry_night" -> "starry-night"
std::string as_key(std::string_view text) {
  std::string key;
  for (char c : trimmed(text)) {
    if (c == ' ' || c == '_') c = '-';
    key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return key;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// Levenshtein's distance: insertions, deletions and replacements from `a` to `b`, or to whichever
// part of `b` is nearest.
enum class Whole { Yes, AnyPart };
size_t distance(std::string_view a, std::string_view b, Whole whole) {
  std::vector<size_t> row(b.size() + 1);
  if (whole == Whole::Yes) std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return whole == Whole::Yes ? row.back() : *std::min_element(row.begin(), row.end());
}

// "stary" means starry-night though "ember" is fewer letters away.
const PaintingStyle& nearest_style(const std::string& key) {
  const auto styles = painting_styles();
  const auto far = [&key](const PaintingStyle& style) {
    return std::pair(distance(key, style.key, Whole::AnyPart),
                     distance(key, style.key, Whole::Yes));
  };
  return *std::min_element(styles.begin(), styles.end(),
                           [&](const auto& a, const auto& b) { return far(a) < far(b); });
}

// The colour channels as they are, alpha left out.
Image straight_rgb(const Image& image) {
  if (image.channels != 4) return to_rgb(image);
  Image rgb(image.width, image.height, 3);
  for (size_t i = 0; i < rgb.pixels.size() / 3; ++i)
    std::copy_n(&image.pixels[i * 4], 3, &rgb.pixels[i * 3]);
  return rgb;
}

Image alpha_of(const Image& rgba) {
  Image alpha(rgba.width, rgba.height, 1);
  for (size_t i = 0; i < alpha.pixels.size(); ++i) alpha.pixels[i] = rgba.pixels[i * 4 + 3];
  return alpha;
}

uint8_t to_byte(double value) { return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5); }

// Luma of BT.601, JPEG's Y.
double luma(const uint8_t* rgb) { return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; }

// The painting's Y with the photo's Cb and Cr. Colours of equal Cb and Cr differ by the same amount
// in R, G and B, so this is the photo moved by the difference of the lumas.
Image with_colours_of(const Image& photo, const Image& painting) {
  Image result(photo.width, photo.height, 3);
  for (size_t i = 0; i < result.pixels.size(); i += 3) {
    const double shift = luma(&painting.pixels[i]) - luma(&photo.pixels[i]);
    for (size_t c = 0; c < 3; ++c) result.pixels[i + c] = to_byte(photo.pixels[i + c] + shift);
  }
  return result;
}

Image mixed(const Image& photo, const Image& painting, double strength) {
  if (strength == 1) return painting;
  Image result(photo.width, photo.height, 3);
  for (size_t i = 0; i < result.pixels.size(); ++i)
    result.pixels[i] = to_byte(photo.pixels[i] + strength * (painting.pixels[i] - photo.pixels[i]));
  return result;
}

}  // namespace

const PaintingStyle& find_style(const std::string& text) {
  const auto styles = painting_styles();
  const std::string key = as_key(text);
  if (const auto id = number<int>(key)) {
    if (*id >= 0 && static_cast<size_t>(*id) < styles.size())
      return styles[static_cast<size_t>(*id)];
    refuse("style " + key + " does not exist, expected 0 to " + std::to_string(styles.size() - 1) +
           " or a name such as starry-night");
  }
  for (const PaintingStyle& style : styles)
    if (key == style.key || key == as_key(style.name_en) || key == style.name_zh) return style;
  refuse("style '" + text + "' is not known; did you mean " + nearest_style(key).key + "?");
}

std::vector<StyleShare> parse_styles(const std::string& text) {
  std::vector<StyleShare> shares;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view part = trimmed(rest.substr(0, comma));
    if (more) rest.remove_prefix(comma + 1);
    const auto colon = part.find(':');
    const std::string name(trimmed(part.substr(0, colon)));
    if (name.empty())
      refuse("style '" + text +
             "' names no style before a comma or at its end, expected the like of " +
             "starry-night or 3:0.5,12:0.5");
    StyleShare share{find_style(name).id, 1};
    if (colon != std::string_view::npos) {
      const std::string_view weight = trimmed(part.substr(colon + 1));
      const auto value = number<float>(weight);
      if (!value || !std::isfinite(*value) || *value < 0)
        refuse("style '" + std::string(part) + "' has weight '" + std::string(weight) +
               "', expected a number of 0 or more");
      share.weight = *value;
    }
    shares.push_back(share);
  }
  return shares;
}

std::string describe_styles(const std::vector<StyleShare>& styles) {
  std::vector<double> weights(painting_styles().size());
  double sum = 0;
  for (const StyleShare& share : styles) {
    weights.at(static_cast<size_t>(share.id)) += static_cast<double>(share.weight);
    sum += static_cast<double>(share.weight);
  }
  std::string text;
  for (const PaintingStyle& style : painting_styles()) {
    const double weight = weights[static_cast<size_t>(style.id)] / sum;
    if (!(weight > 0)) continue;
    if (weight == 1) return style.key;
    char share[32];
    std::snprintf(share, sizeof share, ":%.4g", weight);
    text += (text.empty() ? "" : ",") + style.key + share;
  }
  return text;
}

std::vector<std::string> problems_of(const StylizeRequest& request) {
  std::vector<std::string> problems;
  const int count = static_cast<int>(painting_styles().size());
  float sum = 0;
  for (const StyleShare& share : request.styles) {
    if (share.id < 0 || share.id >= count)
      problems.push_back("styles: " + std::to_string(share.id) + " does not exist, expected 0 to " +
                         std::to_string(count - 1));
    else if (!std::isfinite(share.weight) || share.weight < 0)
      problems.push_back("styles: " + painting_styles()[static_cast<size_t>(share.id)].key +
                         " has weight " + std::to_string(share.weight) + ", expected 0 or more");
    else
      sum += share.weight;
  }
  if (request.style_image && !request.styles.empty())
    problems.push_back("styles: a style picture is given too; keep one of the two");
  else if (request.style_image && request.style_image->empty())
    problems.push_back("style_image: the picture is empty");
  else if (!request.style_image && problems.empty() && !(sum > 0))
    problems.push_back("styles: none has a weight above 0; name one, such as starry-night");
  if (!(request.strength >= 0 && request.strength <= 1))
    problems.push_back("strength: " + std::to_string(request.strength) + ", expected 0 to 1");
  if (request.max_size_px != 0 &&
      (request.max_size_px < kSmallestSize_px || request.max_size_px > kLargestSize_px))
    problems.push_back("max_size: " + std::to_string(request.max_size_px) + ", expected 0 or " +
                       std::to_string(kSmallestSize_px) + " to " + std::to_string(kLargestSize_px));
  return problems;
}

std::pair<int, int> stylized_size(const StylizeRequest& request, int width, int height) {
  const int longer = std::max(width, height);
  if (request.max_size_px == 0 || longer <= request.max_size_px) return {width, height};
  const double scale = static_cast<double>(request.max_size_px) / longer;
  const auto edge = [scale](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return {edge(width), edge(height)};
}

Image stylize(Stylizer& stylizer, const StylizeRequest& request, const Image& photo,
              const Progress& progress) {
  if (const auto problems = problems_of(request); !problems.empty()) {
    std::string all;
    for (const std::string& problem : problems) all += (all.empty() ? "" : "; ") + problem;
    refuse(all);
  }
  if (photo.empty()) refuse("the photo is empty");

  const auto [width, height] = stylized_size(request, photo.width, photo.height);
  const bool fits = width == photo.width && height == photo.height;
  Image base = fits ? photo : resize(photo, width, height, Filter::Lanczos);
  if (request.strength == 0) return base;

  // The network sees a transparent picture on white, as a person would on paper.
  const Image seen = to_rgb(base);
  Image painting = request.style_image
                       ? stylizer.paint_like(seen, to_rgb(*request.style_image), progress)
                       : stylizer.paint(seen, request.styles, progress);
  const Image colours = straight_rgb(base);
  if (request.keep_colour) painting = with_colours_of(colours, painting);
  painting = mixed(colours, painting, request.strength);
  return base.channels == 4 ? with_alpha(painting, alpha_of(base)) : painting;
}

}  // namespace pentimento
