#include "image/png_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "image/inflate.h"
#include "image/unicode.h"

namespace pentimento {
namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kHeaderEnd = kSignatureBytes + 12 + 13;  // the IHDR chunk holds 13 bytes
constexpr size_t kChunkOverhead = 12;                     // length, name and checksum
constexpr size_t kMaxInflatedBytes = 16 << 20;

uint32_t big_endian(std::span<const std::byte> bytes) {
  uint32_t value = 0;
  for (std::byte b : bytes.first(4)) value = value << 8 | std::to_integer<uint32_t>(b);
  return value;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Splits at the first NUL: what is before it is returned, `rest` keeps what follows.
std::optional<std::string_view> take_field(std::string_view& rest) {
  const size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return field;
}

// The chunk at `at`, its length, name, data and checksum; none where the file ends or is not sound.
std::optional<std::span<const std::byte>> chunk_at(std::span<const std::byte> png, size_t at) {
  if (at > png.size() || png.size() - at < kChunkOverhead) return std::nullopt;
  const size_t size = big_endian(png.subspan(at));
  if (size > png.size() - at - kChunkOverhead) return std::nullopt;
  return png.subspan(at, size + kChunkOverhead);
}

std::string_view type_of(std::span<const std::byte> chunk) { return as_text(chunk.subspan(4, 4)); }

bool is_text(std::string_view type) { return type == "tEXt" || type == "zTXt" || type == "iTXt"; }

struct Entry {
  std::string keyword, text;
};

std::optional<Entry> read_entry(std::string_view type, std::string_view data, size_t& budget) {
  const auto keyword = take_field(data);
  if (!keyword || keyword->empty()) return std::nullopt;
  Entry entry{utf8_from_latin1(*keyword), ""};
  std::optional<std::string> text;
  if (type == "tEXt") {
    text = utf8_from_latin1(data);
  } else if (type == "zTXt") {
    if (data.empty() || data[0] != 0) return std::nullopt;
    text = inflated(data.substr(1), budget);
    if (text) text = utf8_from_latin1(*text);
  } else {
    if (data.size() < 2) return std::nullopt;
    const bool compressed = data[0] != 0;
    data.remove_prefix(2);
    const auto language = take_field(data), translated = take_field(data);
    if (!language || !translated) return std::nullopt;
    text = compressed ? inflated(data, budget) : std::string(data);
  }
  if (!text) return std::nullopt;
  entry.text = cleaned_utf8(*text);
  return entry;
}

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

uint32_t crc32(std::string_view data) {
  uint32_t crc = 0xffffffffu;
  for (char c : data) crc = kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

void append_big_endian(std::string& out, size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::string text_chunk(const std::string& keyword, const std::string& text) {
  using namespace std::string_literals;
  const auto latin1_keyword = is_utf8(keyword) ? latin1_from_utf8(keyword) : std::nullopt;
  if (!latin1_keyword || latin1_keyword->empty() || latin1_keyword->size() > 79) {
    throw Error(ErrorKind::InvalidArgument, "PNG text keyword '" + cleaned_utf8(keyword) +
                                                "': expected 1 to 79 Latin-1 characters");
  }
  if (!is_utf8(text)) {
    throw Error(ErrorKind::InvalidArgument,
                "PNG text '" + keyword + "': is not valid UTF-8, or holds a NUL; remove it");
  }
  const auto latin1 = latin1_from_utf8(text);
  // Keyword, NUL; for iTXt also: not compressed, no method, no language, no translated keyword.
  const std::string body = latin1 ? "tEXt" + *latin1_keyword + "\0"s + *latin1
                                  : "iTXt" + *latin1_keyword + "\0\0\0\0\0"s + text;
  std::string chunk;
  append_big_endian(chunk, body.size() - 4);
  chunk += body;
  append_big_endian(chunk, crc32(body));
  return chunk;
}

}  // namespace

std::map<std::string, std::string> read_png_text(std::span<const std::byte> png) {
  std::map<std::string, std::string> found;
  size_t budget = kMaxInflatedBytes;
  size_t at = kSignatureBytes;
  // Not a for loop: GCC 12 ends the life of a variable declared in its condition before the step.
  while (const auto chunk = chunk_at(png, at)) {
    at += chunk->size();
    const std::string_view type = type_of(*chunk);
    if (type == "IEND") break;
    if (!is_text(type)) continue;
    const auto data = as_text(chunk->subspan(8, chunk->size() - kChunkOverhead));
    if (auto entry = read_entry(type, data, budget)) found[entry->keyword] = entry->text;
  }
  return found;
}

std::vector<std::byte> without_png_text(std::span<const std::byte> png) {
  std::vector<std::byte> kept;
  size_t done = 0;  // what is not yet copied begins here
  size_t at = kSignatureBytes;
  while (const auto chunk = chunk_at(png, at)) {
    at += chunk->size();
    if (!is_text(type_of(*chunk))) continue;
    kept.insert(kept.end(), png.begin() + static_cast<std::ptrdiff_t>(done),
                png.begin() + static_cast<std::ptrdiff_t>(at - chunk->size()));
    done = at;
  }
  if (done > 0) kept.insert(kept.end(), png.begin() + static_cast<std::ptrdiff_t>(done), png.end());
  return kept;
}

void insert_png_text(std::vector<std::byte>& png, const std::map<std::string, std::string>& text) {
  std::string chunks;
  for (const auto& [keyword, value] : text) chunks += text_chunk(keyword, value);
  const auto* bytes = reinterpret_cast<const std::byte*>(chunks.data());
  png.insert(png.begin() + kHeaderEnd, bytes, bytes + chunks.size());
}

}  // namespace pentimento
