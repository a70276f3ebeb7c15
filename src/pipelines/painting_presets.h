// Named ways to turn a photo into a painting: a prompt around the user's own, settings that suit
// it, and a style the painting network may lay on beforehand so that a low strength is enough.
// The table is assets/painting_presets.csv, inside the program.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/img2img_request.h"
#include "runtime/stylizer.h"
#include "text/infotext.h"
#include "weights/model_config.h"

namespace pentimento {

struct PaintingPreset {
  std::string key;               // "ink-wash"
  std::string name_en, name_zh;  // "Ink wash", "水墨"
  std::string prompt;            // {prompt} is the user's
  std::string negative_prompt;
  double strength = 0.5;
  std::string sampler;  // empty: the model's
  std::optional<double> cfg;
  std::string pre_pass;          // a style of the painting network, or empty
  double pre_pass_strength = 0;  // 0..1
  std::string own_prompt;        // for Pentimento's own model, in the few words it has learnt
};

std::span<const PaintingPreset> painting_presets();

// By key or either name; case, spaces and hyphens do not matter. Throws NotFound that lists them.
const PaintingPreset& find_preset(std::string_view text);

// Reads such a table. Throws CorruptFile naming the row and what is wrong with it.
std::vector<PaintingPreset> parse_presets(std::string_view csv);

// The user's prompts within the preset's, as `config` understands them.
struct PresetPrompts {
  std::string prompt, negative_prompt;
};
PresetPrompts prompts_of(const PaintingPreset& preset, const ModelConfig& config,
                         const Img2ImgRequest& request);

// The settings beside the prompts: strength, sampler and guidance. Pentimento's own model keeps
// its sampler and guidance.
void apply_settings(const PaintingPreset& preset, const ModelConfig& config,
                    Img2ImgRequest& request);

// The picture with the preset's style laid on; the same picture when it has none.
InputImage with_pre_pass(Stylizer& stylizer, const PaintingPreset& preset, const InputImage& input,
                         const Progress& progress);

// For the result's infotext, and the way back to what was laid on the picture beforehand: nothing
// when the picture was taken as it is. Throws NotFound for a style this program does not have.
std::vector<std::pair<std::string, std::string>> preset_facts(const PaintingPreset& preset,
                                                              bool pre_pass);
const PaintingPreset* pre_pass_of_infotext(const Infotext& info);

}  // namespace pentimento
