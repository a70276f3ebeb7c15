#include "text/styles.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/paths.h"
#include "text/csv.h"
#include "text/prompt_limits.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kPlaceholder = "{prompt}";

using Row = std::vector<std::string>;

std::optional<size_t> find_column(const Row& header, std::string_view name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return found - header.begin();
}

std::string cell(const Row& row, std::optional<size_t> column) {
  return column && *column < row.size() ? row[*column] : "";
}

// `style` with every {prompt} replaced; stops growing once it is too long for a prompt.
std::string filled(std::string_view style, std::string_view prompt) {
  std::string out;
  while (out.size() <= kMaxPromptBytes) {
    const size_t at = style.find(kPlaceholder);
    out += style.substr(0, at);
    if (at == style.npos) break;
    out += prompt;
    style.remove_prefix(at + kPlaceholder.size());
  }
  return out;
}

const Style* find_style(std::span<const Style> styles, std::string_view name) {
  const auto found =
      std::find_if(styles.begin(), styles.end(), [&](const Style& s) { return s.name == name; });
  return found == styles.end() ? nullptr : &*found;
}

// The prompt without the style's text, if it is there.
std::optional<std::string> without_style(std::string_view style_text, std::string_view prompt) {
  const std::string cleaned = strip_comments(style_text);
  const std::string_view style = strip(cleaned);
  std::string_view rest = strip(prompt);
  if (const size_t at = style.find(kPlaceholder); at != style.npos) {
    const std::string_view left = style.substr(0, at),
                           right = style.substr(at + kPlaceholder.size());
    if (!rest.starts_with(left) || !rest.ends_with(right)) return std::nullopt;
    rest.remove_prefix(left.size());
    rest.remove_suffix(std::min(right.size(), rest.size()));
    return std::string(rest);
  }
  if (!rest.ends_with(style)) return std::nullopt;
  rest.remove_suffix(style.size());
  if (rest.ends_with(", ")) rest.remove_suffix(2);
  return std::string(rest);
}

}  // namespace

std::vector<Style> parse_styles(std::string_view csv, std::string_view label) {
  if (csv.starts_with(kByteOrderMark)) csv.remove_prefix(kByteOrderMark.size());
  if (const size_t bad = find_invalid_utf8(csv); bad != csv.npos)
    throw Error(ErrorKind::CorruptFile, std::string(label) + ": byte " + std::to_string(bad) +
                                            " is not UTF-8; save the file as UTF-8");
  const std::vector<Row> rows = parse_csv(csv);
  const Row header = rows.empty() ? Row{} : rows.front();
  const std::optional<size_t> name = find_column(header, "name");
  std::optional<size_t> prompt = find_column(header, "prompt");
  if (!prompt) prompt = find_column(header, "text");
  if (!name || !prompt)
    throw Error(ErrorKind::CorruptFile, std::string(label) + ": the first line is '" +
                                            excerpt(csv.substr(0, csv.find_first_of("\r\n"))) +
                                            "', expected name,prompt,negative_prompt");

  const std::optional<size_t> negative = find_column(header, "negative_prompt");
  std::vector<Style> styles;
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 1; i < rows.size(); ++i) {
    Style style{cell(rows[i], name), cell(rows[i], prompt), cell(rows[i], negative)};
    if (style.name.starts_with('#')) continue;
    const auto [place, is_new] = places.emplace(style.name, styles.size());
    if (is_new)
      styles.push_back(std::move(style));
    else
      styles[place->second] = std::move(style);
  }
  return styles;
}

std::string format_styles(std::span<const Style> styles) {
  std::string csv =
      std::string(kByteOrderMark) + format_csv_row({"name", "prompt", "negative_prompt"});
  for (const Style& style : styles)
    csv += format_csv_row({style.name, style.prompt, style.negative_prompt});
  return csv;
}

std::vector<Style> read_styles(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return parse_styles({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()},
                      path.string());
}

void write_styles(const std::filesystem::path& path, std::span<const Style> styles) {
  const std::string csv = format_styles(styles);
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) {
    std::filesystem::path backup = path;
    backup += ".bak";
    std::filesystem::copy_file(path, backup, std::filesystem::copy_options::overwrite_existing,
                               failed);
    if (failed)
      throw Error(ErrorKind::Io, backup.string() + ": cannot keep a copy of the styles (" +
                                     failed.message() + "); make the folder writable");
  }
  write_file_atomically(path, std::as_bytes(std::span(csv)));
}

std::string strip_comments(std::string_view prompt) {
  // Two passes, as in the original: whole lines first, then what follows a # elsewhere.
  std::string lines, out;
  for (size_t at = 0; at < prompt.size();) {
    const size_t hash = prompt[at] == '\n' ? at + 1 : at;
    const bool at_line_start = at == 0 || prompt[at] == '\n';
    if (at_line_start && hash < prompt.size() && prompt[hash] == '#') {
      at = std::min(prompt.find('\n', hash), prompt.size() - 1) + 1;
      lines += '\n';
    } else {
      lines += prompt[at++];
    }
  }
  for (size_t at = 0; at < lines.size();) {
    if (lines[at] == '#') {
      at = std::min(lines.find('\n', at), lines.size() - 1) + 1;
      out += '\n';
    } else {
      out += lines[at++];
    }
  }
  return out;
}

std::string apply_styles(std::string_view prompt, std::span<const std::string> texts,
                         Comments comments) {
  const auto cleaned = [&](std::string_view text) {
    const std::string kept = comments == Comments::Strip ? strip_comments(text) : std::string(text);
    return std::string(strip(kept));
  };
  std::string out = cleaned(prompt);
  for (const std::string& text : texts) {
    const std::string style = cleaned(text);
    if (style.find(kPlaceholder) != style.npos) {
      out = filled(style, out);
    } else if (!style.empty()) {
      out += (out.empty() ? "" : ", ") + style;
    }
    if (out.size() > kMaxPromptBytes)
      throw Error(ErrorKind::InvalidArgument,
                  "styles: the prompt grows beyond " + std::to_string(kMaxPromptBytes) +
                      " bytes; apply fewer, or say {prompt} once in each");
  }
  return out;
}

StyledPrompts apply_styles(const StyledPrompts& prompts, std::span<const Style> styles,
                           Comments comments) {
  std::vector<std::string> positive, negative;
  for (const std::string& name : prompts.styles) {
    const Style* style = find_style(styles, name);
    if (!style) continue;
    positive.push_back(style->prompt);
    negative.push_back(style->negative_prompt);
  }
  return {apply_styles(prompts.prompt, positive, comments),
          apply_styles(prompts.negative_prompt, negative, comments), prompts.styles};
}

StyledPrompts extract_styles(std::string_view prompt, std::string_view negative_prompt,
                             std::span<const Style> styles) {
  StyledPrompts found{strip_comments(prompt), strip_comments(negative_prompt), {}};
  std::vector<const Style*> left;
  for (const Style& style : styles)
    if (!style.prompt.empty() || !style.negative_prompt.empty()) left.push_back(&style);

  // The style applied last is the outermost: look through all again after each find.
  for (size_t i = 0; i < left.size();) {
    std::optional<std::string> positive = without_style(left[i]->prompt, found.prompt);
    std::optional<std::string> negative =
        positive ? without_style(left[i]->negative_prompt, found.negative_prompt) : std::nullopt;
    if (!negative) {
      ++i;
      continue;
    }
    found.prompt = std::move(*positive);
    found.negative_prompt = std::move(*negative);
    found.styles.insert(found.styles.begin(), left[i]->name);
    left.erase(left.begin() + i);
    i = 0;
  }
  return found;
}

}  // namespace pentimento
