#include "pipelines/upscale_infotext.h"

#include "pipelines/img2img_infotext.h"
#include "pipelines/infotext_fields.h"
#include "pipelines/repeat.h"

namespace pentimento {
namespace {

constexpr const char* kRefined = "Postprocess refined";
constexpr const char* kNetworkHash = "Postprocess upscaler hash";

void remove(Infotext& info, const char* key) {
  std::erase_if(info.fields, [&](const auto& field) { return field.first == key; });
}

void set_or_remove(Infotext& info, const char* key, const std::string& value) {
  if (value.empty())
    remove(info, key);
  else
    info.set(key, value);
}

}  // namespace

Infotext upscale_infotext(Infotext info, const Enlarged& made) {
  info.set("Job", "upscale");
  info.set("Postprocess upscale to",
           std::to_string(made.plan.width) + "x" + std::to_string(made.plan.height));
  info.set("Postprocess upscaler", made.plan.upscaler);
  set_or_remove(info, kNetworkHash, made.plan.network_hash);
  set_or_remove(info, kRefined, made.refined ? "True" : "");
  info.set("Input", made.input.name);
  info.set("Input SHA-256", made.input.sha256);
  if (!made.refined)
    set_or_remove(info, "Precision", made.plan.passes.empty() ? "" : made.precision);
  info.set("Pixels SHA-256", pixels_sha256(to_rgb(made.result)));
  info.set("Version", made.version);
  return info;
}

bool was_enlarged(const Infotext& info) { return info.get("Job") == "upscale"; }

UpscaleRequest upscale_request_from_infotext(const Infotext& info) {
  UpscaleRequest r;
  const auto size = parse_size(info.get("Postprocess upscale to").value_or(""));
  if (size) std::tie(r.width, r.height) = *size;
  r.upscaler = info.get("Postprocess upscaler").value_or("");
  return r;
}

bool was_refined(const Infotext& info) {
  return was_enlarged(info) ? field_is_true(info, kRefined)
                            : info.get("SD upscale overlap").has_value();
}

std::string sd_upscaler_of_infotext(const Infotext& info) {
  return info.get("SD upscale upscaler").value_or("None");
}

RefineRequest refine_request_from_infotext(const Infotext& info) {
  RefineRequest r;
  r.image = request_from_infotext(info);
  r.image.width = r.image.height = 0;
  if (const auto tile = parse_size(info.get("Tile size").value_or("")))
    std::tie(r.image.width, r.image.height) = *tile;
  r.overlap_px = read_field_or(info, "SD upscale overlap", r.overlap_px);
  r.match_colours = info.get("SD upscale colours").value_or("") != "unmatched";
  return r;
}

}  // namespace pentimento
