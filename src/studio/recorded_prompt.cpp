#include "studio/recorded_prompt.h"

#include <array>
#include <nlohmann/json.hpp>
#include <span>

namespace pentimento {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr int kDeepest = 64;     // nesting of JSON
constexpr int kLongestWay = 64;  // nodes between a sampler and its text

// An object, or nothing for whatever else the text is.
std::optional<Json> parse_object(const std::string& text) {
  if (text.size() > kMostBytes) return {};
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (too_deep || !json.is_object()) return {};
  return json;
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// A text as it is, a number or true/false as JSON writes it; nothing for the rest.
std::optional<std::string> plain(const Json* value) {
  if (!value) return {};
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number() || value->is_boolean()) return value->dump();
  return {};
}

struct Setting {
  const char *theirs, *ours;
};

void copy_settings(const Json& from, std::span<const Setting> settings, Infotext& to) {
  for (const Setting& setting : settings)
    if (const auto value = plain(member(from, setting.theirs)); value && !value->empty())
      to.set(setting.ours, *value);
}

std::string without_folder_and_ending(std::string file) {
  file = file.substr(file.find_last_of("/\\") + 1);
  return file.substr(0, file.rfind('.'));
}

void set_size(const Json& from, Infotext& to) {
  const auto width = plain(member(from, "width")), height = plain(member(from, "height"));
  if (width && height) to.set("Size", *width + "x" + *height);
}

// --- ComfyUI ---------------------------------------------------------------------------------

// {"3": {"class_type": "KSampler", "inputs": {"seed": 5, "positive": ["6", 0]}}, …}
class Graph {
 public:
  explicit Graph(const Json& nodes) : nodes_(nodes) {}

  std::optional<RecordedPrompt> read() const {
    for (const auto& [id, node] : nodes_.items()) {
      const Json* inputs = member(node, "inputs");
      if (!inputs || !is_sampler(*inputs)) continue;
      const Json* guider = target(member(*inputs, "guider"));
      const Json& conditions = guider ? *guider : *inputs;
      const Json* positive = member(
          conditions, guider && !member(conditions, "positive") ? "conditioning" : "positive");
      const std::string prompt = text_behind(positive);
      if (prompt.empty()) continue;
      RecordedPrompt found{.program = "ComfyUI", .info = {}};
      found.info.prompt = prompt;
      found.info.negative_prompt = text_behind(member(conditions, "negative"));
      settings(*inputs, found.info);
      return found;
    }
    return {};
  }

 private:
  static bool is_sampler(const Json& inputs) {
    const bool seeded =
        member(inputs, "seed") || member(inputs, "noise_seed") || member(inputs, "noise");
    return seeded && (member(inputs, "positive") || member(inputs, "guider"));
  }

  // The inputs of the node that a link ["6", 0] names.
  const Json* target(const Json* link) const {
    if (!link || !link->is_array() || link->size() != 2 || !(*link)[0].is_string()) return nullptr;
    const Json* node = member(nodes_, (*link)[0].get_ref<const std::string&>().c_str());
    return node ? member(*node, "inputs") : nullptr;
  }

  // Follows a link to the first text on its way.
  std::string text_behind(const Json* link) const {
    for (int way = 0; way < kLongestWay; ++way) {
      const Json* inputs = target(link);
      if (!inputs) return "";
      const Json* next = nullptr;
      for (const char* name : {"text", "text_g", "string", "value", "prompt", "positive_prompt"}) {
        const Json* value = member(*inputs, name);
        if (value && value->is_string()) return value->get<std::string>();
        if (!next && value && value->is_array()) next = value;
      }
      // A node that passes on both sides (a ControlNet) does so in this order.
      const bool second = (*link)[1] == 1;
      for (const char* name : {second ? "negative" : "positive", "conditioning", "conditioning_1",
                               "conditioning_to", "conditioning_from"})
        if (!next) next = member(*inputs, name);
      link = next;
    }
    return "";
  }

  void settings(const Json& sampler, Infotext& info) const {
    constexpr std::array kSettings = {Setting{"steps", "Steps"},
                                      Setting{"sampler_name", "Sampler"},
                                      Setting{"scheduler", "Schedule type"},
                                      Setting{"cfg", "CFG scale"},
                                      Setting{"seed", "Seed"},
                                      Setting{"noise_seed", "Seed"},
                                      Setting{"denoise", "Denoising strength"}};
    copy_settings(sampler, kSettings, info);
    const Json* inputs = &sampler;
    for (int way = 0; inputs && way < kLongestWay; ++way) {
      for (const char* name : {"ckpt_name", "unet_name"})
        if (const auto file = plain(member(*inputs, name))) {
          info.set("Model", without_folder_and_ending(*file));
          return;
        }
      inputs = target(member(*inputs, "model"));
    }
  }

