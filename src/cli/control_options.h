// --control on the verbs that paint: ControlNets and the pictures they look at.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "pipelines/controls.h"

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

  bool empty() const { return controls_.empty(); }
  void load(AddOns& add_ons, const LoadedModel& model, const Progress& progress);

  std::string describe() const { return controls_.describe(); }
  SteeringCost cost() const { return controls_.cost(); }
  Steering ready(const Scene& scene) const;
  // Hands them to a run, which this must outlive; nothing when there are none.
  void steer(Img2ImgOptions& options) const;

 private:
  std::function<void(size_t, const Image&)> map_writer() const;

  Controls controls_;
  std::string maps_dir_;
};

}  // namespace pentimento
