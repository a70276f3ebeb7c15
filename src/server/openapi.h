// The OpenAPI 3.1 document of the native interface, made from the tables that answer it.
#pragma once

#include "server/router.h"
#include "studio/job_runner.h"

namespace pentimento {

Json openapi_document(const Router& router, const std::vector<JobKind>& kinds);

}  // namespace pentimento
