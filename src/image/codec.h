// Picture files by libvips: PNG JPEG WebP TIFF GIF, AVIF and HEIC where the system has them.
// Legitimate oddities just work: CMYK, 16 bits, 1 bit, palettes, EXIF rotation, ICC profiles (to
// sRGB), the first frame of an animation. Hostile files are refused before memory is spent. The
// format is told from the first bytes, and only libvips' loaders of these formats can be reached.
// Limitations: XMP is not read; floating-point TIFF only where libvips knows its range.
// Thread contract: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"

namespace pentimento {

struct DecodeLimits {
  int64_t max_pixels = 100'000'000;  // refused with the numbers, before decoding
  int max_edge_px = 32'768;
};

struct Picture {
  Image image;                              // grey, RGB or RGBA as in the file, 8-bit sRGB, upright
  std::map<std::string, std::string> text;  // UTF-8: PNG text chunks by keyword; an EXIF
                                            // UserComment and a GIF comment as "parameters"
  std::string format;                       // "png" "jpeg" "webp" "tiff" "gif" "avif" "heic"
};

// `name` is used in messages. Throws CorruptFile (empty, damaged, cut short), Unsupported (too
// large, unknown format or pixel type).
Picture decode_picture(std::span<const std::byte> bytes, const std::string& name,
                       const DecodeLimits& limits = {});

// The same from a file; also throws NotFound and Io.
Picture read_picture(const std::filesystem::path& path, const DecodeLimits& limits = {});

struct EncodeOptions {
  std::string format = "png";               // png jpeg webp
  int quality = 80;                         // jpeg, webp: 1..100, A1111's default
  bool lossless = false;                    // webp
  std::map<std::string, std::string> text;  // UTF-8. PNG: every entry, tEXt if Latin-1, else iTXt.
                                            // JPEG, WebP: "parameters" as EXIF UserComment
};

// The same picture and options give the same bytes. JPEG has no alpha: RGBA is laid on white. WebP
// has no grey, and forgets the colour of wholly transparent pixels.
// Throws InvalidArgument: unknown format, quality out of range, text that is not UTF-8 or does not
// fit the format (JPEG: about 32000 characters, WebP: half a million), a picture larger than the
// format holds (JPEG 65535, WebP 16383 px on a side).
std::vector<std::byte> encode_picture(const Image& image, const EncodeOptions& options = {});

// Format from the extension (png, jpg, jpeg, webp), atomically. Throws InvalidArgument for others,
// Io when the disk will not have it.
void write_picture(const std::filesystem::path& path, const Image& image,
                   EncodeOptions options = {});

// Can a picture be written there? Throws now what write_picture would throw after minutes of work.
void check_writable(const std::filesystem::path& path);

}  // namespace pentimento
