#pragma once

namespace pentimento {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace pentimento
