// One JSON string (RFC 8259 §7), as Python's json.dumps(…, ensure_ascii=False) writes it and
// json.loads reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pentimento {

std::string to_json_string(std::string_view text);  // with its quotes

// `text` with its quotes; nothing if it is no JSON string, or holds half a surrogate pair.
std::optional<std::string> parse_json_string(std::string_view text);

}  // namespace pentimento
