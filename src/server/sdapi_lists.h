// AUTOMATIC1111's lists, options and housekeeping.
#pragma once

#include "server/app.h"

namespace pentimento {

void add_sdapi_list_routes(App& app, Router& router);

// Names of what enlarges, in the order of AUTOMATIC1111's menus: None, Lanczos, Nearest, networks.
std::vector<std::string> sdapi_upscalers(App& app);

// The pairs of a parameters text, with the defaults the original adds when it reads one
// (webui-spec §5.4).
Json pasted_parameters(const std::string& infotext);

}  // namespace pentimento
