#include "image/webp_container.h"

#include <cstdint>
#include <string>

namespace pentimento {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr size_t kRiffHeader = 12, kChunkHeader = 8;
constexpr char kHasExif = 0x08, kHasAlpha = 0x10;

void append_little_endian(std::string& out, size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::string chunk(std::string_view name, std::string_view data) {
  std::string out(name);
  append_little_endian(out, data.size(), 4);
  out += data;
  if (data.size() % 2) out.push_back('\0');
  return out;
}

// The chunks that hold pixels, as they are.
std::string pixel_chunks(std::string_view webp) {
  std::string kept;
  for (size_t at = kRiffHeader; at + kChunkHeader <= webp.size();) {
    size_t size = 0;
    for (size_t i = 4; i-- > 0;) size = size << 8 | static_cast<uint8_t>(webp[at + 4 + i]);
    const size_t whole = kChunkHeader + size + size % 2;
    const std::string_view name = webp.substr(at, 4);
    if (name == "VP8 " || name == "VP8L" || name == "ALPH") kept += webp.substr(at, whole);
    at += whole;
  }
  return kept;
}

}  // namespace

std::vector<std::byte> repacked_webp(std::span<const std::byte> webp, int width, int height,
                                     bool has_alpha, std::string_view exif) {
  const std::string pixels =
      pixel_chunks({reinterpret_cast<const char*>(webp.data()), webp.size()});
  std::string body = "WEBP";
  if (!exif.empty() || pixels.starts_with("ALPH"sv)) {
    std::string features;
    features.push_back(static_cast<char>((exif.empty() ? 0 : kHasExif) |  //
                                         (has_alpha ? kHasAlpha : 0)));
    features += "\0\0\0"s;
    append_little_endian(features, static_cast<size_t>(width - 1), 3);
    append_little_endian(features, static_cast<size_t>(height - 1), 3);
    body += chunk("VP8X", features);
  }
  body += pixels;
  if (exif.starts_with("Exif\0\0"sv)) exif.remove_prefix(6);
  if (!exif.empty()) body += chunk("EXIF", exif);
  const std::string out = chunk("RIFF", body);
  const auto* bytes = reinterpret_cast<const std::byte*>(out.data());
  return {bytes, bytes + out.size()};
}

}  // namespace pentimento
