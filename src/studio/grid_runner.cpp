// Pictures of a grid: the sheets first (one for each z), then the cells, x fastest. Cells wait in a
// cache folder until the sheets are made, so that an interrupted grid goes on.
#include "studio/grid_runner.h"

#include <map>

#include "image/codec.h"
#include "pipelines/grid.h"
#include "pipelines/grid_steering.h"
#include "runtime/version.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
constexpr const char* kAxes[] = {"x", "y", "z"};
constexpr size_t kMostCells = 200;

struct GridJob {
  GridRequest request;
  ModelChoice choice;
  std::string axes[3];
};

GridJob job_from_json(const Json& json) {
  GridJob job;
  read_img2img(json, job.request.base, job.choice);
  for (size_t d = 0; d < 3; ++d) {
    job.axes[d] = json.value(kAxes[d], "");
    if (!job.axes[d].empty()) job.request.axes[d] = parse_axis(job.axes[d]);
  }
  return job;
}

Json job_to_json(const GridJob& job) {
  Json json = img2img_to_json(job.request.base, job.choice);
  for (size_t d = 0; d < 3; ++d) json[kAxes[d]] = job.axes[d];
  return json;
}

class GridRunner : public DiffusionRunner {
 public:
  using DiffusionRunner::DiffusionRunner;

  JobKind describe() const override {
    JobKind kind{.kind = "grid",
                 .what = "a picture with every combination of settings, as labelled sheets",
                 .inputs = {{"source", "the picture to start from; none: from words alone", false}},
                 .fields = grid_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    GridJob job = job_from_json(request);
    tools_.decide(job.request.base, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/inputs.contains("source"));
    const GridPlan plan = plan_grid(job.request, nullptr);
    if (plan.cells.size() > kMostCells)
      throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                       "the grid has " + std::to_string(plan.cells.size()) +
                           " cells, at most max_grid_cells, " + std::to_string(kMostCells) +
                           ", are painted",
                       "request.x")
          .with_limit("max_grid_cells");
    for (const GridCell& cell : plan.cells) {
      if (!cell.model.empty()) tools_.catalog->need("checkpoint", cell.model);
      tools_.check_vae(cell.vae);
    }
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const GridJob job = job_from_json(request);
    const std::optional<InputImage> source = input_of(inputs, "source");
    const GridPlan plan = plan_grid(job.request, source ? &*source : nullptr);
    return {.pictures = static_cast<int>(plan.cells.size() + plan.sheets),
            .sentence = plan.describe(job.request)};
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const GridJob job = job_from_json(request);
    const std::optional<InputImage> picture = input_of(inputs, "source");
    Timings timings(tools_.timings_file);
    const InputImage* source = picture ? &*picture : nullptr;
    const GridPlan plan = plan_grid(job.request, source);
    const size_t sheets = plan.sheets;
    if (port.expect) port.expect(static_cast<int>(plan.cells.size() + sheets));
    const fs::path folder = tools_.timings_file.parent_path() / "grid-cells";
    fs::create_directories(folder);
    Controls controls = tools_.controls(job.choice.controls, inputs);
    GridOptions options{.version = version_text(),
                        .timings = &timings,
                        .steering = {},
                        .folder = folder,
                        .on_cell = {}};
    if (!controls.empty())
      options.steering = grid_steering(controls, *tools_.add_ons, port.progress);

    std::shared_ptr<LoadedModel> model;  // of the cell at work
    std::map<size_t, fs::path> files;
    const GridModels models = [&](const GridCell& cell) -> LoadedModel& {
      model.reset();
      model = tools_.load({.model = cell.model.empty() ? job.choice.model : cell.model,
                           .vae = cell.vae.empty() ? job.choice.vae : cell.vae,
                           .text_encoder = cell.model.empty() ? job.choice.text_encoder : ""},
                          port.progress);
      const auto index = static_cast<size_t>(&cell - plan.cells.data());
      files[index] = folder / cell_file_name(plan, index, *model, source, options.version,
                                             options.steering.description);
      return *model;
    };
    options.on_cell = [&](size_t index, size_t, const Image& image, bool) {
      port.picture(static_cast<int>(sheets + index),
                   cell_picture(job, plan.cells[index], image, files.at(index), model->name));
    };
    const auto cells = run_grid(
        plan, models, [&](const GridCell&) { return source; }, options, port.progress);
    const auto made = grid_sheets(job.request, plan, cells);
    for (size_t z = 0; z < made.size(); ++z) {
      RunnerPicture sheet{.image = made[z],
                          .prompt = job.request.base.prompt,
                          .negative_prompt = job.request.base.negative_prompt,
                          .model = job.choice.model,
                          .request = job_to_json(job)};
      port.picture(static_cast<int>(z), std::move(sheet));
    }
    std::error_code error;
    for (const auto& [index, file] : files) fs::remove(file, error);
  }

 private:
  // A cell alone: the same request without its directions.
  static RunnerPicture cell_picture(const GridJob& job, const GridCell& cell, const Image& image,
                                    const fs::path& file, const std::string& model) {
    RunnerPicture picture{.image = image,
                          .prompt = cell.request.prompt,
                          .negative_prompt = cell.request.negative_prompt,
                          .model = model};
    if (cell.request.seed) picture.seed = static_cast<int64_t>(*cell.request.seed);
    const std::string bytes = read_whole_file(file);
    const auto text = decode_picture(as_bytes(bytes), "cell").text;
    if (const auto found = text.find("parameters"); found != text.end())
      picture.infotext = found->second;
    GridJob alone = job;
    alone.request.base = cell.request;
    if (!cell.model.empty()) alone.choice.model = cell.model;
    if (!cell.vae.empty()) alone.choice.vae = cell.vae;
    for (std::string& axis : alone.axes) axis.clear();
    picture.request = job_to_json(alone);
    return picture;
  }
};

}  // namespace

std::vector<Field> grid_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields)
    if (field.name == "batch") field.maximum = 1;
  constexpr const char* kWhat[] = {"columns: NAME=VALUES, as strength=0.3,0.5 or seed=1-4",
                                   "rows, likewise", "sheets, likewise"};
  for (size_t d = 0; d < 3; ++d)
    fields.push_back({.name = kAxes[d], .default_value = "", .what = kWhat[d], .maximum = 2000});
  fields.push_back(control_field());
  return fields;
}

std::unique_ptr<JobRunner> make_grid_runner(DiffusionTools tools) {
  return std::make_unique<GridRunner>(std::move(tools));
}

}  // namespace pentimento
