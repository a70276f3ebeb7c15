// ControlNets over all cells of a grid.
#pragma once

#include <functional>

#include "pipelines/controls.h"
#include "pipelines/grid.h"

namespace pentimento {

// Loads `controls`, which are not empty, beside each model that cells are painted with. All of the
// arguments must outlive the grid; `on_map` is shown what each network sees.
GridSteering grid_steering(Controls& controls, AddOns& add_ons, const Progress& progress,
                           std::function<void(size_t unit, const Image& map)> on_map = {});

}  // namespace pentimento
