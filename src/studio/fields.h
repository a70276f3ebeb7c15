// What a JSON object may hold, as a table: checking, defaults, the OpenAPI document and the page's
// forms are all made from it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pentimento {

using Json = nlohmann::json;

enum class FieldType { String, Integer, Number, Boolean, Array, Object };

struct Field {
  std::string name;
  FieldType type = FieldType::String;
  Json default_value = nullptr;            // null: absent means something the server resolves
  std::string what;                        // one line for people
  std::optional<double> minimum, maximum;  // numbers; length of text and arrays
  std::vector<std::string> choices;        // text: the words allowed
  bool required = false;
  std::vector<Field> fields;       // Object: its members (empty: anything); Array: of its objects
  std::optional<FieldType> items;  // Array: what it holds
};

struct Problem {
  std::string field, code, message;  // "request.steps", "out_of_range", …
};

// Every way in which `object` breaks the table; `path` comes before the names ("request").
std::vector<Problem> problems_of(const Json& object, std::span<const Field> fields,
                                 const std::string& path = {});

// Throws CodedError with the first problem (and how many more there are).
void check(const Json& object, std::span<const Field> fields, const std::string& path = {});
[[noreturn]] void refuse(const std::vector<Problem>& problems);

// `object` with the default of every field that is absent or null.
Json with_defaults(Json object, std::span<const Field> fields);

Json to_json(const Field& field);                 // as GET /api/v1/kinds shows it
Json json_schema(std::span<const Field> fields);  // JSON Schema of the object (OpenAPI 3.1)

// The word of `known` with the fewest edits from `word`, if any is near.
std::optional<std::string> closest_word(const std::string& word,
                                        const std::vector<std::string>& known);

// Parses a body. Throws CodedError "bad_json" for bytes that are not JSON, or nested too deeply, or
// not UTF-8.
Json parse_json(const std::string& text, int max_depth = 64);

}  // namespace pentimento
