// The verbs grid and strip: one picture painted with many settings, side by side.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/paths.h"
#include "cli/control_options.h"
#include "cli/generation_options.h"
#include "cli/inputs.h"
#include "cli/model_path.h"
#include "pipelines/grid.h"
#include "pipelines/painting_presets.h"
#include "runtime/version.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  Img2ImgRequest request;
  GenerationArguments generation;
  ControlArguments controls;
  std::string input, x, y, z, style;
};

// The models the cells name, one open at a time.
class OpenModel {
 public:
  OpenModel(Context& context, const GenerationArguments& a, Runtime& runtime,
            const Progress& progress)
      : context_(context), a_(a), runtime_(runtime), progress_(progress) {}

  LoadedModel& get(const GridCell& cell) {
    const std::string model = cell.model.empty() ? a_.model : cell.model;
    const std::string vae = cell.vae.empty() ? a_.vae : cell.vae;
    if (open_ && model == model_ && vae == vae_) return *open_;
    open_.reset();  // never two at once in memory
    open_.emplace(open_named_model(runtime_, context_, model, vae, a_.text, progress_));
    model_ = model;
    vae_ = vae;
    return *open_;
  }

 private:
  Context& context_;
  const GenerationArguments& a_;
  Runtime& runtime_;
  const Progress& progress_;
  std::string model_, vae_;
  std::optional<LoadedModel> open_;
};

void write_text(const fs::path& path, const std::string& text) {
  write_file_atomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

void say_result(const Context& context, Terminal& terminal, const std::vector<std::string>& files,
                const GridPlan& plan, size_t reused) {
  terminal.finish();
  if (context.json) {
    std::cout << grid_json(files, plan.cells.size(), reused) << "\n";
    return;
  }
  for (const std::string& file : files) terminal.say(file);
}

fs::path folder_for(const Arguments& a) {
  if (!a.generation.output.empty()) return a.generation.output;
  return (a.input == "-" ? "picture" : fs::path(a.input).stem().string()) + "-grid";
}

void refuse_file_as_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error))
    throw Error(ErrorKind::InvalidArgument,
                folder.string() + ": is a file; a grid needs a folder: -o FOLDER");
  fs::create_directories(folder / "cells", error);
  if (error) throw Error(ErrorKind::Io, folder.string() + ": cannot be made: " + error.message());
  check_writable(folder / "cells" / "x.png");
}

void run_grid_verb(Context& context, Arguments& a) {
  read_words(a.request, a.generation);
  GridRequest request{.base = a.request, .model = {}, .vae = {}, .preset = {}, .axes = {}};
  if (!a.style.empty()) request.preset = find_preset(a.style).key;
  const std::string* given[] = {&a.x, &a.y, &a.z};
  for (size_t d = 0; d < 3; ++d)
    if (!given[d]->empty()) request.axes[d] = parse_axis(*given[d]);
  const InputPicture input = read_input(a.input);
  const GridPlan plan = plan_grid(request, &input.input);
  const fs::path folder = folder_for(a);
  refuse_file_as_folder(folder);

  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  OpenModel models(context, a.generation, runtime, progress);
  Timings timings(context.paths.cache / "timings.txt");
  terminal.say(plan.describe(request) + ", into " + folder.string());
  std::map<size_t, std::string> names;
  size_t reused = 0;
  GridOptions options{.version = version_text(),
                      .timings = &timings,
                      .steering = {},
                      .folder = folder / "cells",
                      .on_cell = {}};
  AddOns add_ons(runtime, context.paths.cache);
  CommandControls controls(context, a.controls, /*from_picture=*/true);
  controls.steer(options, add_ons, progress);
  options.on_cell = [&](size_t, size_t done, const Image&, bool from_folder) {
    reused += from_folder;
    terminal.say(std::to_string(done) + " of " + std::to_string(plan.cells.size()) +
                 (from_folder ? " (was there already)" : ""));
  };
  size_t current = 0;
  const auto model_of = [&](const GridCell& cell) -> LoadedModel& {
    LoadedModel& model = models.get(cell);
    current = static_cast<size_t>(&cell - plan.cells.data());
    names[current] = "cells/" + cell_file_name(plan, current, model, &input.input, options.version,
                                               options.steering.description);
    return model;
  };
  const auto cells = run_grid(
      plan, model_of, [&](const GridCell&) { return &input.input; }, options, progress);

  std::vector<std::string> files;
  const auto sheets = grid_sheets(request, plan, cells);
  for (size_t z = 0; z < sheets.size(); ++z) {
    const std::string number = sheets.size() > 1 ? "-" + std::to_string(z + 1) : "";
    files.push_back((folder / ("sheet" + number + ".png")).string());
    write_picture(files.back(), sheets[z]);
  }
  files.push_back((folder / "index.html").string());
  write_text(files.back(), grid_page(request, plan, [&](size_t cell) { return names.at(cell); }));
  say_result(context, terminal, files, plan, reused);
}

