// The ControlNet extension's lists, and its preprocessors by themselves.
#include "server/sdapi_controlnet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "base/sha256.h"
#include "image/composite.h"
#include "image/mask.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

constexpr int kInterfaceVersion = 3;
constexpr int kUsualResolution_px = 512, kLeastResolution_px = 64, kMostResolution_px = 2048;
constexpr size_t kMostPictures = 16;

// The extension's kinds of control, and what tells their networks by their names. The order is its
// menu's; a kind without a preprocessor here still takes pictures made elsewhere.
struct ControlType {
  const char* name;
  std::array<const char*, 3> signs;
};
constexpr std::array kTypes = {ControlType{"All", {}},
                               ControlType{"Canny", {"canny"}},
                               ControlType{"Depth", {"depth"}},
                               ControlType{"NormalMap", {"normal"}},
                               ControlType{"OpenPose", {"openpose", "pose"}},
                               ControlType{"MLSD", {"mlsd"}},
                               ControlType{"Lineart", {"lineart"}},
                               ControlType{"SoftEdge", {"softedge", "hed", "pidi"}},
                               ControlType{"Scribble", {"scribble", "sketch"}},
                               ControlType{"Segmentation", {"seg"}},
                               ControlType{"Shuffle", {"shuffle"}},
                               ControlType{"Tile", {"tile", "blur"}},
                               ControlType{"Inpaint", {"inpaint"}}};

// What its menus call a module, where that is another name.
std::string menu_name(const PreprocessorInfo& info) {
  std::string module = info.module;
  if (module == "invert") return "invert (from white bg & black line)";
  if (module == "lineart_standard") return "lineart_standard (from white bg & black line)";
  if (module == "inpaint") return "inpaint_global_harmonious";
  return module;
}

// A1111's old hash: of 64 KiB behind the first megabyte. Names that clients have stored carry it.
std::string old_hash(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0x100000);
  std::string bytes(0x10000, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  return sha256_hex(as_bytes(bytes)).substr(0, 8);
}

std::vector<std::string> model_names(App& app) {
  std::vector<std::string> names;
  for (const CatalogModel& model : app.models().list("controlnet"))
    if (!model.problem)
      names.push_back(std::filesystem::is_directory(model.path)
                          ? model.name
                          : model.name + " [" + old_hash(model.path) + "]");
  return names;
}

// Clients tell whole numbers by how they are written.
Json number(double value) {
  return value == std::floor(value) ? Json(static_cast<int64_t>(value)) : Json(value);
}

Json slider(const char* name, double usual, double lowest, double highest) {
  return {
      {"name", name}, {"value", number(usual)}, {"min", number(lowest)}, {"max", number(highest)}};
}

Json module_detail(const PreprocessorInfo& info) {
  Json sliders = Json::array();
  if (info.id != Preprocessor::None)
    sliders.push_back(
        slider("Resolution", kUsualResolution_px, kLeastResolution_px, kMostResolution_px));
  for (const PreprocessorThreshold& t : {info.a, info.b})
    if (t.name) sliders.push_back(slider(t.name, t.usual, t.lowest, t.highest));
  return {{"model_free", false}, {"sliders", sliders}};
}

HttpResponse module_list(const HttpRequest& request) {
  const bool menu = request.bool_param("alias_names").value_or(false);
  Json names = Json::array(), details = Json::object();
  for (const PreprocessorInfo& info : preprocessors()) {
    const std::string name = menu ? menu_name(info) : info.module;
    names.push_back(name);
    details[name] = module_detail(info);
  }
  return HttpResponse::json({{"module_list", names}, {"module_detail", details}});
}

bool shows(const ControlType& type, std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(type.signs.begin(), type.signs.end(), [&](const char* sign) {
    return sign && name.find(sign) != std::string::npos;
  });
}

Json control_type(const ControlType& type, const std::vector<std::string>& networks) {
  const bool all = type.name == std::string("All");
  Json modules = Json::array({"none"}), models = Json::array({"None"});
  for (const PreprocessorInfo& info : preprocessors())
    if (info.id != Preprocessor::None && (all || info.control_type == std::string(type.name)))
      modules.push_back(menu_name(info));
  for (const std::string& network : networks)
    if (all || shows(type, network)) models.push_back(network);
  const bool fits = models.size() > 1;
  if (!fits)  // none is named so: the user knows which it is
    for (const std::string& network : networks) models.push_back(network);
  return {{"module_list", modules},
          {"model_list", models},
          {"default_option", all || modules.size() < 2 ? modules[0] : modules[1]},
          {"default_model", all || !fits ? models[0] : models[1]}};
}

// ---- detect ----

std::vector<Field> detect_fields() {
  const auto number = [](const char* name, double usual) {
    return Field{.name = name, .type = FieldType::Number, .default_value = usual};
  };
  const auto pictures = [](const char* name) {
    return Field{.name = name,
                 .type = FieldType::Array,
                 .default_value = Json::array(),
                 .maximum = kMostPictures,
                 .items = FieldType::String};
  };
  return {{.name = "controlnet_module", .default_value = "none", .maximum = 200},
          pictures("controlnet_input_images"),
          pictures("controlnet_images"),  // webuiapi's name for it
          pictures("controlnet_masks"),
          number("controlnet_processor_res", -1),
          number("controlnet_threshold_a", -1),
          number("controlnet_threshold_b", -1)};
}

