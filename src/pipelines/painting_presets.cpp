#include "pipelines/painting_presets.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/error.h"
#include "pipelines/stylize.h"
#include "text/csv.h"
#include "text/styles.h"

extern "C" const char pentimento_painting_presets[], pentimento_painting_presets_end[];

namespace pentimento {
namespace {

constexpr const char* kColumns[] = {
    "key", "name_en",  "name_zh",           "prompt",    "negative_prompt", "strength", "sampler",
    "cfg", "pre_pass", "pre_pass_strength", "own_prompt"};

[[noreturn]] void refuse_row(size_t row, const std::string& why) {
  throw Error(ErrorKind::CorruptFile, "painting presets, row " + std::to_string(row) + ": " + why);
}

double number_in(const std::string& text, size_t row, const char* column, double low, double high) {
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !(value >= low) ||
      !(value <= high))
    refuse_row(row, std::string(column) + " is '" + text + "', expected a number from " +
                        std::to_string(static_cast<int>(low)) + " to " +
                        std::to_string(static_cast<int>(high)));
  return value;
}

// What remains of a name when case, spaces, hyphens and underscores are left out.
std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' && c != '-' && c != '_')
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool is_own(const ModelConfig& config) { return config.variant == Variant::SourceConditioned; }

}  // namespace

std::vector<PaintingPreset> parse_presets(std::string_view csv) {
  const auto rows = parse_csv(csv);
  if (rows.empty() ||
      !std::equal(rows[0].begin(), rows[0].end(), std::begin(kColumns), std::end(kColumns)))
    refuse_row(1, "expected the columns key, name_en, …, own_prompt");
  std::vector<PaintingPreset> presets;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (row.size() != std::size(kColumns))
      refuse_row(i + 1, "has " + std::to_string(row.size()) + " fields, expected " +
                            std::to_string(std::size(kColumns)));
    PaintingPreset p{.key = row[0],
                     .name_en = row[1],
                     .name_zh = row[2],
                     .prompt = row[3],
                     .negative_prompt = row[4],
                     .strength = number_in(row[5], i + 1, "strength", 0, 1),
                     .sampler = row[6],
                     .cfg = {},
                     .pre_pass = row[8],
                     .pre_pass_strength = number_in(row[9], i + 1, "pre_pass_strength", 0, 1),
                     .own_prompt = row[10]};
    if (!row[7].empty()) p.cfg = number_in(row[7], i + 1, "cfg", 0, 100);
    for (const std::string* text : {&p.prompt, &p.own_prompt})
      if (text->find("{prompt}") == std::string::npos)
        refuse_row(i + 1, "a prompt has no place for the user's own, {prompt}");
    presets.push_back(std::move(p));
  }
  return presets;
}

std::span<const PaintingPreset> painting_presets() {
  static const std::vector<PaintingPreset> kPresets =
      parse_presets({pentimento_painting_presets, pentimento_painting_presets_end});
  return kPresets;
}

const PaintingPreset& find_preset(std::string_view text) {
  const std::string wanted = plain(text);
  std::string known;
  for (const PaintingPreset& preset : painting_presets()) {
    if (wanted == plain(preset.key) || wanted == plain(preset.name_en) || wanted == preset.name_zh)
      return preset;
    known += (known.empty() ? "" : ", ") + preset.key + " (" + preset.name_zh + ")";
  }
  throw Error(ErrorKind::NotFound,
              "no painting style '" + std::string(text) + "'; there are " + known);
}

PresetPrompts prompts_of(const PaintingPreset& preset, const ModelConfig& config,
                         const Img2ImgRequest& request) {
  const std::string text = is_own(config) ? preset.own_prompt : preset.prompt;
  PresetPrompts prompts;
  if (request.prompt.empty()) {  // "{prompt}, watercolour" -> "watercolour"
    prompts.prompt = apply_styles("", std::vector<std::string>{text}, Comments::Keep);
    const size_t begin = prompts.prompt.find_first_not_of(", ");
    prompts.prompt.erase(0, std::min(begin, prompts.prompt.size()));
    const size_t of = prompts.prompt.find(" of , ");
    if (of != std::string::npos) prompts.prompt.erase(of, 4);
  } else {
    prompts.prompt = apply_styles(request.prompt, std::vector<std::string>{text}, Comments::Keep);
  }
  prompts.negative_prompt = request.negative_prompt;
  if (!is_own(config))
    prompts.negative_prompt = apply_styles(
        request.negative_prompt, std::vector<std::string>{preset.negative_prompt}, Comments::Keep);
  return prompts;
}

void apply_settings(const PaintingPreset& preset, const ModelConfig& config,
                    Img2ImgRequest& request) {
  request.strength = preset.strength;
  if (is_own(config)) return;
  request.sampler = preset.sampler;
  request.cfg = preset.cfg;
}

InputImage with_pre_pass(Stylizer& stylizer, const PaintingPreset& preset, const InputImage& input,
                         const Progress& progress) {
  if (preset.pre_pass.empty() || preset.pre_pass_strength <= 0) return input;
  StylizeRequest request;
  request.styles = parse_styles(preset.pre_pass);
  request.strength = preset.pre_pass_strength;
  InputImage painted = input;
  painted.image = stylize(stylizer, request, input.image, progress);
  return painted;
}

std::vector<std::pair<std::string, std::string>> preset_facts(const PaintingPreset& preset,
                                                              bool pre_pass) {
  std::vector<std::pair<std::string, std::string>> facts = {{"Painting style", preset.key}};
  if (pre_pass) facts.emplace_back("Style pre-pass", "True");
  return facts;
}

const PaintingPreset* pre_pass_of_infotext(const Infotext& info) {
  if (info.get("Style pre-pass").value_or("") != "True") return nullptr;
  return &find_preset(info.get("Painting style").value_or(""));
}

}  // namespace pentimento
