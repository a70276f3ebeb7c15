#include "image/picture_format.h"

#include <string_view>

#include "base/error.h"

namespace pentimento {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  const char* what;
};

// Files people hand in by mistake, so that the message can say so.
constexpr Magic kOthers[] = {
    {"%PDF"sv, "a PDF document"},
    {"<svg"sv, "an SVG drawing"},
    {"<?xml"sv, "an XML or SVG file"},
    {"<!DOCTYPE"sv, "a web page"},
    {"<html"sv, "a web page"},
    {"BM"sv, "a BMP picture"},
    {"8BPS"sv, "a Photoshop file"},
    {"PK\x03\x04"sv, "a zip archive"},
    {"\0\0\0\x0cJXL "sv, "a JPEG XL picture"},
    {"\xff\x0a"sv, "a JPEG XL picture"},
    {"\0\0\0\x0cjP  "sv, "a JPEG 2000 picture"},
    {"\x1a\x45\xdf\xa3"sv, "a video"},
    {"v/1\x01"sv, "an OpenEXR picture"},
    {"#?RADIANCE"sv, "a Radiance picture"},
};

// ISO base media files tell what they are by a four-letter brand.
bool is_brand(std::string_view head, std::initializer_list<std::string_view> brands) {
  if (head.size() < 12 || head.substr(4, 4) != "ftyp") return false;
  for (std::string_view brand : brands) {
    if (head.substr(8, 4) == brand) return true;
  }
  return false;
}

std::string guess(std::string_view head) {
  if (is_brand(head, {"isom", "mp41", "mp42", "qt  ", "M4V ", "avc1"})) return "a video";
  for (const Magic& other : kOthers) {
    if (head.starts_with(other.bytes)) return other.what;
  }
  return "not a picture format known here";
}

}  // namespace

const char* format_name(PictureFormat format) {
  constexpr const char* names[] = {"png", "jpeg", "webp", "tiff", "gif", "avif", "heic"};
  return names[static_cast<size_t>(format)];
}

PictureFormat sniff_format(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.empty()) {
    throw Error(ErrorKind::CorruptFile, name + ": is empty, expected a picture");
  }
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.starts_with("\x89PNG\r\n\x1a\n"sv)) return PictureFormat::Png;
  if (head.starts_with("\xff\xd8\xff"sv)) return PictureFormat::Jpeg;
  if (head.starts_with("RIFF"sv) && head.size() >= 12 && head.substr(8, 4) == "WEBP"sv) {
    return PictureFormat::Webp;
  }
  if (head.starts_with("GIF87a"sv) || head.starts_with("GIF89a"sv)) return PictureFormat::Gif;
  for (std::string_view tiff : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (head.starts_with(tiff)) return PictureFormat::Tiff;
  }
  if (is_brand(head, {"avif", "avis"})) return PictureFormat::Avif;
  if (is_brand(head, {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"})) {
    return PictureFormat::Heic;
  }
  throw Error(ErrorKind::Unsupported, name + ": is " + guess(head) +
                                          "; expected PNG, JPEG, WebP, TIFF, GIF, AVIF or HEIC, "
                                          "save it as one of these");
}

}  // namespace pentimento
