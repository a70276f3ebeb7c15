#include "cli/control_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/add_on_path.h"
#include "cli/inputs.h"
#include "image/codec.h"
#include "pipelines/control_infotext.h"
#include "pipelines/problems.h"

namespace pentimento {

void add_control_options(CLI::App& verb, ControlArguments& arguments) {
  const char* group = "Control";
  verb.add_option("--control", arguments.units,
                  "a ControlNet, file or name, and what it looks at: NET[:key=value,...] with "
                  "image=FILE (default: the input picture), "
                  "pre=none|canny|softedge|lineart|scribble|drawn|threshold|invert|tile|inpaint, "
                  "weight=0..2, start=0..1, end=0..1, mode=balanced|prompt|control, "
                  "resize=stretch|crop|fill, a= and b= (thresholds); repeat it for several")
      ->group(group)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--control-maps", arguments.maps_dir,
                  "folder to write what the ControlNets see, as control-1.png …")
      ->group(group);
}

CommandControls::CommandControls(const Context& context, const ControlArguments& arguments,
                                 bool from_picture)
    : maps_dir_(arguments.maps_dir) {
  for (const std::string& text : arguments.units) {
    Unit entry{.unit = parse_control_unit(text)};
    refuse(problems_of(entry.unit));
    entry.network_path = find_add_on(context.paths, kControlNets, entry.unit.network);
    if (!entry.unit.picture.empty())
      entry.picture = read_input(entry.unit.picture).input;
    else if (!from_picture)
      throw Error(ErrorKind::InvalidArgument,
                  "control '" + text + "' has nothing to look at; add :image=FILE");
    units_.push_back(std::move(entry));
  }
}

void CommandControls::load(AddOns& add_ons, const LoadedModel& model, const Progress& progress) {
  add_ons_ = &add_ons;
  for (Unit& entry : units_) {
    entry.network = add_ons.control_net(entry.network_path, model, progress);
    entry.hash = add_ons.hash_of(open_controlnet(entry.network_path).path, progress);
  }
}

std::string CommandControls::describe() const {
  std::string text;
  for (const Unit& entry : units_)
    text += to_text(entry.unit) + " " + (entry.picture ? entry.picture->sha256 : "") + "; ";
  return text;
}

SteeringCost CommandControls::cost() const {
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

Steering CommandControls::ready(const Scene& scene) const {
  Steering steering;
  for (size_t i = 0; i < units_.size(); ++i) {
    const Unit& entry = units_[i];
    ReadyControl made =
        make_control(entry.network, entry.unit, entry.picture ? &entry.picture->image : nullptr,
                     scene, &add_ons_->control_pictures());
    if (!maps_dir_.empty()) {
      std::filesystem::create_directories(maps_dir_);
      write_picture(
          std::filesystem::path(maps_dir_) / ("control-" + std::to_string(i + 1) + ".png"),
          made.map);
    }
    steering.controls.push_back(std::move(made.control));
    for (auto& fact :
         control_facts(i, entry.unit, entry.hash, entry.picture ? &*entry.picture : nullptr))
      steering.facts.push_back(std::move(fact));
  }
  return steering;
}

void CommandControls::steer(Img2ImgOptions& options) const {
  if (!empty()) options.steer = [this](const Scene& scene) { return ready(scene); };
}

}  // namespace pentimento
