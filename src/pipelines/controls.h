// The ControlNets of a job: units with the files and pictures they name, loaded once and made ready
// for each picture that is painted.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/add_ons.h"
#include "pipelines/control.h"
#include "pipelines/img2img.h"
#include "pipelines/steering_cost.h"

namespace pentimento {

// Thread contract: one thread at a time.
class Controls {
 public:
  // `picture`: what the unit looks at; none: the job's own. Throws InvalidArgument with the
  // problems of the unit.
  void add(ControlUnit unit, std::filesystem::path network, std::optional<InputImage> picture);
  bool empty() const { return units_.empty(); }

  // Loads the networks beside `model`. Throws as AddOns does. `add_ons` must outlive this.
  void load(AddOns& add_ons, const LoadedModel& model, const Progress& progress);

  // In one line: the units, and their own pictures by content.
  std::string describe() const;
  // For the plan: what has been loaded.
  SteeringCost cost() const;

  // `on_map` is shown what each network sees. Throws as make_control does.
  Steering ready(const Scene& scene,
                 const std::function<void(size_t unit, const Image& map)>& on_map = {}) const;

  // Hands them to a run, which this must outlive; nothing when there are none.
  void steer(Img2ImgOptions& options,
             std::function<void(size_t unit, const Image& map)> on_map = {}) const;

 private:
  struct Unit {
    ControlUnit unit;
    std::filesystem::path network_path;
    std::optional<InputImage> picture;
    std::shared_ptr<ControlNet> network;
    std::string hash;
  };
  std::vector<Unit> units_;
  AddOns* add_ons_ = nullptr;
};

}  // namespace pentimento
