#include "studio/control_json.h"

#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<ControlMode> kModes[] = {{"balanced", ControlMode::Balanced},
                                        {"prompt", ControlMode::Prompt},
                                        {"control", ControlMode::Control}};
constexpr Word<ResizeMode> kFits[] = {
    {"crop", ResizeMode::Crop}, {"stretch", ResizeMode::Stretch}, {"fill", ResizeMode::Fill}};

template <typename Visitor, typename Unit>
void visit(Visitor& field, Unit& unit) {
  field("network", unit.network);
  field("weight", unit.weight);
  field("start", unit.start);
  field("end", unit.end);
  field.word("mode", kModes, unit.mode);
  field.word("resize_mode", kFits, unit.resize_mode);
  field("threshold_a", unit.preprocess.threshold_a);
  field("threshold_b", unit.preprocess.threshold_b);
}

Field share(const char* name, double usual, const char* what, double most) {
  return {.name = name,
          .type = FieldType::Number,
          .default_value = usual,
          .what = what,
          .minimum = 0,
          .maximum = most};
}

Field threshold(const char* name, const char* what) {
  return {.name = name,
          .type = FieldType::Number,
          .default_value = -1,
          .what = what,
          .minimum = -1,
          .maximum = 255};
}

}  // namespace

Field control_field() {
  std::vector<std::string> preprocessor_keys;
  for (const PreprocessorInfo& info : preprocessors()) preprocessor_keys.emplace_back(info.key);
  return {.name = "control",
          .type = FieldType::Array,
          .default_value = Json::array(),
          .what = "ControlNets: unit k looks at the input control_k, else at the source",
          .maximum = kMostControls,
          .fields = {{.name = "network",
                      .what = "a ControlNet, by id or name: GET /api/v1/models?type=controlnet",
                      .maximum = 300,
                      .required = true},
                     {.name = "preprocessor",
                      .default_value = "none",
                      .what = "what makes the control picture; none: it is one already",
                      .choices = preprocessor_keys},
                     share("weight", 1, "how much it counts", 2),
                     share("start", 0, "share of the steps before it counts", 1),
                     share("end", 1, "share of the steps after which it counts no more", 1),
                     {.name = "mode",
                      .default_value = "balanced",
                      .what = "which counts more, the prompt or what is seen",
                      .choices = words(kModes)},
                     {.name = "resize_mode",
                      .default_value = "crop",
                      .what = "how a control picture of another shape fits",
                      .choices = words(kFits)},
                     threshold("threshold_a", "of the preprocessor; -1: its usual one"),
                     threshold("threshold_b", "of the preprocessor; -1: its usual one")}};
}

std::string control_role(size_t index) { return "control_" + std::to_string(index + 1); }

void add_control_inputs(std::vector<InputRole>& inputs) {
  for (size_t i = 0; i < kMostControls; ++i)
    inputs.push_back(
        {.name = control_role(i),
         .what = "what ControlNet " + std::to_string(i + 1) + " looks at, instead of the source",
         .required = false,
         .field = "control"});
}

std::vector<ControlUnit> controls_from_json(const Json& request) {
  std::vector<ControlUnit> units;
  const auto list = request.find("control");
  if (list == request.end() || !list->is_array()) return units;
  for (const Json& json : *list) {
    ControlUnit& unit = units.emplace_back();
    Reader reader(json);
    visit(reader, unit);
    if (const auto name = json.find("preprocessor"); name != json.end() && name->is_string())
      unit.preprocess.preprocessor = parse_preprocessor(*name);
  }
  return units;
}

Json controls_to_json(const std::vector<ControlUnit>& units) {
  Json list = Json::array();
  for (const ControlUnit& unit : units) {
    Writer writer;
    visit(writer, unit);
    writer.json["preprocessor"] = info_of(unit.preprocess.preprocessor).key;
    list.push_back(std::move(writer.json));
  }
  return list;
}

}  // namespace pentimento
