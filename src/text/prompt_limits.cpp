#include "text/prompt_limits.h"

#include <string>

#include "base/error.h"
#include "text/unicode.h"

namespace pentimento {

void require_utf8(std::string_view text) {
  if (const size_t bad = find_invalid_utf8(text); bad != text.npos)
    throw Error(ErrorKind::InvalidArgument, "prompt: byte " + std::to_string(bad) +
                                                " is not UTF-8; save or send the text as UTF-8");
}

void require_prompt(std::string_view prompt) {
  if (prompt.size() > kMaxPromptBytes)
    throw Error(ErrorKind::InvalidArgument, "prompt: " + std::to_string(prompt.size()) +
                                                " bytes long, expected at most " +
                                                std::to_string(kMaxPromptBytes) + "; shorten it");
  require_utf8(prompt);
}

}  // namespace pentimento
