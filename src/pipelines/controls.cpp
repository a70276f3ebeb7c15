#include "pipelines/controls.h"

#include "pipelines/problems.h"
#include "weights/controlnet_file.h"

namespace pentimento {

void Controls::add(ControlUnit unit, std::filesystem::path network, std::optional<Image> picture) {
  refuse(problems_of(unit));
  units_.push_back({.unit = std::move(unit),
                    .network_path = std::move(network),
                    .picture = std::move(picture),
                    .network = {},
                    .hash = {}});
}

void Controls::load(AddOns& add_ons, const LoadedModel& model, const Progress& progress) {
  for (Unit& entry : units_) {
    entry.network = add_ons.control_net(entry.network_path, model, progress);
    entry.hash = add_ons.hash_of(open_controlnet(entry.network_path).path, progress);
  }
}

Steering Controls::ready(const Scene& scene,
                         const std::function<void(size_t unit, const Image& map)>& on_map) const {
  Steering steering;
  for (size_t i = 0; i < units_.size(); ++i) {
    const Unit& entry = units_[i];
    ReadyControl made =
        make_control(entry.network, entry.unit, entry.picture ? &*entry.picture : nullptr, scene);
    if (on_map) on_map(i, made.map);
    steering.controls.push_back(std::move(made.control));
    steering.facts.emplace_back("ControlNet " + std::to_string(i),
                                describe_control(entry.unit, entry.hash));
  }
  return steering;
}

void Controls::steer(Img2ImgOptions& options,
                     std::function<void(size_t unit, const Image& map)> on_map) const {
  if (!empty())
    options.steer = [this, on_map = std::move(on_map)](const Scene& scene) {
      return ready(scene, on_map);
    };
}

}  // namespace pentimento
