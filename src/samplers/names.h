// Names people type: compared without case, and answered with the nearest ones when unknown.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

bool same_name(std::string_view a, std::string_view b);  // ASCII case ignored
bool ends_with_name(std::string_view text, std::string_view end);

// `unknown sampler 'Eular'; did you mean 'Euler', 'Euler a' or 'Heun'?`: the three candidates with
// the fewest edits (Levenshtein), nearest first.
std::string unknown_name(std::string_view what, std::string_view name,
                         std::span<const std::string> candidates);

}  // namespace pentimento
