#include "pipelines/control_infotext.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "pipelines/infotext_fields.h"

namespace pentimento {
namespace {

constexpr std::array kResizeKeys = {"stretch", "crop", "fill"};
constexpr std::array kResizeLabels = {"Just Resize", "Crop and Resize", "Resize and Fill"};

std::string key_of(size_t index) { return "ControlNet " + std::to_string(index); }

double number_of(const std::string& key, const std::string& text) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size())
    throw Error(ErrorKind::InvalidArgument,
                "ControlNet in the infotext: " + key + " is '" + text + "', expected a number");
  return value;
}

void set_field(ControlUnit& unit, const std::string& key, const std::string& value) {
  if (key == "Module") unit.preprocess.preprocessor = parse_preprocessor(value);
  if (key == "Model") unit.network = value.substr(0, value.rfind(" ["));
  if (key == "Weight") unit.weight = number_of(key, value);
  if (key == "Threshold A") unit.preprocess.threshold_a = number_of(key, value);
  if (key == "Threshold B") unit.preprocess.threshold_b = number_of(key, value);
  if (key == "Guidance Start") unit.start = number_of(key, value);
  if (key == "Guidance End") unit.end = number_of(key, value);
  if (key == "Control Mode") unit.mode = parse_control_mode(value);
  if (key != "Resize Mode") return;
  for (size_t i = 0; i < kResizeLabels.size(); ++i)
    if (value == kResizeLabels[i]) unit.resize_mode = static_cast<ResizeMode>(i);
}

// The description: "Key: value, Key: value". A file's name may hold a comma, so pieces without a
// colon belong to the value before.
ControlUnit unit_of(const std::string& description) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (size_t begin = 0; begin < description.size();) {
    const size_t end = std::min(description.find(", ", begin), description.size());
    const std::string piece = description.substr(begin, end - begin);
    const size_t colon = piece.find(": ");
    if (colon != std::string::npos)
      fields.emplace_back(piece.substr(0, colon), piece.substr(colon + 2));
    else if (!fields.empty())
      fields.back().second += ", " + piece;
    begin = end + 2;
  }
  ControlUnit unit;
  for (const auto& [key, value] : fields) set_field(unit, key, value);
  if (unit.network.empty())
    throw Error(ErrorKind::InvalidArgument,
                "ControlNet in the infotext: '" + description + "' names no model");
  return unit;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> control_facts(size_t index,
                                                               const ControlUnit& unit,
                                                               const std::string& hash,
                                                               const InputImage* own) {
  std::vector<std::pair<std::string, std::string>> facts{
      {key_of(index), describe_control(unit, hash)}};
  if (own) {
    facts.emplace_back(key_of(index) + " picture", own->name);
    facts.emplace_back(key_of(index) + " picture SHA-256", own->sha256);
  }
  return facts;
}

std::vector<ControlRecord> controls_of_infotext(const Infotext& info) {
  std::vector<ControlRecord> records;
  while (const auto description = info.get(key_of(records.size()))) {
    const std::string key = key_of(records.size()) + " picture";
    records.push_back({unit_of(*description), info.get(key).value_or(""),
                       info.get(key + " SHA-256").value_or("")});
  }
  return records;
}

std::string to_text(const ControlUnit& unit) {
  std::string text = unit.network + ":pre=" + info_of(unit.preprocess.preprocessor).key +
                     ",weight=" + number_text(unit.weight) + ",start=" + number_text(unit.start) +
                     ",end=" + number_text(unit.end) + ",mode=" + to_string(unit.mode) +
                     ",resize=" + kResizeKeys.at(static_cast<size_t>(unit.resize_mode));
  if (unit.preprocess.threshold_a >= 0) text += ",a=" + number_text(unit.preprocess.threshold_a);
  if (unit.preprocess.threshold_b >= 0) text += ",b=" + number_text(unit.preprocess.threshold_b);
  if (!unit.picture.empty()) text += ",image=" + unit.picture;
  return text;
}

}  // namespace pentimento
