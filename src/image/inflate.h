// Zlib data (https://www.rfc-editor.org/rfc/rfc1950) unpacked within a budget.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pentimento {

// The data inflated, what follows it ignored; none if it is damaged or larger than the budget,
// which is spent all the same.
std::optional<std::string> inflated(std::string_view data, size_t& budget);

}  // namespace pentimento
