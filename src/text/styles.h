// Styles: named pieces of prompt in A1111's styles.csv, and comments in prompts (webui-spec §4.9).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pentimento {

struct Style {
  std::string name, prompt, negative_prompt;
  bool operator==(const Style&) const = default;
};

// The columns name,prompt,negative_prompt (or the old name,text) in any order, a byte order mark
// allowed. Rows whose name begins with # are skipped; of two with one name the later counts.
// Throws CorruptFile naming `label`: not UTF-8, or no such columns.
std::vector<Style> parse_styles(std::string_view csv, std::string_view label = "styles");
// With byte order mark and CRLF, as A1111 writes it. parse_styles gives the same styles back,
// unless a name begins with #.
std::string format_styles(std::span<const Style> styles);

std::vector<Style> read_styles(const std::filesystem::path& path);  // throws NotFound, CorruptFile
// Atomic; the file that was there stays as NAME.bak. Throws Io.
void write_styles(const std::filesystem::path& path, std::span<const Style> styles);

// "#" to the end of the line, as a new line; a line that is all comment goes with its line end.
std::string strip_comments(std::string_view prompt);

enum class Comments { Strip, Keep };

// The chosen styles' texts, in order, put into `prompt`: around it where a text says {prompt}, else
// behind it after ", ". Outer spaces are dropped. Throws InvalidArgument beyond kMaxPromptBytes.
std::string apply_styles(std::string_view prompt, std::span<const std::string> texts,
                         Comments comments = Comments::Strip);

struct StyledPrompts {
  std::string prompt, negative_prompt;
  std::vector<std::string> styles;  // names
};
// The same for both prompts by name; names that are not among `styles` do nothing.
StyledPrompts apply_styles(const StyledPrompts& prompts, std::span<const Style> styles,
                           Comments comments = Comments::Strip);
// The way back, for a text read from a picture: styles whose texts are found at the ends of both
// prompts are taken out and named. A guess: a prompt typed by hand may look like a style.
StyledPrompts extract_styles(std::string_view prompt, std::string_view negative_prompt,
                             std::span<const Style> styles);

}  // namespace pentimento
