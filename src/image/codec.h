// Picture files by libvips: PNG JPEG WebP TIFF GIF (AVIF/HEIC where the system has them).
// Legitimate oddities just work (CMYK, 16 bit, palette, EXIF rotation, ICC profile → sRGB, first
// frame of an animation); hostile ones are refused before memory is spent.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "image/image.h"

namespace pentimento {

struct DecodeLimits {
  int64_t max_pixels = 100'000'000;  // refused with the numbers, before decoding
  int max_edge_px = 32'768;
};

struct Picture {
  Image image;                              // 1, 3 or 4 channels as in the file (after conversion)
  std::map<std::string, std::string> text;  // PNG text chunks, EXIF UserComment as "parameters" …
  std::string format;                       // "png", "jpeg", …
};

// `name` is used in messages. Throws CorruptFile, Unsupported (too large, unknown format).
Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       const DecodeLimits& limits = {});
Picture read_picture(const std::filesystem::path& path, const DecodeLimits& limits = {});

struct EncodeOptions {
  std::string format = "png";  // png jpeg webp
  int quality = 80;            // jpeg, webp: 1..100, A1111's default
  bool lossless = false;       // webp
  std::map<std::string, std::string>
      text;  // "parameters" → PNG tEXt/iTXt, JPEG/WebP EXIF UserComment
};
std::vector<std::byte> encode_picture(const Image& image, const EncodeOptions& options = {});

// Format from the extension (png, jpg, jpeg, webp), atomically. Throws InvalidArgument for others.
void write_picture(const std::filesystem::path& path, const Image& image,
                   EncodeOptions options = {});

// Can a picture be written there? Throws Error{Io}/InvalidArgument now rather than after minutes of
// work.
void check_writable(const std::filesystem::path& path);

}  // namespace pentimento
