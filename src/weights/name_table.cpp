#include "weights/name_table.h"

namespace pentimento {

void NameTable::add(std::string ldm, std::string diffusers) {
  to_ldm_.emplace(diffusers, ldm);
  to_diffusers_.emplace(std::move(ldm), std::move(diffusers));
}

std::string NameTable::translate(const Map& map, std::string_view name) {
  for (size_t cut = name.size(); cut != std::string_view::npos; cut = name.rfind('.', cut - 1)) {
    const auto found = map.find(name.substr(0, cut));
    if (found != map.end()) return found->second + std::string(name.substr(cut));
    if (cut == 0) break;
  }
  return "";
}

}  // namespace pentimento
