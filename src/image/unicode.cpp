#include "image/unicode.h"

#include <glib.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace pentimento {
namespace {

struct GFree {
  void operator()(void* memory) const { g_free(memory); }
};
using GString = std::unique_ptr<char, GFree>;

std::optional<std::string> convert(std::string_view text, const char* to, const char* from) {
  gsize size = 0;
  GError* error = nullptr;
  const GString out(
      g_convert(text.data(), static_cast<gssize>(text.size()), to, from, nullptr, &size, &error));
  if (error) g_error_free(error);
  if (!out) return std::nullopt;
  return std::string(out.get(), size);
}

void append_utf8(std::string& text, uint32_t character) {
  char units[6];
  text.append(units, static_cast<size_t>(g_unichar_to_utf8(character, units)));
}

}  // namespace

bool is_utf8(std::string_view text) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr);
}

std::string utf8_from_latin1(std::string_view text) {
  std::string out;
  for (char c : text) append_utf8(out, static_cast<uint8_t>(c));
  return out;
}

std::optional<std::string> latin1_from_utf8(std::string_view text) {
  std::string out;
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end; at = g_utf8_next_char(at)) {
    const gunichar character = g_utf8_get_char(at);
    if (character > 0xff) return std::nullopt;
    out.push_back(static_cast<char>(character));
  }
  return out;
}

std::string utf8_from_utf16(std::span<const std::byte> bytes, Utf16Order order) {
  std::vector<uint16_t> units;
  int high_zeros = 0, low_zeros = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto high = std::to_integer<uint16_t>(bytes[i]);
    const auto low = std::to_integer<uint16_t>(bytes[i + 1]);
    high_zeros += high == 0;
    low_zeros += low == 0;
    units.push_back(static_cast<uint16_t>(high << 8 | low));
  }
  const bool marked = !units.empty() && (units[0] == 0xfeff || units[0] == 0xfffe);
  const bool little =
      marked ? units[0] == 0xfffe : order == Utf16Order::Guess && low_zeros > high_zeros;
  if (little) {
    for (uint16_t& u : units) u = static_cast<uint16_t>(u << 8 | u >> 8);
  }
  std::string out;
  for (size_t i = marked; i < units.size(); ++i) {
    const uint32_t u = units[i];
    const bool high = u >= 0xd800 && u < 0xdc00, low = u >= 0xdc00 && u < 0xe000;
    if (high && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000) {
      append_utf8(out, 0x10000 + ((u - 0xd800) << 10) + (units[++i] - 0xdc00u));
    } else if (u != 0) {
      append_utf8(out, high || low ? 0xfffd : u);
    }
  }
  return out;
}

std::string utf16be_from_utf8(std::string_view text) {
  std::string out;
  const auto append = [&](uint32_t unit) {
    out.push_back(static_cast<char>(unit >> 8));
    out.push_back(static_cast<char>(unit & 0xff));
  };
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end; at = g_utf8_next_char(at)) {
    const uint32_t character = g_utf8_get_char(at);
    if (character < 0x10000) {
      append(character);
    } else {
      append(0xd800 + ((character - 0x10000) >> 10));
      append(0xdc00 + ((character - 0x10000) & 0x3ff));
    }
  }
  return out;
}

std::optional<std::string> utf8_from_shift_jis(std::string_view text) {
  return convert(text, "UTF-8", "SHIFT_JIS");
}

std::string cleaned_utf8(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '\0'), out.end());
  const GString valid(g_utf8_make_valid(out.data(), static_cast<gssize>(out.size())));
  return valid.get();
}

}  // namespace pentimento
