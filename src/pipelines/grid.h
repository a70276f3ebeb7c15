// Grids (A1111's X/Y/Z plot, webui-spec §3.5): one picture, painted with every combination of the
// values of up to three parameters. Cells that need another model or VAE are painted together;
// pictures and prompts are encoded once (pipelines/remembered.h). A cell that a folder holds
// already is not painted again, so an interrupted grid goes on where it stopped.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/grid_axis.h"
#include "pipelines/img2img.h"
#include "pipelines/steering_cost.h"

namespace pentimento {

struct GridRequest {
  Img2ImgRequest base;
  std::string model, vae, preset;  // of cells that do not name their own
  std::array<GridAxis, 3> axes;    // x (columns), y (rows), z (sheets)
};

struct GridPlan {
  std::vector<GridCell> cells;  // x fastest, then y, then z
  std::vector<size_t> order;    // in which they are painted: what is dear to change, changes least
  size_t columns = 1, rows = 1, sheets = 1;

  size_t at(size_t x, size_t y, size_t z) const { return (z * rows + y) * columns + x; }
  // "12 pictures: 3 strength x 4 sampler"
  std::string describe(const GridRequest& request) const;
};

// Every cell checked: nothing is painted when any of them could not be. The seed is that of the
// request, or follows from the picture's hash, so that the same command means the same grid.
// Throws InvalidArgument naming the cell: two directions over one parameter, a value that does not
// fit, more than 1000 cells, a batch.
GridPlan plan_grid(const GridRequest& request, const InputImage* picture);

// The model a cell is painted with; called only when it changes.
using GridModels = std::function<LoadedModel&(const GridCell& cell)>;
// The picture a cell starts from (a preset may lay a style on it); null for text to image.
using GridPicture = std::function<const InputImage*(const GridCell& cell)>;

// What steers all cells beside their prompts. Every member or none.
struct GridSteering {
  // Says what it is: cells that were steered by something else are painted again.
  std::string description;
  std::function<Steering(LoadedModel& model, const Scene& scene)> steer;
  std::function<SteeringCost(LoadedModel& model)> cost;
};

struct GridOptions {
  std::string version;
  Timings* timings = nullptr;
  GridSteering steering;
  std::filesystem::path folder;  // where cells are kept and found; empty: nowhere
  // done cells of all of them; `from_folder`: it was there already.
  std::function<void(size_t cell, size_t done, const Image&, bool from_folder)> on_cell;
};

// The pictures in the order of plan.cells. Reports the stage "grid" in cells beside img2img's own.
std::vector<Image> run_grid(const GridPlan& plan, const GridModels& models,
                            const GridPicture& picture, const GridOptions& options,
                            const Progress& progress);

// One labelled sheet for each z.
std::vector<Image> grid_sheets(const GridRequest& request, const GridPlan& plan,
                               const std::vector<Image>& cells);

// A page that shows the cells of a folder in their tables; `name` of a cell's file.
std::string grid_page(const GridRequest& request, const GridPlan& plan,
                      const std::function<std::string(size_t cell)>& file_name);

// The file a cell is kept in: named after its place and after all that decides what it looks like.
std::string cell_file_name(const GridPlan& plan, size_t index, const LoadedModel& model,
                           const InputImage* picture, const std::string& version,
                           const std::string& steered_by = {});

// The same seed at these five strengths and half the size, but for models that know only small
// pictures not below their native size: what strength means for a picture.
GridRequest strip_of(const Img2ImgRequest& base, int width, int height, int native_px);
inline constexpr std::array<const char*, 5> kStripStrengths = {"0.25", "0.4", "0.55", "0.7",
                                                               "0.85"};

}  // namespace pentimento
