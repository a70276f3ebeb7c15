#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "image/codec.h"
#include "image/exif.h"
#include "image/gif_comment.h"
#include "image/picture_format.h"
#include "image/png_text.h"
#include "image/vips.h"

namespace pentimento {
namespace {

// A progressive JPEG of a few kilobytes can ask for thousands of passes over a huge picture;
// encoders write about ten.
constexpr int kMaxJpegScans = 100;

// Colours this close to sRGB are sRGB: the profile of most photographs, and not worth rounding for.
constexpr int kProfileTolerance = 2;

int count_scans(std::span<const std::byte> jpeg) {
  int scans = 0;
  for (size_t i = 0; i + 1 < jpeg.size(); ++i) {
    scans += jpeg[i] == std::byte{0xff} && jpeg[i + 1] == std::byte{0xda};
  }
  return scans;
}

[[noreturn]] void refuse_damaged(const std::string& name, PictureFormat format) {
  throw Error(ErrorKind::CorruptFile, name + ": is damaged or cut short (" + format_name(format) +
                                          ": " + take_vips_error() + "); get the file again");
}

VipsHandle open_header(std::span<const std::byte> bytes, const std::string& name,
                       PictureFormat format) {
  using Loader = int (*)(void*, size_t, VipsImage**, ...);
  const std::pair<Loader, const char*> loaders[] = {
      {vips_pngload_buffer, "pngload_buffer"},   {vips_jpegload_buffer, "jpegload_buffer"},
      {vips_webpload_buffer, "webpload_buffer"}, {vips_tiffload_buffer, "tiffload_buffer"},
      {vips_gifload_buffer, "gifload_buffer"},   {vips_heifload_buffer, "heifload_buffer"},
      {vips_heifload_buffer, "heifload_buffer"}};
  const auto [load, operation] = loaders[static_cast<size_t>(format)];
  if (!vips_type_find("VipsOperation", operation)) {
    throw Error(ErrorKind::Unsupported, name + ": this system's libvips does not read " +
                                            format_name(format) + "; save it as PNG or JPEG");
  }
  VipsImage* image = nullptr;
  auto* data = const_cast<std::byte*>(bytes.data());  // libvips only reads it
  if (load(data, bytes.size(), &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
           VIPS_FAIL_ON_ERROR, nullptr) != 0) {
    refuse_damaged(name, format);
  }
  return VipsHandle(image);
}

void check_size(const VipsImage* image, const std::string& name, const DecodeLimits& limits) {
  const int64_t width = vips_image_get_width(image), height = vips_image_get_height(image);
  if (width <= limits.max_edge_px && height <= limits.max_edge_px &&
      width * height <= limits.max_pixels) {
    return;
  }
  throw Error(ErrorKind::Unsupported, name + ": is " + std::to_string(width) + "x" +
                                          std::to_string(height) + " pixels, expected at most " +
                                          std::to_string(limits.max_edge_px) + " on a side and " +
                                          std::to_string(limits.max_pixels) +
                                          " in all; make it smaller first");
}

bool has_profile(const VipsImage* image) {
  return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
}

VipsHandle transformed_by_profile(VipsImage* image, const char* fallback) {
  return vips_apply(vips_icc_transform, image, "srgb", "embedded", TRUE, "input_profile", fallback,
                    "intent", VIPS_INTENT_PERCEPTUAL, "depth", 8);
}

// Sends a lattice of colours through the picture's profile: does it leave them where they are?
bool profile_is_srgb(VipsImage* image) {
  const void* profile = nullptr;
  size_t profile_bytes = 0;
  if (vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &profile_bytes) != 0) return false;
  std::vector<uint8_t> lattice;
  for (int i = 0; i < 9 * 9 * 9; ++i) {
    for (int step : {i / 81, i / 9 % 9, i % 9}) {
      lattice.push_back(static_cast<uint8_t>(std::min(step * 32, 255)));
    }
  }
  const VipsHandle plain(vips_image_new_from_memory(lattice.data(), lattice.size(), 9 * 9 * 9, 1, 3,
                                                    VIPS_FORMAT_UCHAR));
  const VipsHandle tagged =
      vips_apply(vips_copy, plain.get(), "interpretation", VIPS_INTERPRETATION_sRGB);
  if (!tagged) return false;
  vips_image_set_blob_copy(tagged.get(), VIPS_META_ICC_NAME, profile, profile_bytes);
  const VipsHandle lazy = transformed_by_profile(tagged.get(), "srgb");
  const VipsHandle out(lazy ? vips_image_copy_memory(lazy.get()) : nullptr);
  if (!out || vips_image_get_bands(out.get()) != 3) return false;
  const auto* values = reinterpret_cast<const uint8_t*>(VIPS_IMAGE_ADDR(out.get(), 0, 0));
  for (size_t i = 0; i < lattice.size(); ++i) {
    if (std::abs(values[i] - lattice[i]) > kProfileTolerance) return false;
  }
  return true;
}

// The upper 8 of 16 bits, as Pillow and browsers read them.
VipsHandle to_8_bits(VipsImage* image, VipsInterpretation space) {
  const VipsHandle bytes = vips_apply(vips_msb, image);
  if (!bytes) return {};
  const auto narrowed = space == VIPS_INTERPRETATION_GREY16  ? VIPS_INTERPRETATION_B_W
                        : space == VIPS_INTERPRETATION_RGB16 ? VIPS_INTERPRETATION_sRGB
                                                             : space;
  return vips_apply(vips_copy, bytes.get(), "interpretation", narrowed);
}

// Grey stays grey, everything else becomes sRGB, 8 bits per channel; alpha comes along.
VipsHandle to_srgb(VipsImage* image) {
  const VipsInterpretation space = vips_image_guess_interpretation(image);
  if (vips_image_get_format(image) == VIPS_FORMAT_USHORT) {
    const VipsHandle narrow = to_8_bits(image, space);
    return narrow ? to_srgb(narrow.get()) : VipsHandle();
  }
  const bool grey = vips_image_get_bands(image) < 3;
  const bool cmyk = space == VIPS_INTERPRETATION_CMYK;
  if (cmyk || (has_profile(image) && (grey || !profile_is_srgb(image)))) {
    VipsHandle out = transformed_by_profile(image, cmyk ? "cmyk" : "srgb");
    if (out) return out;
    take_vips_error();  // a broken profile: the colours are taken as they are
  }
  const auto target = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  if (space == target || !vips_colourspace_issupported(image)) {
    return vips_apply(vips_copy, image);
  }
  return vips_apply(vips_colourspace, image, target, "source_space", space);
}

// One picture of `bands` interleaved bytes into our 1, 3 or 4 channels: grey with alpha becomes
// RGBA, a grey picture that came out of a colour profile as equal channels becomes grey again.
Image from_bands(const uint8_t* in, int width, int height, int bands, bool grey) {
  const bool alpha = bands == 2 || bands == 4;
  Image out(width, height, grey && !alpha ? 1 : alpha ? 4 : 3);
  const auto step = static_cast<size_t>(bands);
  const size_t colors = bands >= 3 ? 3 : 1;
  for (size_t i = 0, o = 0; o < out.pixels.size(); i += step) {
    if (out.channels == 1) {
      out.pixels[o++] = in[i + colors / 2];
      continue;
    }
    for (size_t c = 0; c < 3; ++c) out.pixels[o++] = in[i + (colors == 3 ? c : 0)];
    if (alpha) out.pixels[o++] = in[i + step - 1];
  }
  return out;
}

bool has_idle_alpha(const Image& image) {
  if (image.channels != 4) return false;
  for (size_t i = 3; i < image.pixels.size(); i += 4) {
    if (image.pixels[i] != 255) return false;
  }
  return true;
}

Image decode_pixels(VipsImage* header, const std::string& name, PictureFormat format) {
  const bool grey = vips_image_get_bands(header) < 3;
  VipsHandle converted = to_srgb(header);
  if (converted && vips_image_get_bands(converted.get()) > 4) {  // TIFF may carry more channels
    converted = vips_apply(vips_extract_band, converted.get(), 0, "n", 4);
  }
  if (!converted) refuse_damaged(name, format);
  if (vips_image_get_format(converted.get()) != VIPS_FORMAT_UCHAR) {
    throw Error(ErrorKind::Unsupported,
                name + ": holds pixels of type " +
                    vips_enum_nick(VIPS_TYPE_BAND_FORMAT, vips_image_get_format(header)) +
                    ", expected 8 or 16 bits per channel; save it as PNG or JPEG");
  }
  VipsHandle pixels(vips_image_copy_memory(converted.get()));
  if (pixels && vips_image_get_orientation(pixels.get()) != 1) {
    const VipsHandle upright = vips_apply(vips_autorot, pixels.get());
    pixels.reset(upright ? vips_image_copy_memory(upright.get()) : nullptr);
  }
  if (!pixels) refuse_damaged(name, format);
  return from_bands(reinterpret_cast<const uint8_t*>(VIPS_IMAGE_ADDR(pixels.get(), 0, 0)),
                    vips_image_get_width(pixels.get()), vips_image_get_height(pixels.get()),
                    vips_image_get_bands(pixels.get()), grey);
}

std::map<std::string, std::string> read_text(std::span<const std::byte> bytes,
                                             const VipsImage* header, PictureFormat format) {
  std::map<std::string, std::string> text;
  if (format == PictureFormat::Png) text = read_png_text(bytes);
  std::string comment;
  if (format == PictureFormat::Gif) comment = read_gif_comment(bytes);
  const void* exif = nullptr;
  size_t exif_bytes = 0;
  if (vips_image_get_typeof(header, VIPS_META_EXIF_NAME) != 0 &&
      vips_image_get_blob(header, VIPS_META_EXIF_NAME, &exif, &exif_bytes) == 0) {
    comment = read_user_comment({static_cast<const std::byte*>(exif), exif_bytes});
  }
  if (!comment.empty()) text["parameters"] = comment;  // as in A1111, EXIF overrides
  return text;
}

}  // namespace

Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       const DecodeLimits& limits) {
  const PictureFormat format = sniff_format(bytes, name);
  if (format == PictureFormat::Jpeg && count_scans(bytes) > kMaxJpegScans) {
    throw Error(ErrorKind::Unsupported, name + ": has " + std::to_string(count_scans(bytes)) +
                                            " passes, expected at most " +
                                            std::to_string(kMaxJpegScans) + "; save it again");
  }
  start_vips();
  const auto textless =
      format == PictureFormat::Png ? without_png_text(bytes) : std::vector<std::byte>();
  const VipsHandle header = open_header(textless.empty() ? bytes : textless, name, format);
  check_size(header.get(), name, limits);
  Picture picture;
  picture.format = format_name(format);
  picture.text = read_text(bytes, header.get(), format);
  picture.image = decode_pixels(header.get(), name, format);
  // libvips gives a GIF alpha if any of its frames needs it, the first or not.
  if (format == PictureFormat::Gif && has_idle_alpha(picture.image)) {
    picture.image = to_rgb(picture.image);
  }
  return picture;
}

Picture read_picture(const std::filesystem::path& path, const DecodeLimits& limits) {
  const auto file = MappedFile::open(path);
  return decode_picture(file->bytes(), path.string(), limits);
}

}  // namespace pentimento
