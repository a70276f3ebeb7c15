// Units of the ControlNet extension as ControlNets of a job. Its classes have had several names for
// one thing over the years; all of them are taken.
#include <algorithm>
#include <array>

#include "image/composite.h"
#include "image/mask.h"
#include "server/sdapi_controlnet.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_blank(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_array() && value.empty()) || (value.is_object() && value.empty());
}

// One unit as it was sent.
class Unit {
 public:
  Unit(const Json& json, size_t number) : json_(json), number_(number) {}

  [[noreturn]] void refuse(const std::string& what, ErrorKind kind = ErrorKind::InvalidArgument,
                           const char* code = "invalid") const {
    throw CodedError(kind, code, "ControlNet unit " + std::to_string(number_) + ": " + what,
                     "alwayson_scripts");
  }

  // The first of those names that holds something.
  Json value(std::initializer_list<const char*> names) const {
    for (const char* name : names)
      if (const auto it = json_.find(name); it != json_.end() && !is_blank(*it)) return *it;
    return nullptr;
  }
  double number(std::initializer_list<const char*> names, double usual, double low,
                double high) const {
    const Json given = value(names);
    if (given.is_null()) return usual;
    const double number = given.is_number() ? given.get<double>() : low - 1;
    if (!(number >= low && number <= high))
      refuse(std::string(*names.begin()) + " is " + given.dump().substr(0, 40) + ", expected " +
             Json(low).dump() + " to " + Json(high).dump());
    return number;
  }
  std::string text(const char* name, const char* usual) const {
    const Json given = value({name});
    if (given.is_null()) return usual;
    if (!given.is_string()) refuse(std::string(name) + " is not a text");
    return given;
  }

 private:
  const Json& json_;
  size_t number_;
};

struct Choice {
  const char *label, *word;
};
constexpr std::array kModes = {Choice{"Balanced", "balanced"},
                               Choice{"My prompt is more important", "prompt"},
                               Choice{"ControlNet is more important", "control"}};
// By number: 3 is "Just Resize (Latent Upscale)", which means the same here as there.
constexpr std::array kFits = {Choice{"Just Resize", "stretch"}, Choice{"Crop and Resize", "crop"},
                              Choice{"Resize and Fill", "fill"},
                              Choice{"Just Resize (Latent Upscale)", "stretch"}};
constexpr std::array kOldFits = {
    Choice{"Inner Fit (Scale to Fit)", "crop"}, Choice{"Scale to Fit (Inner Fit)", "crop"},
    Choice{"Outer Fit (Shrink to Fit)", "fill"}, Choice{"Envelope (Outer Fit)", "fill"}};

template <size_t N>
const char* word_for(const std::array<Choice, N>& choices, Json given) {
  if (given.is_array() && given.size() == 1) given = Json(given[0]);  // webuiapi sends ["Balanced"]
  const int64_t number = given.is_number_integer() ? given.get<int64_t>() : -1;
  if (number >= 0 && number < static_cast<int64_t>(N))
    return choices[static_cast<size_t>(number)].word;
  if (given.is_string())
    for (const Choice& choice : choices)
      if (lower(given) == lower(choice.label)) return choice.word;
  return nullptr;
}

std::string mode_of(const Unit& unit) {
  const Json given = unit.value({"control_mode"});
  if (given.is_null()) return "balanced";
  const char* word = word_for(kModes, given);
  if (!word)
    unit.refuse("control_mode is " + given.dump().substr(0, 60) +
                ", expected Balanced, My prompt is more important or ControlNet is more important");
  return word;
}

std::string fit_of(const Unit& unit) {
  const Json given = unit.value({"resize_mode"});
  if (given.is_null()) return "crop";
  const char* word = word_for(kFits, given);
  if (!word && given.is_string()) word = word_for(kOldFits, given);
  if (!word)
    unit.refuse("resize_mode is " + given.dump().substr(0, 60) +
                ", expected Just Resize, Crop and Resize or Resize and Fill");
  return word;
}

const PreprocessorInfo& module_of(const Unit& unit) {
  const std::string name = unit.text("module", "none");
  try {
    return info_of(parse_preprocessor(lower(name)));
  } catch (const Error& error) {
    unit.refuse(std::string("module: ") + error.what(), error.kind(), "unsupported");
  }
}