void run_strip_verb(Context& context, Arguments& a) {
  read_words(a.request, a.generation);
  validate(a.request);
  const InputPicture input = read_input(a.input);
  Outputs outputs(a.generation.output, "strip", 1, 1);
  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  OpenModel models(context, a.generation, runtime, progress);
  Timings timings(context.paths.cache / "timings.txt");
  LoadedModel& model = models.get({});
  const Img2ImgPlan whole = plan_img2img(model, a.request, &input.input, 0, &timings);
  GridRequest request =
      strip_of(a.request, whole.width, whole.height, model.config().native_size_px);
  if (!a.style.empty()) request.preset = find_preset(a.style).key;
  const GridPlan plan = plan_grid(request, &input.input);
  terminal.say(plan.describe(request) + " at " + std::to_string(request.base.width) + "x" +
               std::to_string(request.base.height) + ", seed " +
               std::to_string(*plan.cells[0].request.seed));
  GridOptions options{
      .version = version_text(), .timings = &timings, .steering = {}, .folder = {}, .on_cell = {}};
  AddOns add_ons(runtime, context.paths.cache);
  CommandControls controls(context, a.controls, /*from_picture=*/true);
  controls.steer(options, add_ons, progress);
  const auto cells = run_grid(
      plan, [&](const GridCell&) -> LoadedModel& { return model; },
      [&](const GridCell&) { return &input.input; }, options, progress);
  const std::string where = outputs.write(a.input, 0, grid_sheets(request, plan, cells).at(0),
                                          {.quality = a.generation.quality, .text = {}});
  say_result(context, terminal, {where}, plan, 0);
}

CLI::App* add_verb(CLI::App& app, Context& context, const char* name, const char* what,
                   const std::shared_ptr<Arguments>& a) {
  CLI::App* verb = app.add_subcommand(name, what);
  verb->add_option("input", a->input, "picture, or - for standard input")->required();
  verb->add_option("--style", a->style, "a ready way of painting around the prompt");
  add_picture_options(*verb, a->request, a->generation);
  add_generation_options(*verb, a->request, a->generation);
  add_extra_file_options(*verb, context);
  add_control_options(*verb, a->controls);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  return verb;
}

}  // namespace

void add_grid(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = add_verb(app, context, "grid",
                            "paint a picture with every combination of settings, as a labelled "
                            "sheet and a page; an interrupted grid goes on",
                            a);
  std::string names;
  for (const GridParameter& parameter : grid_parameters())
    names += (names.empty() ? "" : ", ") + parameter.name;
  verb->add_option("--x", a->x, "columns: NAME=VALUES, as strength=0.3,0.5 or seed=1-4")
      ->required();
  verb->add_option("--y", a->y, "rows");
  verb->add_option("--z", a->z, "sheets");
  verb->footer("Names: " + names +
               ".\nValues: a,b,c; 1-5; 1-10 (+2); 1-10 [5]. prompt=a,b puts b where a stands.\n"
               "  pentimento grid photo.jpg --x strength=0.3,0.5,0.7 --y \"sampler=Euler a,DDIM\"");
  verb->callback([&context, a] { run_grid_verb(context, *a); });
}

void add_strip(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = add_verb(app, context, "strip",
                            "the same seed at five strengths and half the size: what strength "
                            "does to this picture",
                            a);
  verb->callback([&context, a] { run_strip_verb(context, *a); });
}

}  // namespace pentimento
