// For interfaces whose request lasts as long as the job does.
#pragma once

#include "server/app.h"

namespace pentimento {

// Submits the job and waits on this connection's thread until it has ended. Throws what the job
// failed with, or "busy" when the queue is paused.
Job run_and_wait(App& app, const JobSpec& spec, const HttpRequest& request);

}  // namespace pentimento
