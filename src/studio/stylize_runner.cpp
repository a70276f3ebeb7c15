#include "studio/stylize_runner.h"

#include "image/codec.h"
#include "pipelines/stylize_infotext.h"
#include "runtime/version.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "text/infotext.h"

namespace pentimento {
namespace {

std::vector<Field> stylize_fields() {
  const std::vector<Field> share = {{.name = "style",
                                     .what = "key or number, from /api/v1/painting-styles",
                                     .maximum = 60,
                                     .required = true},
                                    {.name = "weight",
                                     .type = FieldType::Number,
                                     .default_value = 1,
                                     .what = "share in the blend",
                                     .minimum = 0,
                                     .maximum = 100}};
  return {{.name = "styles",
           .type = FieldType::Array,
           .default_value = Json::array(),
           .what = "one style or a blend; none with a style picture",
           .maximum = 26,
           .fields = share},
          {.name = "strength",
           .type = FieldType::Number,
           .default_value = 1,
           .what = "share of the painting; 0 keeps the photograph",
           .minimum = 0,
           .maximum = 1},
          {.name = "keep_colour",
           .type = FieldType::Boolean,
           .default_value = false,
           .what = "the painting's brightness, the photograph's colours"},
          {.name = "max_size_px",
           .type = FieldType::Integer,
           .default_value = 2048,
           .what = "the longer side is reduced to this first; 0: never",
           .minimum = 0,
           .maximum = 8192}};
}

Image read_image(const JobInput& input) {
  const std::string bytes = read_whole_file(input.file);
  return decode_picture(as_bytes(bytes), input.name).image;
}

std::string styles_text(const Json& styles) {
  std::string text;
  for (const Json& share : styles) {
    const Json weight = share.value("weight", Json(1));
    text += (text.empty() ? "" : ",") + share.at("style").get<std::string>() + ":" +
            (weight.is_null() ? Json(1) : weight).dump();
  }
  return text;
}

StylizeRequest request_of(const Json& json, const JobInputs& inputs) {
  StylizeRequest request;
  request.strength = json.at("strength");
  request.keep_colour = json.at("keep_colour");
  request.max_size_px = json.at("max_size_px").get<int>();
  if (!json.at("styles").empty()) request.styles = parse_styles(styles_text(json.at("styles")));
  if (const auto style = inputs.find("style"); style != inputs.end())
    request.style_image = read_image(style->second);
  return request;
}

void refuse_problems(const StylizeRequest& request) {
  const auto problems = problems_of(request);
  if (!problems.empty())
    throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
}

class StylizeRunner : public JobRunner {
 public:
  StylizeRunner(Runtime& runtime, std::filesystem::path assets)
      : runtime_(runtime), assets_(std::move(assets)) {}

  JobKind describe() const override {
    JobKind kind{.kind = "stylize",
                 .what = "paint a photograph in a style, in a moment",
                 .inputs = {{"source", "the photograph", true},
                            {"style", "any picture as the style, instead of `styles`", false}},
                 .fields = stylize_fields()};
    std::error_code error;
    if (!std::filesystem::exists(assets_, error))
      kind.unavailable = "the painting networks are not installed: run ./run once, it fetches them";
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    const StylizeRequest checked = request_of(request, inputs);
    refuse_problems(checked);
    return request;
  }

  PlanReport plan(const Json& json, const JobInputs& inputs) override {
    const StylizeRequest request = request_of(json, inputs);
    const Image photo = read_image(inputs.at("source"));
    const auto [width, height] = stylized_size(request, photo.width, photo.height);
    return {.width = width,
            .height = height,
            .sentence = "paints " + std::to_string(width) + "x" + std::to_string(height)};
  }

  void run(const Json& json, const JobInputs& inputs, const RunnerPort& port) override {
    const StylizeRequest request = request_of(json, inputs);
    if (!stylizer_) {
      port.progress.at("load", 0, 1);
      stylizer_ = std::make_unique<Stylizer>(runtime_, assets_);
    }
    RunnerPicture made;
    made.image = stylize(*stylizer_, request, read_image(inputs.at("source")), port.progress);
    made.request = json;
    made.model = "painting styles";
    made.prompt = request.style_image ? "in the style of " + inputs.at("style").name
                                      : describe_styles(request.styles);
    made.infotext = infotext(request, inputs, made.prompt, made.image);
    port.picture(0, std::move(made));
  }

  void unload() override { stylizer_.reset(); }

 private:
  static std::string infotext(const StylizeRequest& request, const JobInputs& inputs,
                              const std::string& styles, const Image& image) {
    const auto recorded = [&](const char* role) -> std::optional<RecordedFile> {
      const auto found = inputs.find(role);
      if (found == inputs.end()) return {};
      return RecordedFile{found->second.name, found->second.sha256};
    };
    Infotext info = stylize_infotext(request, recorded("source").value(),
                                     request.style_image ? recorded("style") : std::nullopt, image,
                                     version_text());
    info.prompt = styles;
    return format_infotext(info);
  }

  Runtime& runtime_;
  std::filesystem::path assets_;
  std::unique_ptr<Stylizer> stylizer_;
};

}  // namespace

std::unique_ptr<JobRunner> make_stylize_runner(Runtime& runtime, std::filesystem::path assets) {
  return std::make_unique<StylizeRunner>(runtime, std::move(assets));
}

}  // namespace pentimento
