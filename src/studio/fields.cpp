#include "studio/fields.h"

#include <algorithm>
#include <cmath>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

const char* type_name(FieldType type) {
  switch (type) {
    case FieldType::String:
      return "string";
    case FieldType::Integer:
      return "integer";
    case FieldType::Number:
      return "number";
    case FieldType::Boolean:
      return "boolean";
    case FieldType::Array:
      return "array";
    case FieldType::Object:
      return "object";
  }
  return "object";
}

// 20.0 is an integer to those who send it.
bool has_type(const Json& value, FieldType type) {
  switch (type) {
    case FieldType::String:
      return value.is_string();
    case FieldType::Integer:
      return value.is_number_integer() ||
             (value.is_number_float() && std::isfinite(value.get<double>()) &&
              std::trunc(value.get<double>()) == value.get<double>() &&
              std::abs(value.get<double>()) < 9e15);
    case FieldType::Number:
      return value.is_number();
    case FieldType::Boolean:
      return value.is_boolean();
    case FieldType::Array:
      return value.is_array();
    case FieldType::Object:
      return value.is_object();
  }
  return false;
}

std::string spoken(double number) {
  std::string text = Json(number).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string shown(const Json& value) {
  if (value.is_object() || value.is_array()) return value.is_object() ? "an object" : "an array";
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string range_text(const Field& field) {
  if (field.minimum && field.maximum)
    return spoken(*field.minimum) + " to " + spoken(*field.maximum);
  return field.minimum ? "at least " + spoken(*field.minimum) : "at most " + spoken(*field.maximum);
}

struct Checker {
  std::vector<Problem> problems;

  void add(const std::string& path, const char* code, const std::string& message) {
    problems.push_back({path, code, path + " " + message});
  }

  void range(const Json& value, const Field& field, const std::string& path) {
    if (!field.minimum && !field.maximum) return;
    double measure = 0;
    std::string unit;
    if (value.is_number()) {
      measure = value.get<double>();
    } else if (value.is_string()) {
      measure = static_cast<double>(characters(value.get_ref<const std::string&>()));
      unit = " characters long";
    } else if (value.is_array()) {
      measure = static_cast<double>(value.size());
      unit = " items long";
    } else {
      return;
    }
    const bool fine = (!field.minimum || measure >= *field.minimum) &&
                      (!field.maximum || measure <= *field.maximum);
    if (!fine)
      add(path, "out_of_range", "is " + spoken(measure) + unit + ", expected " + range_text(field));
  }

  void value(const Json& value, const Field& field, const std::string& path) {
    if (!has_type(value, field.type))
      return add(path, "wrong_type", "is " + shown(value) + ", expected " + type_name(field.type));
    range(value, field, path);
    if (!field.choices.empty() && value.is_string() &&
        std::find(field.choices.begin(), field.choices.end(),
                  value.get_ref<const std::string&>()) == field.choices.end()) {
      std::string words;
      for (const std::string& choice : field.choices) words += (words.empty() ? "" : ", ") + choice;
      add(path, "out_of_range", "is " + shown(value) + ", expected one of: " + words);
    }
    if (field.type == FieldType::Object && !field.fields.empty()) object(value, field.fields, path);
    if (field.type == FieldType::Array) items(value, field, path);
  }

  void items(const Json& array, const Field& field, const std::string& path) {
    for (size_t i = 0; i < array.size() && problems.size() < 20; ++i) {
      const std::string item_path = path + "[" + std::to_string(i) + "]";
      if (!field.fields.empty())
        object(array[i], field.fields, item_path);
      else if (field.items && !has_type(array[i], *field.items))
        add(item_path, "wrong_type",
            "is " + shown(array[i]) + ", expected " + type_name(*field.items));
    }
  }

  void object(const Json& object, std::span<const Field> fields, const std::string& path) {
    if (!object.is_object())
      return add(path.empty() ? "body" : path, "wrong_type",
                 "is " + shown(object) + ", expected an object");
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const auto& [name, item] : object.items()) {
      const auto known = std::find_if(fields.begin(), fields.end(),
                                      [&, name = name](const Field& f) { return f.name == name; });
      if (known == fields.end())
        unknown(name, fields, prefix);
      else if (!item.is_null())
        value(item, *known, prefix + name);
    }
    for (const Field& field : fields)
      if (field.required && (!object.contains(field.name) || object[field.name].is_null()))
        add(prefix + field.name, "missing_field", "is missing: " + field.what);
  }

  void unknown(const std::string& name, std::span<const Field> fields, const std::string& prefix) {
    std::vector<std::string> names;
    for (const Field& field : fields) names.push_back(field.name);
    const auto near = closest_word(name, names);
    std::string shown_name = prefix + name.substr(0, 80);
    add(shown_name, "unknown_field",
        "is not a field here" + (near ? "; did you mean " + *near + "?" : std::string()));
  }
};

}  // namespace