std::string network_of(App& app, const Unit& unit) {
  const std::string name = unit.text("model", "None");
  if (lower(name) == "none")
    unit.refuse("model is None; name a ControlNet of GET /controlnet/model_list");
  if (const auto model = app.models().find("controlnet", name)) return model->name;
  const std::string bare = lower(name.substr(0, name.find(" [")));
  std::vector<std::string> names;
  for (const CatalogModel& model : app.models().list("controlnet")) {
    if (lower(model.name) == bare) return model.name;
    names.push_back(model.name);
  }
  const auto near = closest_word(bare, names);
  unit.refuse("model: there is no ControlNet called '" + name.substr(0, 80) + "'" +
                  (near ? "; did you mean " + *near + "?" : ""),
              ErrorKind::NotFound, "no_model");
}

// What lies outside a slider's range is its usual value, as there.
double threshold_of(const Unit& unit, const char* name, const PreprocessorThreshold& range) {
  const Json given = unit.value({name});
  if (!given.is_null() && !given.is_number()) unit.refuse(std::string(name) + " is not a number");
  if (!range.name || given.is_null()) return -1;
  const double number = given.get<double>();
  return number >= range.lowest && number <= range.highest ? number : -1;
}

struct UnitPicture {
  Json image, mask;  // base64, or null
};

// "image" or {"image", "mask"} or [image, mask] or one of those in a list.
UnitPicture picture_of(const Unit& unit) {
  Json image = unit.value({"image", "input_image"});
  UnitPicture picture{.image = nullptr, .mask = unit.value({"mask", "mask_image"})};
  if (image.is_array() && image.size() == 1 && image[0].is_object()) image = Json(image[0]);
  if (image.is_object()) {
    if (const Json inner = image.value("mask", Json(nullptr)); !is_blank(inner))
      picture.mask = inner;
    image = image.value("image", Json(nullptr));
  } else if (image.is_array()) {
    if (image.size() != 2 || image[0].is_object())
      unit.refuse("image holds " + std::to_string(image.size()) + " pictures, expected one",
                  ErrorKind::Unsupported, "unsupported");
    if (!is_blank(image[1])) picture.mask = Json(image[1]);
    image = Json(image[0]);
  }
  if (!is_blank(image)) picture.image = image;
  for (const Json* text : {&picture.image, &picture.mask})
    if (!text->is_null() && !text->is_string()) unit.refuse("image is no picture in base64");
  return picture;
}

// What is to be painted is clear in the picture.
std::string with_clear_parts(App& app, const Unit& unit, const std::string& image,
                             const std::string& mask) {
  const auto limits = app.studio().options().picture_limits;
  const Image rgb = to_rgb(decode_upload(as_bytes(image), "control picture", limits).image);
  const Image drawn = mask_from_image(decode_upload(as_bytes(mask), "control mask", limits).image,
                                      MaskRounding::Keep);
  if (rgb.width != drawn.width || rgb.height != drawn.height)
    unit.refuse("mask is " + std::to_string(drawn.width) + "x" + std::to_string(drawn.height) +
                ", expected the picture's " + std::to_string(rgb.width) + "x" +
                std::to_string(rgb.height));
  return encode_text(with_alpha(rgb, inverted(drawn)), {.format = "png"});
}

void take_picture(App& app, const Unit& unit, Preprocessor preprocessor, size_t index,
                  SdapiJob& job) {
  const UnitPicture picture = picture_of(unit);
  if (!picture.mask.is_null() && preprocessor != Preprocessor::Inpaint)
    unit.refuse("mask: only the module inpaint looks at one; send none", ErrorKind::Unsupported,
                "unsupported");
  if (picture.image.is_null() && !picture.mask.is_null())
    unit.refuse("mask: there is no image that it belongs to");
  if (picture.image.is_null()) {
    if (job.spec.inputs.contains("source")) return;
    unit.refuse("there is no image to look at", ErrorKind::InvalidArgument, "missing_field");
  }
  std::string bytes = decode_image_field(picture.image, "image");
  if (!picture.mask.is_null())
    bytes = with_clear_parts(app, unit, bytes, decode_image_field(picture.mask, "mask"));
  const std::string role = control_role(index);
  job.spec.inputs[role] = app.studio().inputs.add(as_bytes(bytes), role + ".png").input.sha256;
}

