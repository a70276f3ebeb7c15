// AUTOMATIC1111's Extras tab and its interrogator.
#pragma once

#include "server/app.h"

namespace pentimento {

void add_sdapi_extra_routes(App& app, Router& router);

}  // namespace pentimento
