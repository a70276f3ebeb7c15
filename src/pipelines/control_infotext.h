// What a picture remembers of the ControlNets that steered it: A1111's field "ControlNet N", and
// beside it the control picture, where the unit had one of its own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/control.h"
#include "pipelines/img2img_request.h"

namespace pentimento {

// `hash`: SHA-256 of the network's file. `own`: the unit's own picture, or null.
std::vector<std::pair<std::string, std::string>> control_facts(size_t index,
                                                               const ControlUnit& unit,
                                                               const std::string& hash,
                                                               const InputImage* own);

struct ControlRecord {
  ControlUnit unit;          // network: a name; picture: empty
  std::string name, sha256;  // of the unit's own picture; empty: the job's
};
// Throws InvalidArgument for a description this program does not write.
std::vector<ControlRecord> controls_of_infotext(const Infotext& info);

// The unit as parse_control_unit() reads it.
std::string to_text(const ControlUnit& unit);

}  // namespace pentimento
