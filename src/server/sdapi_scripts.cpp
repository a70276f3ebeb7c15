#include "server/sdapi_scripts.h"

#include <algorithm>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

struct ScriptArgument {
  const char* label;
  Json fallback;
  Json minimum = nullptr, maximum = nullptr, step = nullptr;
  std::vector<std::string> choices = {};
};

struct Script {
  const char* title;
  bool always_on = false;
  std::vector<ScriptArgument> arguments;
  // `arguments` has a value for each.
  void (*apply)(App& app, const Json& arguments, SdapiJob& job) = nullptr;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool has_kind(App& app, const char* kind) {
  const auto kinds = app.studio().kinds();
  return std::any_of(kinds.begin(), kinds.end(), [&](const JobKind& k) { return k.kind == kind; });
}

double number_at(const Json& arguments, size_t index, const char* what) {
  if (!arguments.at(index).is_number())
    throw CodedError(
        ErrorKind::InvalidArgument, "wrong_type",
        std::string(what) + " is " + arguments[index].dump().substr(0, 40) + ", expected a number",
        "alwayson_scripts");
  return arguments[index].get<double>();
}

// webui-spec §2.9. Without a mask it does nothing, as there.
void soft_inpainting(App&, const Json& a, SdapiJob& job) {
  if (a.at(0) != Json(true) || job.spec.kind != "inpaint") return;
  Json& r = job.spec.request;
  r["soft"] = true;
  r["soft_schedule_bias"] = number_at(a, 1, "Schedule bias");
  r["soft_preservation"] = number_at(a, 2, "Preservation strength");
  r["soft_transition_contrast"] = number_at(a, 3, "Transition contrast boost");
  r["soft_mask_influence"] = number_at(a, 4, "Mask influence");
  r["soft_difference_threshold"] = number_at(a, 5, "Difference threshold");
  r["soft_difference_contrast"] = number_at(a, 6, "Difference contrast");
}

// webui-spec §3.4. What is appended by an interrogator is not done here.
void loopback(App& app, const Json& a, SdapiJob& job) {
  if (job.spec.kind != "img2img" || !has_kind(app, "loopback"))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "Loopback works on img2img without a mask here", "script_name");
  if (a.at(3).is_string() && a[3] != "None")
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "Loopback appends no interrogation here; send None", "script_args");
  job.spec.kind = "loopback";
  Json& r = job.spec.request;
  r["loops"] = static_cast<int64_t>(number_at(a, 0, "Loops"));
  r["final_strength"] = number_at(a, 1, "Final denoising strength");
  r["curve"] = a[2].is_string() ? lower(a[2].get<std::string>()) : "linear";
}

// Both outpainting scripts become the job `outpaint`, which fills and joins in its own way: sides,
// their width and the blur of the seam are the caller's.
void outpaint(App& app, SdapiJob& job, double pixels, double blur, const Json& directions,
              const char* fill) {
  if (job.spec.kind != "img2img" || !has_kind(app, "outpaint"))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "outpainting works on img2img without a mask here", "script_name");
  const Json sides = directions.is_string() ? Json::array({directions}) : directions;
  job.spec.kind = "outpaint";
  Json& r = job.spec.request;
  r["width"] = r["height"] = 0;  // there: the size of a crop; here the model's own size decides
  r["resize_mode"] = "stretch";
  for (const char* side : {"left", "right", "up", "down"}) {
    const bool wanted = std::any_of(sides.begin(), sides.end(), [&](const Json& given) {
      return given.is_string() && lower(given.get<std::string>()) == side;
    });
    const std::string name = side == std::string("up")     ? "top"
                             : side == std::string("down") ? "bottom"
                                                           : side;
    r[name] = wanted ? std::to_string(std::clamp<int>(static_cast<int>(pixels), 8, 1024)) : "0";
  }
  const int feather = std::clamp(static_cast<int>(blur), 0, 64);
  r["feather"] = feather;
  r["overlap"] = std::clamp(4 * feather, 16, 256);
  r["fill"] = fill;
}

void outpainting_mk2(App& app, const Json& a, SdapiJob& job) {
  outpaint(app, job, number_at(a, 1, "Pixels to expand"), number_at(a, 2, "Mask blur"), a.at(3),
           "noise");
  job.spec.request["noise_detail"] = number_at(a, 4, "Fall-off exponent");
  job.spec.request["noise_colour"] = number_at(a, 5, "Color variation");
}

void poor_mans_outpainting(App& app, const Json& a, SdapiJob& job) {
  outpaint(app, job, number_at(a, 0, "Pixels to expand"), number_at(a, 1, "Mask blur"), a.at(3),
           "blur");
}

