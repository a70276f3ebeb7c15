#include "weights/config_fields.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"

namespace pentimento {

using nlohmann::json;

namespace {

// The JSON library copies and compares recursively; a text nested deep enough would use up the
// stack.
bool is_nested_deeply(std::string_view text) {
  constexpr int kMostLevels = 32;
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '[' || c == '{') && ++depth > kMostLevels)
      return true;
    else if (!in_string && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

std::string shown(const json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return in_quotes(value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 60));
}

}  // namespace

void ConfigFields::add(json object, std::string label) {
  if (object.is_object()) sources_.push_back({std::move(object), std::move(label)});
}

const json* ConfigFields::find(const char* field, const Source** source) const {
  for (const Source& candidate : sources_) {
    const auto found = candidate.object.find(field);
    if (found == candidate.object.end() || found->is_null()) continue;
    if (source) *source = &candidate;
    return &*found;
  }
  return nullptr;
}

void ConfigFields::refuse(const char* field, const std::string& expected) const {
  const Source* source = nullptr;
  const json* value = find(field, &source);
  throw Error(ErrorKind::CorruptFile,
              source->label + ": '" + field + "' is " + shown(*value) + ", expected " + expected);
}

std::optional<int> ConfigFields::integer(const char* field, int lowest, int highest) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  if (value->is_number_integer()) {
    const auto number = value->get<int64_t>();
    if (number >= lowest && number <= highest) return static_cast<int>(number);
  }
  refuse(field, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
}

std::optional<double> ConfigFields::number(const char* field) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  if (value->is_number() && std::isfinite(value->get<double>())) return value->get<double>();
  refuse(field, "a number");
}

std::optional<bool> ConfigFields::flag(const char* field) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  refuse(field, "true or false");
}

std::optional<std::string> ConfigFields::text(const char* field) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  refuse(field, "a text");
}

std::optional<std::vector<int>> ConfigFields::integers(const char* field, size_t levels, int lowest,
                                                       int highest) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  const auto fits = [&](const json& item) {
    return item.is_number_integer() && item.get<int64_t>() >= lowest &&
           item.get<int64_t>() <= highest;
  };
  if (fits(*value)) return std::vector<int>(levels, value->get<int>());
  if (value->is_array() && value->size() == levels &&
      std::all_of(value->begin(), value->end(), fits))
    return value->get<std::vector<int>>();
  refuse(field, "one whole number or " + std::to_string(levels) + " of them, each from " +
                    std::to_string(lowest) + " to " + std::to_string(highest));
}

std::optional<std::vector<float>> ConfigFields::numbers(const char* field, size_t count) const {
  const json* value = find(field);
  if (!value) return std::nullopt;
  const auto finite = [](const json& item) {
    return item.is_number() && std::isfinite(item.get<float>());
  };
  if (value->is_array() && value->size() == count &&
      std::all_of(value->begin(), value->end(), finite))
    return value->get<std::vector<float>>();
  refuse(field, std::to_string(count) + " numbers");
}

ConfigFields ConfigFields::object(const char* field) const {
  ConfigFields inner;
  for (const Source& source : sources_)
    if (const auto found = source.object.find(field); found != source.object.end())
      inner.add(*found, source.label + ": '" + field + "'");
  return inner;
}

void ConfigFields::require(const char* field, const json& one_of) const {
  const Source* source = nullptr;
  const json* value = find(field, &source);
  if (!value || std::find(one_of.begin(), one_of.end(), *value) != one_of.end()) return;
  throw Error(ErrorKind::Unsupported, source->label + ": '" + field + "' is " + shown(*value) +
                                          ", a kind of model that this program does not run");
}

json parse_config(std::string_view text, const std::string& label) {
  if (is_nested_deeply(text))
    throw Error(ErrorKind::CorruptFile, label + ": nests its lists and objects more than 32 deep");
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) throw Error(ErrorKind::CorruptFile, label + ": is not a JSON object");
  return value;
}

std::optional<json> read_config(const std::filesystem::path& path) {
  constexpr uintmax_t kMaxBytes = 64u << 20;
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  if (size > kMaxBytes)
    throw Error(ErrorKind::CorruptFile,
                path.string() + ": is larger than 64 MiB, no configuration");
  const auto file = MappedFile::open(path);
  return parse_config({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()},
                      path.string());
}

}  // namespace pentimento