void refuse_unsupported(const Unit& unit, const SdapiJob& job) {
  for (const char* name : {"effective_region_mask", "advanced_weighting", "ipadapter_input",
                           "batch_images", "batch_image_dir"})
    if (!unit.value({name}).is_null())
      unit.refuse(std::string(name) + " is not done here; send none", ErrorKind::Unsupported,
                  "unsupported");
  const Json when = unit.value({"hr_option"});
  const bool both = when.is_null() || (when.is_string() && lower(when) == "both") ||
                    when == Json(0) || when == Json("HiResFixOption.BOTH");
  if (!both && job.spec.request.value("hires", Json(false)) == Json(true))
    unit.refuse("hr_option is " + when.dump().substr(0, 40) +
                    ": a ControlNet counts in both passes here; send Both",
                ErrorKind::Unsupported, "unsupported");
}

Json control_of(App& app, const Unit& unit, size_t index, SdapiJob& job) {
  refuse_unsupported(unit, job);
  const PreprocessorInfo& info = module_of(unit);
  const double start = unit.number({"guidance_start"}, 0, 0, 1),
               end = unit.number({"guidance_end", "guidance"}, 1, 0, 1);
  if (start > end) unit.refuse("guidance_start lies behind guidance_end");
  unit.number({"processor_res"}, -1, -1, 16384);
  Json control = {{"network", network_of(app, unit)},
                  {"preprocessor", info.key},
                  {"weight", unit.number({"weight"}, 1, 0, 2)},
                  {"start", start},
                  {"end", end},
                  {"mode", mode_of(unit)},
                  {"resize_mode", fit_of(unit)},
                  {"threshold_a", threshold_of(unit, "threshold_a", info.a)},
                  {"threshold_b", threshold_of(unit, "threshold_b", info.b)}};
  take_picture(app, unit, info.id, index, job);
  return control;
}

bool takes_controls(App& app, const std::string& kind) {
  for (const JobKind& known : app.studio().kinds())
    if (known.kind == kind)
      return std::any_of(known.fields.begin(), known.fields.end(),
                         [](const Field& field) { return field.name == "control"; });
  return false;
}

// What a unit saw of the whole picture.
Image map_of(App& app, const Job& job, const ControlUnit& unit, size_t index, int width,
             int height) {
  const auto own = job.inputs.find(control_role(index));
  const bool has_own = own != job.inputs.end();
  const Input input = app.studio().inputs.get(has_own ? own->second : job.inputs.at("source"));
  const std::string bytes = read_whole_file(app.studio().inputs.file(input));
  const Image picture = to_rgb(decode_picture(as_bytes(bytes), input.name).image);
  return control_picture(picture, unit.preprocess, width, height,
                         has_own ? unit.resize_mode : ResizeMode::Stretch);
}

}  // namespace

void add_control_units(App& app, const Json& units, SdapiJob& job) {
  Json controls = Json::array();
  if (!units.is_array()) return;
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i].is_null()) continue;
    const Unit unit(units[i], i);
    if (!units[i].is_object())
      unit.refuse("is " + units[i].dump().substr(0, 40) + ", expected an object",
                  ErrorKind::InvalidArgument, "wrong_type");
    if (units[i].value("enabled", Json(true)) == Json(false)) continue;
    if (!takes_controls(app, job.spec.kind))
      unit.refuse("ControlNets do not go with '" + job.spec.kind + "' here", ErrorKind::Unsupported,
                  "unsupported");
    if (controls.size() == kMostControls)
      throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                       "more than max_control_units, " + std::to_string(kMostControls) +
                           ", ControlNet units are switched on",
                       "alwayson_scripts")
          .with_limit("max_control_units");
    controls.push_back(control_of(app, unit, controls.size(), job));
    job.control_maps.push_back(units[i].value("save_detected_map", Json(true)) != Json(false));
  }
  if (!controls.empty()) job.spec.request["control"] = std::move(controls);
}

std::vector<std::string> control_maps(App& app, const SdapiJob& asked, const Job& job,
                                      const std::vector<GalleryPicture>& pictures) {
  std::vector<std::string> maps;
  if (pictures.empty()) return maps;
  const auto units = controls_from_json(job.request);
  for (size_t i = 0; i < units.size() && i < asked.control_maps.size(); ++i)
    if (asked.control_maps[i])
      maps.push_back(base64_encode(
          encode_text(map_of(app, job, units[i], i, pictures[0].width, pictures[0].height), {})));
  return maps;
}

}  // namespace pentimento
