#include "studio/gallery_search.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string as_phrase(const std::string& word) {
  std::string phrase = "\"";
  for (const char c : word) phrase += c == '"' ? std::string("\"\"") : std::string(1, c);
  return phrase + "\"";
}

std::string as_pattern(const std::string& word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

}  // namespace

std::vector<std::string> search_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      finish();
      quoted = !quoted;
    } else if (!quoted && (static_cast<unsigned char>(c) <= ' ' || c == '\0')) {
      finish();
    } else if (!quoted && text.compare(i, 3, "\xe3\x80\x80") == 0) {  // the ideographic space
      finish();
      i += 2;
    } else if (c != '\0') {
      word += c;
    }
  }
  finish();
  if (words.size() > 20) words.resize(20);
  return words;
}

std::string cursor_after(double created, int64_t id) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g_%lld", created, static_cast<long long>(id));
  return text;
}

PictureQuery picture_query(const PictureFilter& filter) {
  PictureQuery query;
  query.where =
      filter.trashed ? "trashed IS NOT NULL AND missing = 0" : "trashed IS NULL AND missing = 0";
  const auto require = [&](const std::string& condition, auto value) {
    query.where += " AND " + condition;
    query.values.emplace_back(value);
  };
  if (!filter.kind.empty()) require("kind = ?", filter.kind);
  if (!filter.model.empty()) require("model = ?", filter.model);
  if (!filter.tag.empty())
    require("picture.id IN (SELECT picture FROM picture_tag WHERE tag = ?)", filter.tag);
  if (!filter.input.empty())
    require("picture.id IN (SELECT picture FROM picture_input WHERE sha256 = ?)", filter.input);
  if (filter.job) require("job = ?", *filter.job);
  if (filter.favourite) require("favourite = ?", static_cast<int64_t>(*filter.favourite));
  if (filter.from) require("created >= ?", *filter.from);
  if (filter.to) require("created < ?", *filter.to);
  std::string phrases;
  for (const std::string& word : search_words(filter.text)) {
    if (characters(word) >= 3)
      phrases += (phrases.empty() ? "" : " AND ") + as_phrase(word);
    else
      require("picture.id IN (SELECT rowid FROM picture_text WHERE words LIKE ? ESCAPE '\\')",
              as_pattern(word));
  }
  if (!phrases.empty())
    require("picture.id IN (SELECT rowid FROM picture_text WHERE picture_text MATCH ?)", phrases);
  if (!filter.cursor.empty()) {
    double created = 0;
    long long id = 0;
    char rest = 0;
    if (filter.cursor.size() > 60 ||
        std::sscanf(filter.cursor.c_str(), "%lf_%lld%c", &created, &id, &rest) != 2 ||
        !std::isfinite(created))
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "cursor is not one that this server gave", "cursor");
    require("(created, picture.id) < (?, ", created);
    query.where += "?)";
    query.values.emplace_back(static_cast<int64_t>(id));
  }
  return query;
}

}  // namespace pentimento