// The directions of A1111 1.10's menu for img2img, in its order (webui-spec §3.5).
constexpr const char* kDirections[] = {"Nothing",
                                       "Seed",
                                       "Var. seed",
                                       "Var. strength",
                                       "Steps",
                                       "CFG Scale",
                                       "Image CFG Scale",
                                       "Prompt S/R",
                                       "Prompt order",
                                       "Sampler",
                                       "Checkpoint name",
                                       "Negative Guidance minimum sigma",
                                       "Sigma Churn",
                                       "Sigma min",
                                       "Sigma max",
                                       "Sigma noise",
                                       "Schedule type",
                                       "Schedule min sigma",
                                       "Schedule max sigma",
                                       "Schedule rho",
                                       "Beta schedule alpha",
                                       "Beta schedule beta",
                                       "Eta",
                                       "Clip skip",
                                       "Denoising",
                                       "Initial noise multiplier",
                                       "Extra noise",
                                       "Cond. Image Mask Weight",
                                       "VAE",
                                       "Styles"};

// By number or by name.
std::string direction_of(const Json& given) {
  if (given.is_string()) return given;
  const int64_t index = given.is_number_integer() ? given.get<int64_t>() : -1;
  if (index < 0 || index >= static_cast<int64_t>(std::size(kDirections)))
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "X/Y/Z plot: there is no direction " + given.dump().substr(0, 40),
                     "script_args");
  return kDirections[index];
}

// What was chosen in the drop-down list, or what was typed.
std::string values_of(const Json& typed, const Json& chosen) {
  if (typed.is_string() && typed != "") return typed;
  std::string text;
  if (chosen.is_array())
    for (const Json& value : chosen)
      if (value.is_string())
        text += (text.empty() ? "\"" : ",\"") + value.get<std::string>() + "\"";
  return text;
}

void xyz_plot(App& app, const Json& a, SdapiJob& job) {
  if (job.spec.kind != "img2img" || !has_kind(app, "grid"))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "X/Y/Z plot works on img2img without a mask here", "script_name");
  job.spec.kind = "grid";
  constexpr const char* kNames[] = {"x", "y", "z"};
  for (size_t d = 0; d < 3; ++d) {
    const std::string direction = direction_of(a.at(3 * d));
    if (direction != "Nothing" && !direction.empty())
      job.spec.request[kNames[d]] = direction + "=" + values_of(a.at(3 * d + 1), a.at(3 * d + 2));
  }
}

const std::vector<Script>& scripts() {
  static const Json kSides = {"left", "right", "up", "down"};
  static const std::vector<Script> table = {
      {.title = "X/Y/Z plot",
       .arguments = {{"X type", 0},
                     {"X values", ""},
                     {"X values", nullptr},
                     {"Y type", 0},
                     {"Y values", ""},
                     {"Y values", nullptr},
                     {"Z type", 0},
                     {"Z values", ""},
                     {"Z values", nullptr}},
       .apply = xyz_plot},
      {.title = "Outpainting mk2",
       .arguments = {{"Recommended settings", ""},
                     {"Pixels to expand", 128, 8, 256, 8},
                     {"Mask blur", 8, 0, 64, 1},
                     {"Outpainting direction", kSides},
                     {"Fall-off exponent (lower=higher detail)", 1, 0, 4, 0.01},
                     {"Color variation", 0.05, 0, 1, 0.01}},
       .apply = outpainting_mk2},
      {.title = "Poor man's outpainting",
       .arguments = {{"Pixels to expand", 128, 8, 256, 8},
                     {"Mask blur", 4, 0, 64, 1},
                     {"Masked content", 0},
                     {"Outpainting direction", kSides}},
       .apply = poor_mans_outpainting},
      {.title = "Loopback",
       .arguments = {{"Loops", 4, 1, 32, 1},
                     {"Final denoising strength", 0.5, 0, 1, 0.01},
                     {"Denoising strength curve",
                      "Linear",
                      nullptr,
                      nullptr,
                      nullptr,
                      {"Aggressive", "Linear", "Lazy"}},
                     {"Append interrogated prompt at each iteration", "None"}},
       .apply = loopback},
      {.title = "Soft Inpainting",
       .always_on = true,
       .arguments = {{"Soft inpainting", false},
                     {"Schedule bias", 1, 0, 8, 0.1},
                     {"Preservation strength", 0.5, 0, 8, 0.05},
                     {"Transition contrast boost", 4, 1, 32, 0.5},
                     {"Mask influence", 0, 0, 1, 0.05},
                     {"Difference threshold", 0.5, 0, 8, 0.25},
                     {"Difference contrast", 2, 0, 8, 0.25}},
       .apply = soft_inpainting}};
  return table;
}

