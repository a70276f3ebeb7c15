// JSON bodies against a table of fields with every type there is: either problems that name their
// fields, or an object that has a value for each of them.
#include <cstdlib>

#include "base/error.h"
#include "server/http_message.h"
#include "studio/fields.h"

namespace {

using namespace pentimento;

const std::vector<Field>& table() {
  static const std::vector<Field> share = {{.name = "style", .maximum = 60, .required = true},
                                           {.name = "weight",
                                            .type = FieldType::Number,
                                            .default_value = 1,
                                            .minimum = 0,
                                            .maximum = 9}};
  static const std::vector<Field> fields = {
      {.name = "prompt", .default_value = "", .maximum = 50},
      {.name = "kind", .default_value = "a", .choices = {"a", "bb", "ccc"}},
      {.name = "steps", .type = FieldType::Integer, .minimum = 1, .maximum = 150},
      {.name = "seed", .type = FieldType::Integer, .minimum = 0, .maximum = 4294967295.0},
      {.name = "strength", .type = FieldType::Number, .default_value = 0.5, .maximum = 1},
      {.name = "flag", .type = FieldType::Boolean, .default_value = false},
      {.name = "words", .type = FieldType::Array, .maximum = 4, .items = FieldType::String},
      {.name = "styles", .type = FieldType::Array, .maximum = 4, .fields = share},
      {.name = "one", .type = FieldType::Object, .fields = share},
      {.name = "anything", .type = FieldType::Object}};
  return fields;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const Json body = parse_json(text);
    const auto problems = problems_of(body, table(), "request");
    for (const Problem& problem : problems)
      if (problem.code.empty() || problem.message.size() > 1000) std::abort();
    if (!problems.empty()) return 0;
    const Json whole = with_defaults(body, table());
    if (whole.size() != table().size()) std::abort();
    const Json steps = whole.at("steps");
    if (!steps.is_null() && (steps.get<int64_t>() < 1 || steps.get<int64_t>() > 150)) std::abort();
    if (parse_json(dumped(whole)) != whole) std::abort();
  } catch (const Error&) {
  }
  if (const auto bytes = base64_decode(text)) {
    const auto again = base64_decode(base64_encode(*bytes));
    if (!again || *again != *bytes) std::abort();
  }
  if (percent_decode(percent_encode(text)) != text) std::abort();
  return 0;
}
