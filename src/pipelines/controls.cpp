#include "pipelines/controls.h"

#include "pipelines/control_infotext.h"
#include "pipelines/problems.h"
#include "weights/controlnet_file.h"

namespace pentimento {

void Controls::add(ControlUnit unit, std::filesystem::path network,
                   std::optional<InputImage> picture) {
  refuse(problems_of(unit));
  units_.push_back({.unit = std::move(unit),
                    .network_path = std::move(network),
                    .picture = std::move(picture),
                    .network = {},
                    .hash = {}});
}

void Controls::load(AddOns& add_ons, const LoadedModel& model, const Progress& progress) {
  add_ons_ = &add_ons;
  for (Unit& entry : units_) {
    entry.network = add_ons.control_net(entry.network_path, model, progress);
    entry.hash = add_ons.hash_of(open_controlnet(entry.network_path).path, progress);
  }
}

std::string Controls::describe() const {
  std::string text;
  for (const Unit& entry : units_)
    text += to_text(entry.unit) + " " + (entry.picture ? entry.picture->sha256 : "") + "; ";
  return text;
}

SteeringCost Controls::cost() const {
  SteeringCost cost;
  for (const Unit& entry : units_)
    cost.controls.push_back({.network = entry.network,
                             .picture = {},
                             .weight = entry.unit.weight,
                             .start = entry.unit.start,
                             .end = entry.unit.end,
                             .mode = entry.unit.mode});
  return cost;
}

Steering Controls::ready(const Scene& scene,
                         const std::function<void(size_t unit, const Image& map)>& on_map) const {
  Steering steering;
  for (size_t i = 0; i < units_.size(); ++i) {
    const Unit& entry = units_[i];
    ReadyControl made =
        make_control(entry.network, entry.unit, entry.picture ? &entry.picture->image : nullptr,
                     scene, &add_ons_->control_pictures());
    if (on_map) on_map(i, made.map);
    steering.controls.push_back(std::move(made.control));
    for (auto& fact :
         control_facts(i, entry.unit, entry.hash, entry.picture ? &*entry.picture : nullptr))
      steering.facts.push_back(std::move(fact));
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
