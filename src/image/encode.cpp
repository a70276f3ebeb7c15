#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/paths.h"
#include "image/codec.h"
#include "image/exif.h"
#include "image/png_text.h"
#include "image/unicode.h"
#include "image/vips.h"
#include "image/webp_container.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr double kPixelsPerMm = 72 / 25.4;  // for programs that print; libvips would write 25.4 dpi
constexpr int kMaxJpegEdge = 65535, kMaxWebpEdge = 16383;
constexpr size_t kMaxSegmentBytes = 65533;  // of a JPEG segment, without its own length
constexpr size_t kMaxExifBytes = 1 << 20;   // libvips reads no more

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::InvalidArgument, message);
}

void check(const Image& image, const EncodeOptions& options) {
  const std::string size = std::to_string(image.width) + "x" + std::to_string(image.height);
  const std::string& format = options.format;
  if (format != "png" && format != "jpeg" && format != "webp") {
    refuse("picture format '" + format + "': expected png, jpeg or webp");
  }
  if (options.quality < 1 || options.quality > 100) {
    refuse("picture quality is " + std::to_string(options.quality) + ", expected 1 to 100");
  }
  if (image.empty() || (image.channels != 1 && image.channels != 3 && image.channels != 4)) {
    refuse("picture of " + size + " with " + std::to_string(image.channels) +
           " channels cannot be written; expected 1, 3 or 4 channels and some pixels");
  }
  const int edge = std::max(image.width, image.height);
  const int limit = format == "jpeg" ? kMaxJpegEdge : format == "webp" ? kMaxWebpEdge : edge;
  if (edge > limit) {
    refuse("picture of " + size + " does not fit " + format + ", expected at most " +
           std::to_string(limit) + " px on a side; write PNG");
  }
}

// The pixels as libvips sees them, without a copy.
VipsHandle wrap(const Image& image) {
  const VipsHandle plain(vips_image_new_from_memory(image.pixels.data(), image.pixels.size(),
                                                    image.width, image.height, image.channels,
                                                    VIPS_FORMAT_UCHAR));
  if (!plain) return {};
  return vips_apply(vips_copy, plain.get(), "xres", kPixelsPerMm, "yres", kPixelsPerMm,
                    "interpretation",
                    image.channels == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB);
}

// vips_NAMEsave_buffer(image, &bytes, &size, args..., NULL)
template <typename Save, typename... Args>
std::vector<std::byte> saved(Save save, VipsImage* image, Args... args) {
  void* data = nullptr;
  size_t size = 0;
  if (!image || save(image, &data, &size, args..., static_cast<void*>(nullptr)) != 0) {
    throw Error(ErrorKind::Internal, "picture cannot be encoded: " + take_vips_error());
  }
  const auto* bytes = static_cast<const std::byte*>(data);
  std::vector<std::byte> out(bytes, bytes + size);
  g_free(data);
  return out;
}

std::string exif_of(const EncodeOptions& options, size_t limit) {
  const auto found = options.text.find("parameters");
  if (found == options.text.end() || found->second.empty()) return "";
  if (!is_utf8(found->second)) {
    refuse("picture text 'parameters': is not valid UTF-8, or holds a NUL; remove it");
  }
  std::string exif = exif_with_user_comment(found->second);
  if (exif.size() > limit) {
    refuse("picture text 'parameters': " + std::to_string(found->second.size()) +
           " bytes do not fit " + options.format + ", expected at most about " +
           std::to_string(limit / 2 / 1000 * 1000) + " characters; write PNG");
  }
  return exif;
}

std::vector<std::byte> encode_png(const Image& image, const EncodeOptions& options) {
  auto png = saved(vips_pngsave_buffer, wrap(image).get(), "compression", 6, "strip", TRUE);
  insert_png_text(png, options.text);
  return png;
}

// EXIF goes into its own segment behind the JFIF one, where readers look for it.
std::vector<std::byte> encode_jpeg(const Image& image, const EncodeOptions& options) {
  const std::string exif = exif_of(options, kMaxSegmentBytes);
  const Image opaque = image.channels == 4 ? to_rgb(image) : image;
  auto jpeg = saved(vips_jpegsave_buffer, wrap(opaque).get(), "Q", options.quality, "strip", TRUE,
                    "optimize_coding", TRUE);
  if (exif.empty()) return jpeg;
  size_t at = 2;
  if (jpeg.at(3) == std::byte{0xe0}) {
    at += 2 + std::to_integer<size_t>(jpeg.at(4)) * 256 + std::to_integer<size_t>(jpeg.at(5));
  }
  const size_t length = exif.size() + 2;
  std::string segment = "\xff\xe1";
  segment += {static_cast<char>(length >> 8), static_cast<char>(length & 0xff)};
  segment += exif;
  const auto* bytes = reinterpret_cast<const std::byte*>(segment.data());
  jpeg.insert(jpeg.begin() + static_cast<std::ptrdiff_t>(at), bytes, bytes + segment.size());
  return jpeg;
}

std::vector<std::byte> encode_webp(const Image& image, const EncodeOptions& options) {
  const std::string exif = exif_of(options, kMaxExifBytes);
  const auto webp = saved(vips_webpsave_buffer, wrap(image).get(), "Q", options.quality, "lossless",
                          options.lossless ? TRUE : FALSE, "strip", TRUE);
  return repacked_webp(webp, image.width, image.height, image.channels == 4, exif);
}

std::string format_of(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (extension == ".png") return "png";
  if (extension == ".jpg" || extension == ".jpeg") return "jpeg";
  if (extension == ".webp") return "webp";
  refuse(path.string() + ": the name ends in '" + extension +
         "', expected .png, .jpg, .jpeg or .webp");
}

}  // namespace

std::vector<std::byte> encode_picture(const Image& image, const EncodeOptions& options) {
  check(image, options);
  start_vips();
  if (options.format == "png") return encode_png(image, options);
  if (options.format == "jpeg") return encode_jpeg(image, options);
  return encode_webp(image, options);
}

void write_picture(const fs::path& path, const Image& image, EncodeOptions options) {
  options.format = format_of(path);
  write_file_atomically(path, encode_picture(image, options));
}

void check_writable(const fs::path& path) {
  format_of(path);
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    refuse(path.string() + ": is a folder, expected a file name");
  // Permission bits do not tell of read-only disks or quotas: try it.
  const std::string probe = path.string() + ".probe" + std::to_string(::getpid());
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int error = errno;
    throw Error(ErrorKind::Io, path.string() + ": cannot be written: " + std::strerror(error) +
                                   (error == ENOENT ? "; create the folder first"
                                                    : "; choose a folder you may write to"));
  }
  ::close(fd);
  ::unlink(probe.c_str());
}

}  // namespace pentimento
