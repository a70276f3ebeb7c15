// AUTOMATIC1111's requests (webui-spec §6) as jobs: its defaults, nulls and quirks live here only.
#pragma once

#include <string>
#include <vector>

#include "server/app.h"

namespace pentimento {

// The fields of txt2img and img2img with the original's defaults. Everything may be null; unknown
// fields are ignored, wrong types are refused.
std::vector<Field> sdapi_fields(bool img2img);

// The options of GET /sdapi/v1/options: defaults, what was saved, and then `overrides` over both.
// Unknown names in `overrides` are ignored (save_options refuses them).
Json sdapi_options(App& app, const Json& overrides = Json::object());
bool is_sdapi_option(const std::string& name);
void save_sdapi_options(App& app, const Json& changes);  // throws CodedError naming the option

struct SdapiJob {
  JobSpec spec;
  Json shown;  // the request's fields as `parameters` echoes them
  bool send_images = true;
  Json options;                         // in effect for this request
  bool sheets_only = false;             // of a grid: its cells are not in the answer
  std::vector<bool> control_maps = {};  // of each ControlNet: does the caller want what it saw?
};
// Throws CodedError: 404 without init_images, 422 for what this program does not do.
// Only an administrator's override_settings can outlive the request.
SdapiJob sdapi_job(App& app, const Json& body, bool img2img, bool is_admin);

// base64, with or without "data:image/…;base64,". Addresses (http:, file:) are refused with the
// reason. Throws CodedError "bad_picture", "unsupported".
std::string decode_image_field(const std::string& text, const std::string& field);

}  // namespace pentimento
