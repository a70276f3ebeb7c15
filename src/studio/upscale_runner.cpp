#include "studio/upscale_runner.h"

#include "base/memory.h"
#include "pipelines/upscale_infotext.h"
#include "runtime/resident_memory.h"
#include "runtime/version.h"
#include "studio/coded_error.h"
#include "studio/diffusion_tools.h"

namespace pentimento {
namespace {

std::vector<Field> upscale_fields() {
  const auto size = [](const char* name) {
    return Field{.name = name,
                 .type = FieldType::Integer,
                 .default_value = 0,
                 .what = "pixels of the result instead of a scale; one alone keeps proportions",
                 .minimum = 0,
                 .maximum = 16384};
  };
  return {{.name = "upscaler",
           .default_value = kDefaultUpscaler,
           .what = "a network's name, or lanczos: GET /api/v1/models?type=upscaler",
           .maximum = 300},
          {.name = "scale",
           .type = FieldType::Number,
           .default_value = 2,
           .what = "how many times as wide and high",
           .minimum = 1,
           .maximum = 16},
          size("width"),
          size("height")};
}

UpscaleRequest request_of(const Json& json) {
  return {.scale = json.at("scale"),
          .width = json.at("width").get<int>(),
          .height = json.at("height").get<int>(),
          .upscaler = json.at("upscaler")};
}

class UpscaleRunner : public JobRunner {
 public:
  explicit UpscaleRunner(std::shared_ptr<UpscalerShelf> shelf) : shelf_(std::move(shelf)) {}

  JobKind describe() const override {
    return {.kind = "upscale",
            .what = "make a picture larger, with details to match",
            .inputs = {{"source", "the picture", true}},
            .fields = upscale_fields()};
  }

  Json resolve(Json request, const JobInputs&) const override {
    const auto problems = problems_of(request_of(request));
    if (!problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
    return request;
  }

  bool plans_quickly(const Json&) const override { return true; }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const InputImage source = input_of(inputs, "source").value();
    const UpscalePlan plan =
        shelf_->plan(request_of(request), source.image.width, source.image.height);
    return {.width = plan.width,
            .height = plan.height,
            .seconds = plan.seconds,
            .memory_bytes = plan.memory_bytes,
            .sentence = plan.describe()};
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    port.progress.at("load", 0, 1);
    const InputImage source = input_of(inputs, "source").value();
    UpscalePlan plan;
    Progress progress = port.progress;
    progress.report = [&](const ProgressEvent& event) {
      ProgressEvent told = event;
      if (event.stage == "enlarge") told.stage = "upscale";
      port.progress.report(told);
    };
    RunnerPicture made;
    made.image = shelf_->enlarge(request_of(request), source.image, progress, &plan);
    made.infotext = format_infotext(upscale_infotext({}, {.plan = plan,
                                                          .input = source,
                                                          .result = made.image,
                                                          .precision = shelf_->precision(),
                                                          .version = version_text()}));
    made.model = plan.upscaler;
    made.request = request;
    port.picture(0, std::move(made));
  }

  void unload() override { shelf_->drop(); }

 private:
  std::shared_ptr<UpscalerShelf> shelf_;
};

}  // namespace

Upscaler* UpscalerShelf::open(const UpscalerEntry& entry) {
  if (entry.path.empty()) return nullptr;
  if (!network_ || name_ != entry.path.string()) {
    network_.reset();
    network_ = open_network(runtime_, entry);
    name_ = entry.path.string();
  }
  return network_.get();
}

UpscalePlan UpscalerShelf::plan(const UpscaleRequest& request, int width, int height) {
  const UpscalerEntry entry = find_upscaler(folders_, request.upscaler);
  const std::optional<UpscalerConfig> config = config_of(entry);
  const Timings timings(timings_file_);
  UpscalePlan plan =
      plan_upscale(request, entry.name, config ? &*config : nullptr, width, height, &timings);
  const uint64_t free = available_memory_bytes();
  check_memory(plan, free == 0 ? 0 : free + resident_bytes(runtime_));
  return plan;
}

// Opened beside the network that may be enlarging just now: planning never waits for it.
std::optional<UpscalerConfig> UpscalerShelf::config_of(const UpscalerEntry& entry) {
  if (entry.path.empty()) return std::nullopt;
  const std::string key = entry.path.string();
  std::lock_guard lock(configs_mutex_);
  if (const auto known = configs_.find(key); known != configs_.end()) return known->second;
  return configs_[key] = open_network(runtime_, entry)->config();
}

Image UpscalerShelf::enlarge(const UpscaleRequest& request, const Image& picture,
                             const Progress& progress, UpscalePlan* told) {
  std::lock_guard lock(mutex_);
  const UpscalerEntry entry = find_upscaler(folders_, request.upscaler);
  Upscaler* network = open(entry);
  Timings timings(timings_file_);
  const UpscalePlan plan =
      plan_upscale(request, entry, network, picture.width, picture.height, &timings);
  make_room(runtime_, plan.memory_bytes);
  check_memory(plan, available_memory_bytes());
  if (told) *told = plan;
  return run_upscale(network, plan, picture, progress, &timings);
}

void UpscalerShelf::drop() {
  std::lock_guard lock(mutex_);
  network_.reset();
}

std::unique_ptr<JobRunner> make_upscale_runner(std::shared_ptr<UpscalerShelf> shelf) {
  return std::make_unique<UpscaleRunner>(std::move(shelf));
}

Enlarge enlarge_with(std::shared_ptr<UpscalerShelf> shelf) {
  return [shelf](const Image& image, int width, int height, const std::string& upscaler) {
    const Image large =
        shelf->enlarge({.width = width, .height = height, .upscaler = upscaler}, image, {});
    return large.width == width && large.height == height
               ? large
               : resize(large, width, height, Filter::Lanczos);
  };
}

}  // namespace pentimento
