// ControlNets in a request: the field `control`, a list of units, and the inputs control_1 …
// control_3 that they look at.
#pragma once

#include <string>
#include <vector>

#include "pipelines/control.h"
#include "studio/job_runner.h"

namespace pentimento {

inline constexpr size_t kMostControls = 3;

// `network` is a name of the model library; unit k (from 1) looks at the input control_k, else at
// the job's source.
Field control_field();
void add_control_inputs(std::vector<InputRole>& inputs);
std::string control_role(size_t index);  // from 0: "control_1"

// Has passed check(); absent: none.
std::vector<ControlUnit> controls_from_json(const Json& request);
Json controls_to_json(const std::vector<ControlUnit>& units);

}  // namespace pentimento
