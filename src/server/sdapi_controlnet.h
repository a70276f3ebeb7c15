// The ControlNet extension's interface: its lists, its preprocessors, and its units among the
// always-on scripts of txt2img and img2img.
#pragma once

#include <vector>

#include "server/sdapi_request.h"
#include "studio/gallery.h"

namespace pentimento {

// Units of `alwayson_scripts.ControlNet.args` as the job's field `control`; their pictures become
// inputs. Throws CodedError naming the unit and what is wrong with it.
void add_control_units(App& app, const Json& units, SdapiJob& job);

// What the units that ask for it saw of the whole picture, for behind the results. Base64.
std::vector<std::string> control_maps(App& app, const SdapiJob& asked, const Job& job,
                                      const std::vector<GalleryPicture>& pictures);

void add_controlnet_routes(App& app, Router& router);

}  // namespace pentimento
