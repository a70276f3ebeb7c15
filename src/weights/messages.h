// Names out of foreign files, made fit for a one-line message.
#pragma once

#include <string>
#include <string_view>

namespace pentimento {

// 'name', with control characters replaced and long names cut.
std::string in_quotes(std::string_view name);

}  // namespace pentimento
