#include "pipelines/grid_steering.h"

namespace pentimento {

GridSteering grid_steering(Controls& controls, AddOns& add_ons, const Progress& progress,
                           std::function<void(size_t unit, const Image& map)> on_map) {
  const auto load = [&, loaded_for = std::make_shared<std::string>()](const LoadedModel& model) {
    if (*loaded_for == model.sha256) return;
    controls.load(add_ons, model, progress);
    *loaded_for = model.sha256;
  };
  return {
      .description = controls.describe(),
      .steer =
          [&controls, load, on_map = std::move(on_map)](LoadedModel& model, const Scene& scene) {
            load(model);
            return controls.ready(scene, on_map);
          },
      .cost =
          [&controls, load](LoadedModel& model) {
            load(model);
            return controls.cost();
          }};
}

}  // namespace pentimento