double within(const PreprocessorThreshold& range, double value) {
  return range.name && value >= range.lowest && value <= range.highest ? value : -1;
}

// Its shorter side becomes the resolution, but for modules that change no lines.
Image at_resolution(Image image, const PreprocessorInfo& info, double asked) {
  const bool as_it_is = info.id == Preprocessor::None || info.id == Preprocessor::Inpaint ||
                        info.id == Preprocessor::Tile || info.id == Preprocessor::Invert;
  if (as_it_is) return image;
  const double resolution =
      asked >= kLeastResolution_px && asked <= kMostResolution_px ? asked : kUsualResolution_px;
  const double scale = resolution / std::min(image.width, image.height);
  const auto edge = [&](int px) { return static_cast<int>(std::lround(px * scale)); };
  if (int64_t{edge(image.width)} * edge(image.height) > 64'000'000)
    throw CodedError(ErrorKind::InvalidArgument, "too_large",
                     "at that resolution the picture has more than max_picture_pixels, 64000000",
                     "controlnet_processor_res")
        .with_limit("max_picture_pixels");
  return resize(image, edge(image.width), edge(image.height),
                scale > 1 ? Filter::Bicubic : Filter::Box);
}

std::string detected(App& app, const Json& p, const std::string& text, const Json& mask) {
  const PreprocessorInfo& info = info_of(parse_preprocessor(p.at("controlnet_module")));
  const auto limits = app.studio().options().picture_limits;
  const std::string bytes = decode_image_field(text, "controlnet_input_images");
  Image image = to_rgb(decode_upload(as_bytes(bytes), "picture", limits).image);
  image = preprocess(at_resolution(std::move(image), info, p.at("controlnet_processor_res")),
                     {.preprocessor = info.id,
                      .threshold_a = within(info.a, p.at("controlnet_threshold_a")),
                      .threshold_b = within(info.b, p.at("controlnet_threshold_b"))});
  if (info.id == Preprocessor::Inpaint) {  // what is to be painted is shown as black
    if (!mask.is_string())
      throw CodedError(ErrorKind::InvalidArgument, "missing_field",
                       "Preprocessor inpaint requires `controlnet_masks` param.",
                       "controlnet_masks");
    const std::string drawn = decode_image_field(mask, "controlnet_masks");
    const Image hole = binarised(
        mask_from_image(decode_upload(as_bytes(drawn), "mask", limits).image, MaskRounding::Keep));
    paste(image, Image(image.width, image.height, 3, 0), 0, 0,
          resize(hole, image.width, image.height, Filter::Nearest));
  }
  return base64_encode(encode_text(image, {}));
}

HttpResponse detect(App& app, const Json& body) {
  const auto fields = detect_fields();
  Json known = Json::object();
  for (const Field& field : fields)
    if (body.contains(field.name)) known[field.name] = body[field.name];
  check(known, fields);
  const Json p = with_defaults(known, fields);
  const Json& images = p.at(p.at("controlnet_input_images").empty() ? "controlnet_images"
                                                                    : "controlnet_input_images");
  parse_preprocessor(p.at("controlnet_module"));
  if (images.empty())
    throw CodedError(ErrorKind::InvalidArgument, "missing_field", "No image selected",
                     "controlnet_input_images");
  const Json& masks = p.at("controlnet_masks");
  Json made = Json::array();
  for (size_t i = 0; i < images.size(); ++i)
    made.push_back(detected(app, p, images[i], i < masks.size() ? masks[i] : Json(nullptr)));
  return HttpResponse::json({{"images", made}, {"info", "Success"}});
}

}  // namespace

void add_controlnet_routes(App& app, Router& router) {
  const auto get = [&](const char* path, const char* summary,
                       std::function<HttpResponse(const HttpRequest&)> handle) {
    router.add({.method = "GET",
                .pattern = path,
                .family = Api::Sdapi,
                .summary = summary,
                .handle = std::move(handle)});
  };
  get("/controlnet/version", "ControlNet interface", [](const HttpRequest&) {
    return HttpResponse::json({{"version", kInterfaceVersion}});
  });
  get("/controlnet/model_list", "ControlNets", [&app](const HttpRequest&) {
    return HttpResponse::json({{"model_list", model_names(app)}});
  });
  get("/controlnet/module_list", "Preprocessors", module_list);
  get("/controlnet/control_types", "Kinds of control", [&app](const HttpRequest&) {
    const auto networks = model_names(app);
    Json types = Json::object();
    for (const ControlType& type : kTypes) types[type.name] = control_type(type, networks);
    return HttpResponse::json({{"control_types", types}});
  });
  get("/controlnet/settings", "How many units there may be", [](const HttpRequest&) {
    return HttpResponse::json({{"control_net_unit_count", kMostControls}});
  });
  Route run{.method = "POST",
            .pattern = "/controlnet/detect",
            .family = Api::Sdapi,
            .summary = "What a preprocessor makes of pictures",
            .body = BodyKind::Json};
  run.handle = [&app, route = run](const HttpRequest& r) {
    return detect(app, json_body(r, route));
  };
  router.add(run);
}

}  // namespace pentimento
