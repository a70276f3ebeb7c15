#include "runtime/version.h"

#include <openvino/core/version.hpp>

#include "base/version.h"

namespace pentimento {

std::string version_text() {
  std::string build = ov::get_openvino_version().buildNumber;  // "2026.4.1-22982-…"
  return std::string("pentimento ") + kVersion + " (OpenVINO " + build.substr(0, build.find('-')) +
         ")";
}

}  // namespace pentimento
