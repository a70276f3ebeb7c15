// The program's own remarks in Chinese: what it found out about a model file, why a file cannot be
// used, what a job noticed. Each is written in English where it is made; this table knows the other
// wording, for `inspect` and for the page.
//
// Limitations: messages of errors (which name tensors, numbers and files) are not in it.
#pragma once

#include <string>
#include <vector>

namespace pentimento {

// Empty for a remark that the table does not know. Never throws. Thread-safe.
std::string in_chinese(const std::string& remark);

// Those that are known in Chinese, the others as they are.
std::vector<std::string> all_in_chinese(const std::vector<std::string>& remarks);

}  // namespace pentimento
