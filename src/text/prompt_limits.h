// What a prompt may be, so that no text can take long or much memory. All far above any use.
#pragma once

#include <cstddef>
#include <string_view>

namespace pentimento {

inline constexpr size_t kMaxPromptBytes = 1 << 20;
inline constexpr size_t kMaxOpenBrackets = 256;  // of one kind, at one place
inline constexpr size_t kMaxScheduleBytes = 64
                                            << 20;  // all texts of one prompt's schedule together

// Throws InvalidArgument for bytes that are not UTF-8, with the position of the first.
void require_utf8(std::string_view text);
// The same, and for more than kMaxPromptBytes. Every function on prompts asks this first.
void require_prompt(std::string_view prompt);

}  // namespace pentimento
