#include "text/csv.h"

#include <algorithm>

namespace pentimento {
namespace {

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// A field from `at`, which is moved to the comma, the line's end or the end behind it.
std::string take_field(std::string_view text, size_t& at) {
  std::string field;
  while (at < text.size() && text[at] == ' ') ++at;
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size(); ++at) {
      const bool is_quote = text[at] == '"';
      const bool is_doubled = is_quote && at + 1 < text.size() && text[at + 1] == '"';
      if (is_quote && !is_doubled) break;
      field += text[at];
      at += is_doubled;
    }
    at += at < text.size();
  }
  const size_t end = std::min(text.find_first_of(",\r\n", at), text.size());
  field += text.substr(at, end - at);
  at = end;
  return field;
}

}  // namespace

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  for (size_t at = 0; at < text.size();) {
    if (is_line_end(text[at])) {
      ++at;
      continue;
    }
    std::vector<std::string> row = {take_field(text, at)};
    while (at < text.size() && text[at] == ',') row.push_back(take_field(text, ++at));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string format_csv_row(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    const bool is_plain = field.find_first_of(",\"\r\n") == field.npos && !field.starts_with(' ');
    if (is_plain) {
      line += field;
      continue;
    }
    line += '"';
    for (char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\r\n";
}

}  // namespace pentimento
