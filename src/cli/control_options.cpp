#include "cli/control_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/add_on_path.h"
#include "cli/inputs.h"
#include "image/codec.h"
#include "pipelines/grid_steering.h"
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
    ControlUnit unit = parse_control_unit(text);
    refuse(problems_of(unit));
    const auto network = find_add_on(context, kControlNets, unit.network);
    std::optional<InputImage> picture;
    if (!unit.picture.empty())
      picture = read_input(unit.picture).input;
    else if (!from_picture)
      throw Error(ErrorKind::InvalidArgument,
                  "control '" + text + "' has nothing to look at; add :image=FILE");
    controls_.add(std::move(unit), network, std::move(picture));
  }
}

void CommandControls::load(AddOns& add_ons, const LoadedModel& model, const Progress& progress) {
  controls_.load(add_ons, model, progress);
}

std::function<void(size_t, const Image&)> CommandControls::map_writer() const {
  if (maps_dir_.empty()) return {};
  return [folder = std::filesystem::path(maps_dir_)](size_t i, const Image& map) {
    std::filesystem::create_directories(folder);
    write_picture(folder / ("control-" + std::to_string(i + 1) + ".png"), map);
  };
}

void CommandControls::steer(Img2ImgOptions& options) const {
  controls_.steer(options, map_writer());
}

void CommandControls::steer(GridOptions& options, AddOns& add_ons, const Progress& progress) {
  if (!controls_.empty())
    options.steering = grid_steering(controls_, add_ons, progress, map_writer());
}

}  // namespace pentimento
