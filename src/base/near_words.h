// Which of the names that exist somebody may have meant.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace pentimento {

// Those of `known` that hold `word`, or lie few letters from it, the nearest first; case does not
// count, and no name comes twice.
std::vector<std::string> near_words(const std::string& word, std::span<const std::string> known,
                                    size_t at_most = 5);

// "; did you mean A, B?", or "" when nothing is near: the end of a message.
std::string did_you_mean(const std::string& word, std::span<const std::string> known);

}  // namespace pentimento
