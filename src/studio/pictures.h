// Between bytes that strangers send and pictures we keep: what is let in, thumbnails, copies
// without metadata.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "image/codec.h"

namespace pentimento {

struct PictureLimits {
  int64_t max_bytes = 64ll << 20;
  int64_t max_pixels = 64'000'000;
  int max_edge_px = 16'384;
};

// Decodes PNG, JPEG or WebP; everything else (SVG, TIFF, PSD, …) is refused by its first bytes.
// Throws CodedError "bad_picture", or "too_large" with the name of the limit.
Picture decode_upload(std::span<const std::byte> bytes, const std::string& name,
                      const PictureLimits& limits = {});

// File name for people: no folders, no control characters, at most 120 bytes; "" becomes "picture".
std::string safe_name(const std::string& name);

// The picture, reduced so that its longer side is at most `edge_px`.
Image at_most(Image image, int edge_px);
// Bytes of a PNG, JPEG or WebP as a small WebP without anything they say about themselves.
std::string small_picture_of(std::span<const std::byte> bytes, int edge_px = 384);

// WebP of at most `edge_px`, kept in `cache` under the picture's hash.
std::string thumbnail_of(const std::filesystem::path& picture, const std::string& sha256,
                         const std::filesystem::path& cache, int edge_px = 384);

// The picture upright and without anything it says about itself; kept in `cache`. Sets `format`.
std::string clean_copy_of(const std::filesystem::path& picture, const std::string& sha256,
                          const std::filesystem::path& cache, std::string& format);

std::string encode_text(const Image& image, const EncodeOptions& options);  // bytes as a string
inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string content_type_of(const std::string& format);  // "image/png"

}  // namespace pentimento
