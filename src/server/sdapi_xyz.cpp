#include "server/sdapi_xyz.h"

#include "server/sdapi_scripts.h"
#include "studio/coded_error.h"

namespace pentimento {
namespace {

// The directions of A1111 1.10's menu, in its order (webui-spec §3.5); some are in one tab only.
enum class Tab { Both, Txt2Img, Img2Img };
struct Direction {
  const char* name = "";
  Tab tab = Tab::Both;
};
constexpr Direction kDirections[] = {{"Nothing"},
                                     {"Seed"},
                                     {"Var. seed"},
                                     {"Var. strength"},
                                     {"Steps"},
                                     {"Hires steps", Tab::Txt2Img},
                                     {"CFG Scale"},
                                     {"Image CFG Scale", Tab::Img2Img},
                                     {"Prompt S/R"},
                                     {"Prompt order"},
                                     {"Sampler"},
                                     {"Hires sampler", Tab::Txt2Img},
                                     {"Checkpoint name"},
                                     {"Negative Guidance minimum sigma"},
                                     {"Sigma Churn"},
                                     {"Sigma min"},
                                     {"Sigma max"},
                                     {"Sigma noise"},
                                     {"Schedule type"},
                                     {"Schedule min sigma"},
                                     {"Schedule max sigma"},
                                     {"Schedule rho"},
                                     {"Beta schedule alpha"},
                                     {"Beta schedule beta"},
                                     {"Eta"},
                                     {"Clip skip"},
                                     {"Denoising"},
                                     {"Initial noise multiplier"},
                                     {"Extra noise"},
                                     {"Hires upscaler", Tab::Txt2Img},
                                     {"Cond. Image Mask Weight", Tab::Img2Img},
                                     {"VAE"},
                                     {"Styles"},
                                     {"UniPC Order"},
                                     {"Face restore"},
                                     {"Token merging ratio"},
                                     {"Token merging ratio high-res"},
                                     {"Always discard next-to-last sigma"},
                                     {"SGM noise multiplier"},
                                     {"Refiner checkpoint"},
                                     {"Refiner switch at"},
                                     {"RNG source"},
                                     {"FP8 mode"},
                                     {"Size"}};

// By number, counted in the tab's own menu, or by name.
std::string direction_of(const Json& given, Tab tab) {
  if (given.is_string()) return given;
  int64_t left = given.is_number_integer() ? given.get<int64_t>() : -1;
  for (const Direction& direction : kDirections) {
    if (direction.tab != Tab::Both && direction.tab != tab) continue;
    if (left-- == 0) return direction.name;
  }
  throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                   "X/Y/Z plot: there is no direction " + given.dump().substr(0, 40),
                   "script_args");
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

}  // namespace

void apply_xyz_plot(App& app, const Json& a, SdapiJob& job) {
  const bool img2img = job.spec.kind == "img2img";
  if ((!img2img && job.spec.kind != "txt2img") || !has_kind(app, "grid"))
    throw CodedError(ErrorKind::Unsupported, "unsupported", "X/Y/Z plot works without a mask here",
                     "script_name");
  if (job.spec.request.value("hires", false))
    throw CodedError(ErrorKind::Unsupported, "unsupported",
                     "X/Y/Z plot works without hires fix here; send enable_hr false", "enable_hr");
  for (const size_t vary : {13, 14, 15})
    if (a.at(vary) == Json(true))
      throw CodedError(ErrorKind::Unsupported, "unsupported",
                       "X/Y/Z plot: seeds do not vary by themselves here; make them a direction",
                       "script_args");
  job.spec.kind = "grid";
  if (!img2img) job.spec.request["strength"] = 1;
  constexpr const char* kNames[] = {"x", "y", "z"};
  for (size_t d = 0; d < 3; ++d) {
    const std::string direction = direction_of(a.at(3 * d), img2img ? Tab::Img2Img : Tab::Txt2Img);
    if (direction != "Nothing" && !direction.empty())
      job.spec.request[kNames[d]] = direction + "=" + values_of(a.at(3 * d + 1), a.at(3 * d + 2));
  }
  job.sheets_only = a.at(10) != Json(true);
}

}  // namespace pentimento
