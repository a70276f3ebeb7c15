// --control on the verbs that paint: ControlNets and the pictures they look at.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "pipelines/controls.h"
#include "pipelines/grid.h"

namespace CLI {
class App;
}

namespace pentimento {

struct ControlArguments {
  std::vector<std::string> units;  // as parse_control_unit reads them
  std::string maps_dir;            // where to write what the networks see
};
void add_control_options(CLI::App& verb, ControlArguments& arguments);

// The controls of a command line, loaded once and made ready for each picture.
class CommandControls {
 public:
  // Parses and checks everything that needs no network; opens the control pictures. `from_picture`:
  // the job has a picture of its own, which units without image= look at.
  CommandControls(const Context& context, const ControlArguments& arguments, bool from_picture);

  void load(AddOns& add_ons, const LoadedModel& model, const Progress& progress);

  SteeringCost cost() const { return controls_.cost(); }
  // Hands them to a run, which this must outlive; nothing when there are none.
  void steer(Img2ImgOptions& options) const;
  // The same for a grid, which loads them: all arguments must outlive it.
  void steer(GridOptions& options, AddOns& add_ons, const Progress& progress);

 private:
  std::function<void(size_t, const Image&)> map_writer() const;

  Controls controls_;
  std::string maps_dir_;
};

}  // namespace pentimento