std::vector<Problem> problems_of(const Json& object, std::span<const Field> fields,
                                 const std::string& path) {
  Checker checker;
  checker.object(object, fields, path);
  return std::move(checker.problems);
}

void refuse(const std::vector<Problem>& problems) {
  const Problem& first = problems.front();
  std::string message = first.message;
  if (problems.size() > 1) message += " (and " + std::to_string(problems.size() - 1) + " more)";
  throw CodedError(ErrorKind::InvalidArgument, first.code, message, first.field);
}

void check(const Json& object, std::span<const Field> fields, const std::string& path) {
  const auto problems = problems_of(object, fields, path);
  if (!problems.empty()) refuse(problems);
}

Json with_defaults(Json object, std::span<const Field> fields) {
  for (const Field& field : fields)
    if (!object.contains(field.name) || object[field.name].is_null())
      object[field.name] = field.default_value;
  return object;
}

Json to_json(const Field& field) {
  Json json = {{"name", field.name},
               {"type", type_name(field.type)},
               {"default", field.default_value},
               {"what", field.what},
               {"required", field.required},
               {"nullable", field.default_value.is_null()},
               {"minimum", nullptr},
               {"maximum", nullptr},
               {"choices", nullptr}};
  if (field.minimum) json["minimum"] = *field.minimum;
  if (field.maximum) json["maximum"] = *field.maximum;
  if (!field.choices.empty()) json["choices"] = field.choices;
  if (!field.fields.empty()) {
    json["fields"] = Json::array();
    for (const Field& inner : field.fields) json["fields"].push_back(to_json(inner));
  }
  return json;
}

namespace {

Json value_schema(const Field& field) {
  Json schema = {{"type", Json::array({type_name(field.type), "null"})}};
  if (field.required) schema["type"] = type_name(field.type);
  const char* low = field.type == FieldType::String  ? "minLength"
                    : field.type == FieldType::Array ? "minItems"
                                                     : "minimum";
  const char* high = field.type == FieldType::String  ? "maxLength"
                     : field.type == FieldType::Array ? "maxItems"
                                                      : "maximum";
  const auto bound = [&](double value) {
    return field.type == FieldType::Number ? Json(value) : Json(static_cast<int64_t>(value));
  };
  if (field.minimum) schema[low] = bound(*field.minimum);
  if (field.maximum) schema[high] = bound(*field.maximum);
  if (!field.choices.empty()) {
    schema["enum"] = field.choices;
    if (!field.required) schema["enum"].push_back(nullptr);
  }
  if (!field.what.empty()) schema["description"] = field.what;
  if (!field.default_value.is_null()) schema["default"] = field.default_value;
  if (field.type == FieldType::Object && !field.fields.empty()) {
    const Json inner = json_schema(field.fields);
    for (const auto& [key, item] : inner.items())
      if (key != "type") schema[key] = item;
  }
  if (field.type == FieldType::Array) {
    if (!field.fields.empty())
      schema["items"] = json_schema(field.fields);
    else if (field.items)
      schema["items"] = {{"type", type_name(*field.items)}};
  }
  return schema;
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

int depth_of(const std::string& text) {
  int depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Json json_schema(std::span<const Field> fields) {
  Json schema = {
      {"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  Json required = Json::array();
  for (const Field& field : fields) {
    schema["properties"][field.name] = value_schema(field);
    if (field.required) required.push_back(field.name);
  }
  if (!required.empty()) schema["required"] = required;
  return schema;
}

std::optional<std::string> closest_word(const std::string& word,
                                        const std::vector<std::string>& known) {
  if (word.size() > 80) return std::nullopt;
  std::optional<std::string> best;
  size_t fewest = std::max<size_t>(2, word.size() / 2);
  for (const std::string& candidate : known) {
    const size_t edits = edit_distance(word, candidate);
    const bool contains = word.size() >= 3 && candidate.find(word) != std::string::npos;
    const size_t score = contains ? std::min<size_t>(edits, 1) : edits;
    if (score < fewest) {
      fewest = score;
      best = candidate;
    }
  }
  return best;
}

Json parse_json(const std::string& text, int max_depth) {
  if (depth_of(text) > max_depth)
    throw CodedError(ErrorKind::InvalidArgument, "bad_json",
                     "the body is nested deeper than " + std::to_string(max_depth) + " levels");
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    std::string reason = error.what();
    if (const size_t end = reason.find("; last read"); end != std::string::npos) reason.resize(end);
    if (const size_t begin = reason.find("] "); begin != std::string::npos)
      reason = reason.substr(begin + 2);
    throw CodedError(ErrorKind::InvalidArgument, "bad_json", "the body is not JSON: " + reason);
  }
}

}  // namespace pentimento
