// What is wrong with a command line, in this program's words rather than the parser's.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace pentimento {

// One line: what was found, and what was meant or expected: "--bacth: no such option; did you mean
// --batch?". `app` has just refused to parse.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

// The verb as it was reached: "img2img", "models set"; "" before any.
std::string verb_of(const CLI::App& app);

}  // namespace pentimento
