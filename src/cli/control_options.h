// --control on the verbs that paint: ControlNets and the pictures they look at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "pipelines/add_ons.h"
#include "pipelines/control.h"
#include "pipelines/img2img.h"
#include "pipelines/steering_cost.h"

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

  bool empty() const { return units_.empty(); }
  void load(AddOns& add_ons, const LoadedModel& model, const Progress& progress);

  // In one line: the units, and their own pictures by content.
  std::string describe() const;
  // For the plan: what has been loaded.
  SteeringCost cost() const;
  Steering ready(const Scene& scene) const;
  // Hands them to a run, which this must outlive; nothing when there are none.
  void steer(Img2ImgOptions& options) const;

 private:
  struct Unit {
    ControlUnit unit;
    std::filesystem::path network_path;
    std::optional<InputImage> picture;
    std::shared_ptr<ControlNet> network;
    std::string hash;
  };
  std::vector<Unit> units_;
  std::string maps_dir_;
  AddOns* add_ons_ = nullptr;
};

}  // namespace pentimento
