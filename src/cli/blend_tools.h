// What a blend needs beside the model, found by name, loaded and kept for the run.
#pragma once

#include <memory>
#include <string>

#include "cli/context.h"
#include "pipelines/add_ons.h"
#include "pipelines/blend.h"
#include "pipelines/steering_cost.h"

namespace pentimento {

struct LoadedBlendTools {
  std::shared_ptr<IpAdapter> adapter;
  std::shared_ptr<Clip> clip;
  std::unique_ptr<Stylizer> stylizer;
  std::string adapter_name, clip_name;

  BlendTools tools() const {
    return {adapter.get(), clip.get(), stylizer.get(), adapter_name, clip_name};
  }
  void add_to(SteeringCost& cost, size_t pictures) const;
};

// `adapter`, `encoder`: files or names in the models folder; empty: the only ones installed.
LoadedBlendTools load_blend_tools(const Context& context, BlendMethod method,
                                  const std::string& adapter, const std::string& encoder,
                                  Runtime& runtime, const LoadedModel& model, AddOns& add_ons,
                                  const Progress& progress);

}  // namespace pentimento