  const Json& nodes_;
};

// --- InvokeAI, Fooocus -----------------------------------------------------------------------

std::optional<RecordedPrompt> from_invoke(const Json& json) {
  const auto prompt = plain(member(json, "positive_prompt"));
  if (!prompt) return {};
  RecordedPrompt found{.program = "InvokeAI", .info = {}};
  found.info.prompt = *prompt;
  found.info.negative_prompt = plain(member(json, "negative_prompt")).value_or("");
  constexpr std::array kSettings = {Setting{"steps", "Steps"}, Setting{"scheduler", "Sampler"},
                                    Setting{"cfg_scale", "CFG scale"}, Setting{"seed", "Seed"},
                                    Setting{"strength", "Denoising strength"}};
  copy_settings(json, kSettings, found.info);
  set_size(json, found.info);
  if (const Json* model = member(json, "model"))
    for (const char* name : {"name", "model_name"})
      if (const auto value = plain(member(*model, name))) found.info.set("Model", *value);
  return found;
}

// Before version 3: {"image": {"prompt": "…" or [{"prompt": "…", "weight": 1}], …}}
std::optional<RecordedPrompt> from_old_invoke(const Json& json) {
  const Json* image = member(json, "image");
  if (!image) return {};
  const Json* prompt = member(*image, "prompt");
  if (prompt && prompt->is_array() && !prompt->empty()) prompt = member((*prompt)[0], "prompt");
  const auto text = plain(prompt);
  if (!text) return {};
  RecordedPrompt found{.program = "InvokeAI", .info = {}};
  found.info.prompt = *text;
  constexpr std::array kSettings = {Setting{"steps", "Steps"}, Setting{"sampler", "Sampler"},
                                    Setting{"cfg_scale", "CFG scale"}, Setting{"seed", "Seed"},
                                    Setting{"strength", "Denoising strength"}};
  copy_settings(*image, kSettings, found.info);
  set_size(*image, found.info);
  if (const auto model = plain(member(json, "model_weights"))) found.info.set("Model", *model);
  return found;
}

std::optional<RecordedPrompt> from_fooocus(const Json& json) {
  const auto prompt = plain(member(json, "prompt"));
  if (!prompt) return {};
  RecordedPrompt found{.program = "Fooocus", .info = {}};
  found.info.prompt = *prompt;
  found.info.negative_prompt = plain(member(json, "negative_prompt")).value_or("");
  constexpr std::array kSettings = {Setting{"steps", "Steps"},
                                    Setting{"sampler", "Sampler"},
                                    Setting{"scheduler", "Schedule type"},
                                    Setting{"guidance_scale", "CFG scale"},
                                    Setting{"seed", "Seed"},
                                    Setting{"base_model", "Model"}};
  copy_settings(json, kSettings, found.info);
  return found;
}

std::optional<RecordedPrompt> from_parameters(const std::string& text) {
  if (text.starts_with("{")) {
    const auto json = parse_object(text);
    return json ? from_fooocus(*json) : std::nullopt;
  }
  RecordedPrompt found{.program = "AUTOMATIC1111", .info = parse_infotext(text)};
  if (found.info.prompt.empty() && found.info.fields.empty()) return {};
  return found;
}

}  // namespace

std::optional<RecordedPrompt> recorded_prompt(const std::map<std::string, std::string>& text) {
  const auto chunk = [&](const char* name) -> const std::string* {
    const auto found = text.find(name);
    return found == text.end() ? nullptr : &found->second;
  };
  const auto from_json = [&](const char* name, auto read) -> std::optional<RecordedPrompt> {
    const std::string* found = chunk(name);
    if (!found) return {};
    const auto json = parse_object(*found);
    return json ? read(*json) : std::nullopt;
  };
  if (const std::string* parameters = chunk("parameters"))
    if (auto found = from_parameters(*parameters)) return found;
  if (auto found = from_json("invokeai_metadata", from_invoke)) return found;
  if (auto found = from_json("sd-metadata", from_old_invoke)) return found;
  return from_json("prompt", [](const Json& json) { return Graph(json).read(); });
}

}  // namespace pentimento
