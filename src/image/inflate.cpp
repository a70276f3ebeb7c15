#include "image/inflate.h"

#include <gio/gio.h>

#include <algorithm>
#include <array>
#include <memory>

namespace pentimento {
namespace {

struct GUnref {
  void operator()(GZlibDecompressor* object) const { g_object_unref(object); }
};

}  // namespace

std::optional<std::string> inflated(std::string_view data, size_t& budget) {
  const std::unique_ptr<GZlibDecompressor, GUnref> decompressor(
      g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
  std::string out;
  std::array<char, 16384> buffer{};
  for (;;) {
    gsize read = 0, written = 0;
    GError* error = nullptr;
    const GConverterResult result = g_converter_convert(
        G_CONVERTER(decompressor.get()), data.data(), data.size(), buffer.data(), buffer.size(),
        G_CONVERTER_INPUT_AT_END, &read, &written, &error);
    if (error) g_error_free(error);
    const bool too_large = written > budget;
    budget -= std::min<size_t>(written, budget);
    if (result == G_CONVERTER_ERROR || too_large) return std::nullopt;
    out.append(buffer.data(), written);
    data.remove_prefix(read);
    if (result == G_CONVERTER_FINISHED) return out;
  }
}

}  // namespace pentimento
