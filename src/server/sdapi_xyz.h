// AUTOMATIC1111's X/Y/Z plot as the job grid (webui-spec §3.5).
#pragma once

#include "server/sdapi_request.h"

namespace pentimento {

// `arguments`: all of the script's, in its order. Throws CodedError for a direction that is not in
// the tab's menu, and for what is not done here.
void apply_xyz_plot(App& app, const Json& arguments, SdapiJob& job);

}  // namespace pentimento
