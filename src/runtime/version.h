#pragma once

#include <string>

namespace pentimento {

// "pentimento 0.1.0 (OpenVINO 2026.4.1)": what results are marked with.
std::string version_text();

}  // namespace pentimento
