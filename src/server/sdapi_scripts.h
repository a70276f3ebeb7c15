// AUTOMATIC1111's scripts: what is chosen by `script_name` and what is always on
// (`alwayson_scripts`), as far as there is a job for it.
#pragma once

#include "server/sdapi_request.h"

namespace pentimento {

// The mask of an img2img request makes it an inpaint job.
void add_sdapi_mask(App& app, const Json& p, SdapiJob& job);

// Throws CodedError: 422 for a script that is not there, or arguments it does not take.
void apply_sdapi_scripts(App& app, const Json& p, SdapiJob& job);

// Whether this build has such jobs.
bool has_kind(App& app, const char* kind);

Json sdapi_script_titles();  // GET /sdapi/v1/scripts
Json sdapi_script_info();    // GET /sdapi/v1/script-info

}  // namespace pentimento
