#include "server/sdapi_scripts.h"

#include <algorithm>

#include "server/sdapi_controlnet.h"
#include "server/sdapi_lists.h"
#include "server/sdapi_xyz.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"

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
  bool txt2img = false;  // in that tab too
  // `arguments` has a value for each.
  void (*apply)(App& app, const Json& arguments, SdapiJob& job) = nullptr;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
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

// webui-spec §3.3. A batch there is of tiles, which are painted one by one here.
void sd_upscale(App& app, const Json& a, SdapiJob& job) {
  if (job.spec.kind != "img2img" || !has_kind(app, "refine"))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "SD upscale works on img2img without a mask here", "script_name");
  const auto names = sdapi_upscalers(app);
  std::string upscaler = a.at(2).is_string() ? a[2].get<std::string>() : "";
  const int64_t number = a[2].is_number_integer() ? a[2].get<int64_t>() : -1;
  if (number >= 0 && number < static_cast<int64_t>(names.size()))
    upscaler = names[static_cast<size_t>(number)];
  if (std::find(names.begin(), names.end(), upscaler) == names.end())
    throw CodedError(ErrorKind::NotFound, "not_found",
                     "SD upscale: there is no upscaler " + a[2].dump().substr(0, 80),
                     "script_args");
  job.spec.kind = "refine";
  Json& r = job.spec.request;
  r["overlap"] = static_cast<int64_t>(number_at(a, 1, "Tile overlap"));
  r["upscaler"] = upscaler;
  r["scale"] = number_at(a, 3, "Scale factor");
  r["match_colours"] = false;
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
                     {"Z values", nullptr},
                     {"Draw legend", true},
                     {"Include Sub Images", false},
                     {"Include Sub Grids", false},
                     {"Keep -1 for seeds", false},
                     {"Vary seeds for X", false},
                     {"Vary seeds for Y", false},
                     {"Vary seeds for Z", false},
                     {"Grid margins (px)", 0, 0, 500, 2},
                     {"Use text inputs instead of dropdowns", false}},
       .txt2img = true,
       .apply = apply_xyz_plot},
      {.title = "SD upscale",
       .arguments = {{"Info", ""},
                     {"Tile overlap", 64, 0, 256, 16},
                     {"Upscaler", "None"},
                     {"Scale Factor", 2.0, 1, 4, 0.05}},
       .apply = sd_upscale},
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
    if (lower(name) == "controlnet") {
      add_control_units(app, given, job);
      continue;
    }
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

bool has_kind(App& app, const char* kind) {
  const auto kinds = app.studio().kinds();
  return std::any_of(kinds.begin(), kinds.end(), [&](const JobKind& k) { return k.kind == kind; });
}

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
  const Json& chosen = p.at("script_name");
  if (chosen.is_string() && chosen != "" && chosen != "None") {
    const Script* script = script_named(chosen);
    if (!script || script->always_on)
      throw CodedError(ErrorKind::InvalidArgument, "invalid",
                       "Script '" + chosen.get<std::string>().substr(0, 80) + "' not found");
    script->apply(app, arguments_of(*script, p.at("script_args")), job);
    if (job.spec.kind == "refine") job.spec.request["batch"] = p.at("n_iter");
  }
  apply_always_on(app, p.at("alwayson_scripts"), job);
}

Json sdapi_script_titles() {
  Json txt2img = Json::array(), img2img = Json::array();
  for (const Script& script : scripts()) {
    if (script.txt2img) txt2img.push_back(lower(script.title));
    img2img.push_back(lower(script.title));
  }
  txt2img.push_back("controlnet");
  img2img.push_back("controlnet");
  return {{"txt2img", txt2img}, {"img2img", img2img}};
}

Json sdapi_script_info() {
  Json list = Json::array();
  const auto add = [&](const std::string& title, bool always_on, bool img2img, const Json& args) {
    list.push_back({{"name", lower(title)},
                    {"is_alwayson", always_on},
                    {"is_img2img", img2img},
                    {"args", args}});
  };
  for (const Script& script : scripts()) {
    Json arguments = Json::array();
    for (const ScriptArgument& a : script.arguments)
      arguments.push_back({{"label", a.label},
                           {"value", a.fallback},
                           {"minimum", a.minimum},
                           {"maximum", a.maximum},
                           {"step", a.step},
                           {"choices", a.choices.empty() ? Json(nullptr) : Json(a.choices)}});
    if (script.txt2img) add(script.title, script.always_on, false, arguments);
    add(script.title, script.always_on, true, arguments);
  }
  Json units = Json::array();
  for (size_t i = 0; i < kMostControls; ++i)
    units.push_back({{"label", "ControlNet Unit " + std::to_string(i)},
                     {"value", nullptr},
                     {"minimum", nullptr},
                     {"maximum", nullptr},
                     {"step", nullptr},
                     {"choices", nullptr}});
  for (const bool img2img : {false, true}) add("controlnet", true, img2img, units);
  return list;
}

}  // namespace pentimento
