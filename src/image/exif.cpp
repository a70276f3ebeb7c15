#include "image/exif.h"

#include <cstdint>
#include <optional>

#include "image/unicode.h"

namespace pentimento {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr uint32_t kExifDirectory = 0x8769, kUserComment = 0x9286;
constexpr size_t kEntryBytes = 12, kPrefixBytes = 8;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A TIFF structure of either byte order; everything read is checked against its end.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes)
      : bytes_(bytes), little_(as_text(bytes).starts_with("II")) {}

  std::optional<uint32_t> number(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t from = little_ ? at + size - 1 - i : at + i;
      value = value << 8 | std::to_integer<uint32_t>(bytes_[from]);
    }
    return value;
  }

  // Where the entry with this tag begins in the directory at `at`.
  std::optional<size_t> entry(size_t at, uint32_t tag) const {
    const size_t count = number(at, 2).value_or(0);
    for (size_t i = 0; i < count; ++i) {
      const size_t entry = at + 2 + i * kEntryBytes;
      if (number(entry, 2) == tag) return entry;
    }
    return std::nullopt;
  }

  bool is_little_endian() const { return little_; }

  std::span<const std::byte> data(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return {};
    return bytes_.subspan(at, size);
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_;
};

std::span<const std::byte> find_user_comment(const Tiff& tiff) {
  const auto first = tiff.number(4, 4);
  if (!first) return {};
  const auto pointer = tiff.entry(*first, kExifDirectory);
  if (!pointer) return {};
  const auto directory = tiff.number(*pointer + 8, 4);
  if (!directory) return {};
  const auto comment = tiff.entry(*directory, kUserComment);
  if (!comment) return {};
  const auto size = tiff.number(*comment + 4, 4), at = tiff.number(*comment + 8, 4);
  if (!size || !at || *size < kPrefixBytes) return {};
  return tiff.data(*at, *size);
}

}  // namespace

std::string read_user_comment(std::span<const std::byte> exif) {
  if (as_text(exif).starts_with("Exif\0\0"sv)) exif = exif.subspan(6);
  const Tiff tiff(exif);
  const auto comment = find_user_comment(tiff);
  if (comment.empty()) return "";
  const auto prefix = as_text(comment.first(kPrefixBytes));
  const auto body = comment.subspan(kPrefixBytes);
  if (prefix == "UNICODE\0"sv) {
    // piexif, and so A1111, writes big-endian always; others follow the byte order of the block.
    return utf8_from_utf16(body, tiff.is_little_endian() ? Utf16Order::Guess : Utf16Order::Big);
  }
  if (prefix == "JIS\0\0\0\0\0"sv) {
    if (auto text = utf8_from_shift_jis(as_text(body))) return cleaned_utf8(*text);
  }
  return cleaned_utf8(as_text(body));
}

std::string exif_with_user_comment(std::string_view comment) {
  const std::string value = "UNICODE\0"s + utf16be_from_utf8(comment);
  const auto size = static_cast<uint32_t>(value.size());
  std::string out = "Exif\0\0MM\0\x2a\0\0\0\x08"s;             // the first directory is at 8
  out += "\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0"s;  // holds: EXIF directory, at 26
  out += "\0\x01\x92\x86\0\x07"s;                              // holds: UserComment, bytes,
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out += "\0\0\0\x2c\0\0\0\0"s;  // at 44
  return out + value;
}

}  // namespace pentimento
