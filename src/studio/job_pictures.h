// How many pictures a request asks for, as far as its fields say.
#pragma once

#include <algorithm>

#include "studio/fields.h"

namespace pentimento {

inline int64_t pictures_of(const Json& request) {
  const auto count = [&](const char* name) {
    const auto it = request.find(name);
    const bool told = it != request.end() && it->is_number_integer();
    return told ? std::clamp<int64_t>(it->get<int64_t>(), 1, 1000) : 1;
  };
  return count("batch") * count("loops");
}

}  // namespace pentimento
