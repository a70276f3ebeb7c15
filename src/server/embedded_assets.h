// The studio page, built into the program. The build writes embedded_assets.cpp from web/dist when
// that folder exists, and an empty table when it does not.
#pragma once

#include <span>
#include <string_view>

namespace pentimento {

struct EmbeddedAsset {
  std::string_view path;          // "/index.html", "/assets/app-3f2a.js"
  std::string_view content_type;  // "text/html; charset=utf-8"
  std::string_view etag;          // hex digits of its hash
  std::string_view bytes;
};

std::span<const EmbeddedAsset> embedded_assets();

}  // namespace pentimento