const Script* script_named(const std::string& title) {
  for (const Script& script : scripts())
    if (lower(script.title) == lower(title)) return &script;
  return nullptr;
}

// Positional; what is missing keeps its default, what is too much is dropped. A dictionary by
// label is taken too.
Json arguments_of(const Script& script, const Json& given) {
  Json arguments = Json::array();
  for (size_t i = 0; i < script.arguments.size(); ++i) {
    const ScriptArgument& argument = script.arguments[i];
    Json value = argument.fallback;
    if (given.is_array() && i < given.size() && !given[i].is_null()) value = given[i];
    if (given.is_array() && given.size() == 1 && given[0].is_object() &&
        given[0].contains(argument.label))
      value = given[0][argument.label];
    else if (given.is_array() && given.size() == 1 && given[0].is_object())
      value = argument.fallback;
    arguments.push_back(std::move(value));
  }
  return arguments;
}

// Clients send whole sets of scripts that are switched off.
bool is_idle(const Json& arguments) {
  return !arguments.is_array() ||
         std::none_of(arguments.begin(), arguments.end(), [](const Json& a) {
           return a.is_object() ? a.value("enabled", Json(true)) == Json(true) : a == Json(true);
         });
}

void apply_always_on(App& app, const Json& units, SdapiJob& job) {
  for (const auto& [name, unit] : units.items()) {
    const Json given = unit.is_object() ? unit.value("args", Json::array()) : Json::array();
    const Script* script = script_named(name);
    if (script && script->always_on)
      script->apply(app, arguments_of(*script, given), job);
    else if (script)
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "Cannot have a selectable script in the always on scripts params");
    else if (!is_idle(given))
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "always on script " + name.substr(0, 80) + " not found");
  }
}

}  // namespace

void add_sdapi_mask(App& app, const Json& p, SdapiJob& job) {
  if (!p.at("mask").is_string()) return;
  if (!has_kind(app, "inpaint"))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "mask: this build cannot inpaint; send no mask", "mask");
  const std::string mask = decode_image_field(p.at("mask"), "mask");
  job.spec.kind = "inpaint";
  job.spec.inputs["mask"] = app.studio().inputs.add(as_bytes(mask), "mask.png").input.sha256;
  constexpr const char* kFills[] = {"fill", "original", "noise", "nothing"};
  Json& r = job.spec.request;
  r["mask_blur"] = p.at("mask_blur").is_null() ? p.at("mask_blur_x") : p["mask_blur"];
  if (p.at("mask_blur").is_null() && p.at("mask_blur_x") != p.at("mask_blur_y")) {
    r["mask_blur_x"] = p["mask_blur_x"];
    r["mask_blur_y"] = p["mask_blur_y"];
  }
  r["mask_invert"] = p.at("inpainting_mask_invert").get<int>() != 0;
  r["masked_content"] = kFills[std::clamp(p.at("inpainting_fill").get<int>(), 0, 3)];
  r["only_masked"] = p.at("inpaint_full_res");
  r["only_masked_padding"] = p.at("inpaint_full_res_padding");
}

void apply_sdapi_scripts(App& app, const Json& p, SdapiJob& job) {
  const Json chosen = p.at("script_name");
  if (chosen.is_string() && chosen != "" && chosen != "None") {
    const Script* script = script_named(chosen);
    if (!script || script->always_on)
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "Script '" + chosen.get<std::string>().substr(0, 80) + "' not found");
    script->apply(app, arguments_of(*script, p.at("script_args")), job);
  }
  apply_always_on(app, p.at("alwayson_scripts"), job);
}

Json sdapi_script_titles() {
  Json titles = Json::array();
  for (const Script& script : scripts()) titles.push_back(lower(script.title));
  return {{"txt2img", Json::array()}, {"img2img", titles}};
}

Json sdapi_script_info() {
  Json list = Json::array();
  for (const Script& script : scripts()) {
    Json arguments = Json::array();
    for (const ScriptArgument& a : script.arguments)
      arguments.push_back({{"label", a.label},
                           {"value", a.fallback},
                           {"minimum", a.minimum},
                           {"maximum", a.maximum},
                           {"step", a.step},
                           {"choices", a.choices.empty() ? Json(nullptr) : Json(a.choices)}});
    list.push_back({{"name", lower(script.title)},
                    {"is_alwayson", script.always_on},
                    {"is_img2img", true},
                    {"args", arguments}});
  }
  return list;
}

}  // namespace pentimento
