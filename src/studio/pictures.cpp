#include "studio/pictures.h"

#include <algorithm>

#include "base/paths.h"
#include "image/resize.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

bool starts_with(std::span<const std::byte> bytes, std::string_view magic, size_t offset = 0) {
  return bytes.size() >= offset + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char c, std::byte b) {
                      return static_cast<unsigned char>(c) == static_cast<unsigned char>(b);
                    });
}

bool is_welcome(std::span<const std::byte> bytes) {
  using namespace std::string_view_literals;
  return starts_with(bytes, "\x89PNG\r\n\x1a\n"sv) || starts_with(bytes, "\xff\xd8\xff"sv) ||
         (starts_with(bytes, "RIFF"sv) && starts_with(bytes, "WEBP"sv, 8));
}

// What was made before stays; a cache that cannot be written is no reason to fail.
std::string remember(const fs::path& file, std::string bytes) {
  try {
    fs::create_directories(file.parent_path());
    write_file_atomically(file, as_bytes(bytes));
  } catch (const std::exception&) {
  }
  return bytes;
}

bool is_there(const fs::path& file) {
  std::error_code error;
  return fs::is_regular_file(file, error);
}

}  // namespace

Picture decode_upload(std::span<const std::byte> bytes, const std::string& name,
                      const PictureLimits& limits) {
  if (static_cast<int64_t>(bytes.size()) > limits.max_bytes)
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     name + ": is " + std::to_string(bytes.size()) + " bytes, at most " +
                         std::to_string(limits.max_bytes) + " are taken")
        .with_limit("max_picture_bytes");
  if (!is_welcome(bytes))
    throw CodedError(
        ErrorKind::CorruptFile, "bad_picture",
        name + ": is not a PNG, JPEG or WebP picture; save it as one of these and send it again");
  try {
    return decode_picture(bytes, name,
                          {.max_pixels = limits.max_pixels, .max_edge_px = limits.max_edge_px});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Unsupported)
      throw CodedError(ErrorKind::InvalidArgument, "too_large", error.what())
          .with_limit("max_picture_pixels");
    if (error.kind() == ErrorKind::OutOfMemory || error.kind() == ErrorKind::Cancelled) throw;
    throw CodedError(ErrorKind::CorruptFile, "bad_picture", error.what());
  }
}

std::string safe_name(const std::string& name) {
  const size_t slash = name.find_last_of("/\\:");
  std::string out;
  for (const char c : slash == std::string::npos ? name : name.substr(slash + 1))
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f &&
        std::string_view("\"<>|?*").find(c) == std::string_view::npos)
      out += c;
  if (out.size() > 120) {
    size_t cut = 120;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
    out.resize(cut);
  }
  return out.empty() || out == "." || out == ".." ? "picture" : out;
}

std::string encode_text(const Image& image, const EncodeOptions& options) {
  const std::vector<std::byte> bytes = encode_picture(image, options);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Image at_most(Image image, int edge_px) {
  const double scale =
      std::min(1.0, edge_px / static_cast<double>(std::max(image.width, image.height)));
  if (scale >= 1) return image;
  return resize(image, std::max(1, static_cast<int>(image.width * scale)),
                std::max(1, static_cast<int>(image.height * scale)), Filter::Box);
}

std::string small_picture_of(std::span<const std::byte> bytes, int edge_px) {
  return encode_text(at_most(decode_upload(bytes, "the picture").image, edge_px),
                     {.format = "webp", .quality = 80});
}

std::string thumbnail_of(const fs::path& picture, const std::string& sha256, const fs::path& cache,
                         int edge_px) {
  const fs::path file = cache / "thumbnails" / sha256.substr(0, 2) /
                        (sha256 + "-" + std::to_string(edge_px) + ".webp");
  if (is_there(file)) return read_whole_file(file);
  const std::string bytes = read_whole_file(picture);
  const Image image =
      at_most(decode_picture(as_bytes(bytes), picture.filename().string()).image, edge_px);
  return remember(file, encode_text(image, {.format = "webp", .quality = 80}));
}

std::string clean_copy_of(const fs::path& picture, const std::string& sha256, const fs::path& cache,
                          std::string& format) {
  const std::string extension = picture.extension().string();
  format = extension == ".jpeg" || extension == ".jpg" ? "jpeg"
           : extension == ".webp"                      ? "webp"
                                                       : "png";
  const fs::path file = cache / "clean" / sha256.substr(0, 2) / (sha256 + "." + format);
  if (is_there(file)) return read_whole_file(file);
  const std::string bytes = read_whole_file(picture);
  const Image image = decode_picture(as_bytes(bytes), picture.filename().string()).image;
  return remember(file, encode_text(image, {.format = format, .quality = 95}));
}

std::string content_type_of(const std::string& format) {
  if (format == "png" || format == "jpeg" || format == "webp") return "image/" + format;
  return "application/octet-stream";
}

}  // namespace pentimento
