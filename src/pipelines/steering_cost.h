// What ControlNets and image prompts add to a plan.
#pragma once

#include <span>
#include <vector>

#include "pipelines/img2img.h"
#include "runtime/clip.h"
#include "runtime/ip_adapter.h"

namespace pentimento {

struct SteeringCost {
  std::vector<Control> controls;  // their pictures do not matter
  const IpAdapter* adapter = nullptr;
  const Clip* clip = nullptr;
  size_t pictures = 0;  // that the image encoder looks at
};

// Adds their memory, and their seconds: the estimate goes away when theirs are not known yet.
// Throws OutOfMemory with the numbers when it is too much.
void count_steering(Img2ImgPlan& plan, const LoadedModel& model, const SteeringCost& cost,
                    const Timings* timings);

// Names the measured time of looking at a picture.
std::string look_key(const Clip& clip, const LoadedModel& model);

}  // namespace pentimento
