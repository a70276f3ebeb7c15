// What people type into the search box, as SQL. Words of three characters or more are looked up in
// the trigram index (any script); shorter ones, such as most Chinese words, by scanning the same
// text.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "studio/gallery.h"

namespace pentimento {

struct PictureQuery {
  std::string where;  // with ? for each value
  std::vector<std::variant<std::string, int64_t, double>> values;
};

PictureQuery picture_query(
    const PictureFilter& filter);  // throws InvalidArgument: a cursor not ours
std::vector<std::string> search_words(const std::string& text);  // "quoted phrases" stay whole
std::string cursor_after(double created, int64_t id);

}  // namespace pentimento
