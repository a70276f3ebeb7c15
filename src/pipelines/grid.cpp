#include "pipelines/grid.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/sha256.h"
#include "image/codec.h"
#include "image/contact_sheet.h"
#include "pipelines/loras.h"
#include "pipelines/painting_presets.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostCells = 1000;
constexpr const char* kNames[] = {"x", "y", "z"};

std::string label_of(const GridAxis& axis, size_t i) {
  return axis.parameter ? axis.parameter->name + " " + axis.values[i] : "";
}

std::vector<std::string> labels_of(const GridAxis& axis) {
  std::vector<std::string> labels;
  for (size_t i = 0; axis.parameter && i < axis.size(); ++i) labels.push_back(label_of(axis, i));
  return labels;
}

uint64_t seed_of_picture(const InputImage* picture) {
  if (!picture || picture->sha256.size() < 8) return 1;
  return std::stoull(sha256_hex(picture->sha256).substr(0, 8), nullptr, 16);
}

GridCell cell_at(const GridRequest& r, const std::array<size_t, 3>& at, const InputImage* picture) {
  GridCell cell{.request = r.base, .model = r.model, .vae = r.vae, .preset = r.preset};
  if (!cell.request.seed) cell.request.seed = seed_of_picture(picture);
  if (!cell.request.subseed) cell.request.subseed = cell.request.seed;
  std::string where;
  for (size_t d = 0; d < 3; ++d)
    if (r.axes[d].parameter) where += (where.empty() ? "" : ", ") + label_of(r.axes[d], at[d]);
  std::replace(where.begin(), where.end(), '\n', ' ');  // words of a label stand below each other
  try {
    // Search and replace last: other directions may bring prompts of their own.
    for (size_t d = 0; d < 3; ++d) {
      const GridAxis& axis = r.axes[d];
      if (axis.parameter) axis.parameter->apply(cell, axis.values[at[d]], axis.values);
    }
    validate(cell.request);
  } catch (const Error& error) {
    throw Error(error.kind(), "grid cell (" + where + "): " + error.what());
  }
  return cell;
}

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) {
    if (c == '&')
      html += "&amp;";
    else if (c == '<')
      html += "&lt;";
    else if (c == '>')
      html += "&gt;";
    else if (c == '"')
      html += "&quot;";
    else
      html += c;
  }
  return html;
}

std::string percent_encoded(const std::string& name) {
  std::string url;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
        c == '/') {
      url += c;
    } else {
      char hex[8];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      url += hex;
    }
  }
  return url;
}

std::optional<Image> kept(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return {};
  try {
    return to_rgb(read_picture(file).image);
  } catch (const Error&) {  // half-written or damaged: painted again
    return {};
  }
}

constexpr int kLeastStrip_px = 256;  // below, models paint no more than blots

}  // namespace

GridPlan plan_grid(const GridRequest& r, const InputImage* picture) {
  GridPlan plan;
  plan.columns = r.axes[0].size();
  plan.rows = r.axes[1].size();
  plan.sheets = r.axes[2].size();
  if (r.base.batch != 1)
    throw Error(ErrorKind::InvalidArgument,
                "a grid paints one picture in each cell; for several, let seed be a direction");
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = a + 1; b < 3; ++b)
      if (r.axes[a].parameter && r.axes[a].parameter == r.axes[b].parameter)
        throw Error(ErrorKind::InvalidArgument, std::string("grid: both ") + kNames[a] + " and " +
                                                    kNames[b] + " are " +
                                                    r.axes[a].parameter->name);
  const size_t count = plan.columns * plan.rows * plan.sheets;
  if (count > kMostCells)
    throw Error(ErrorKind::InvalidArgument, "the grid has " + std::to_string(count) +
                                                " cells, at most " + std::to_string(kMostCells));
  for (size_t z = 0; z < plan.sheets; ++z)
    for (size_t y = 0; y < plan.rows; ++y)
      for (size_t x = 0; x < plan.columns; ++x)
        plan.cells.push_back(cell_at(r, {x, y, z}, picture));

  // Place in each direction, the dearest direction first.
  std::array<size_t, 3> by_cost = {2, 1, 0};
  std::stable_sort(by_cost.begin(), by_cost.end(), [&](size_t a, size_t b) {
    const auto cost = [&](size_t d) { return r.axes[d].parameter ? r.axes[d].parameter->cost : 0; };
    return cost(a) > cost(b);
  });
  plan.order.resize(count);
  std::iota(plan.order.begin(), plan.order.end(), size_t{0});
  const auto place = [&](size_t index) {
    const std::array<size_t, 3> at = {index % plan.columns, index / plan.columns % plan.rows,
                                      index / plan.columns / plan.rows};
    return std::array<size_t, 3>{at[by_cost[0]], at[by_cost[1]], at[by_cost[2]]};
  };
  std::stable_sort(plan.order.begin(), plan.order.end(),
                   [&](size_t a, size_t b) { return place(a) < place(b); });
  return plan;
}

std::string GridPlan::describe(const GridRequest& request) const {
  std::string line = std::to_string(cells.size()) + " pictures";
  const char* separator = ": ";
  for (const GridAxis& axis : request.axes) {
    if (!axis.parameter) continue;
    line += separator + std::to_string(axis.size()) + " " + axis.parameter->name;
    separator = " x ";
  }
  return line;
}

std::string cell_file_name(const GridPlan& plan, size_t index, const LoadedModel& model,
                           const InputImage* picture, const std::string& version,
                           const std::string& steered_by) {
  const GridCell& cell = plan.cells[index];
  MadeWith made;
  made.sampler = cell.request.sampler;
  made.scheduler = cell.request.scheduler;
  made.steps = cell.request.steps.value_or(0);
  made.cfg = cell.request.cfg.value_or(-1);
  made.seed = cell.request.seed.value_or(0);
  made.subseed = cell.request.subseed.value_or(0);
  made.width = cell.request.width;
  made.height = cell.request.height;
  made.model_hash = model.sha256;
  made.vae_name = model.vae_name;
  made.vae_hash = model.vae_sha256;
  made.precision = to_string(model.runtime.precision);
  made.device = model.runtime.device;
  made.version = version;
  if (picture) {
    made.input_name = picture->name;
    made.input_sha256 = picture->sha256;
  }
  made.clip_skip = model.clip_skip;
  made.lora_hashes = lora_stamps(model, cell.request.prompt);
  made.facts = {{"Painting style", cell.preset}};
  if (!steered_by.empty()) made.facts.emplace_back("Steered by", steered_by);
  const std::string key = sha256_hex(format_infotext(to_infotext(cell.request, made)));
  const size_t x = index % plan.columns, y = index / plan.columns % plan.rows,
               z = index / plan.columns / plan.rows;
  return "cell-" + std::to_string(x + 1) + "-" + std::to_string(y + 1) + "-" +
         std::to_string(z + 1) + "-" + key.substr(0, 12) + ".png";
}

std::vector<Image> run_grid(const GridPlan& plan, const GridModels& models,
                            const GridPicture& picture, const GridOptions& options,
                            const Progress& progress) {
  std::vector<Image> images(plan.cells.size());
  size_t done = 0;
  for (const size_t index : plan.order) {
    progress.at("grid", static_cast<int>(done), static_cast<int>(plan.cells.size()));
    const GridCell& cell = plan.cells[index];
    LoadedModel& model = models(cell);
    const InputImage* input = picture(cell);
    fs::path file;
    if (!options.folder.empty())
      file = options.folder / cell_file_name(plan, index, model, input, options.version,
                                             options.steering.description);
    if (!file.empty()) {
      if (auto old = kept(file)) {
        images[index] = std::move(*old);
        ++done;
        if (options.on_cell) options.on_cell(index, done, images[index], /*from_folder=*/true);
        continue;
      }
    }
    Img2ImgRequest request = cell.request;
    Img2ImgInputs inputs{.picture = input, .mask = nullptr, .finish = {}, .facts = {}};
    if (!cell.preset.empty()) {
      const PaintingPreset& preset = find_preset(cell.preset);
      const PresetPrompts prompts = prompts_of(preset, model.config(), request);
      request.prompt = prompts.prompt;
      request.negative_prompt = prompts.negative_prompt;
      inputs.facts = preset_facts(preset, /*pre_pass=*/false);
    }
    Img2ImgPlan one = plan_img2img(model, request, input, *request.seed, options.timings);
    Img2ImgOptions quiet;
    if (options.steering.steer) {
      count_steering(one, model, options.steering.cost(model), options.timings);
      quiet.steer = [&](const Scene& scene) { return options.steering.steer(model, scene); };
    }
    quiet.version = options.version;
    quiet.timings = options.timings;
    auto made = run_img2img(model, request, one, inputs, quiet, progress);
    if (!file.empty())
      write_picture(file, made.at(0).image,
                    {.text = {{"parameters", format_infotext(made.at(0).infotext)}}});
    images[index] = std::move(made.at(0).image);
    ++done;
    if (options.on_cell) options.on_cell(index, done, images[index], /*from_folder=*/false);
  }
  return images;
}

std::vector<Image> grid_sheets(const GridRequest& r, const GridPlan& plan,
                               const std::vector<Image>& cells) {
  std::vector<Image> sheets;
  for (size_t z = 0; z < plan.sheets; ++z) {
    ContactSheet sheet{.title = label_of(r.axes[2], z),
                       .columns = labels_of(r.axes[0]),
                       .rows = labels_of(r.axes[1]),
                       .cells = {}};
    const auto begin = cells.begin() + static_cast<std::ptrdiff_t>(plan.at(0, 0, z));
    sheet.cells.assign(begin, begin + static_cast<std::ptrdiff_t>(plan.columns * plan.rows));
    sheets.push_back(lay_out(sheet));
  }
  return sheets;
}

std::string grid_page(const GridRequest& r, const GridPlan& plan,
                      const std::function<std::string(size_t cell)>& file_name) {
  std::string html = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>" +
                     escaped(plan.describe(r)) +
                     "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
                     "body{font:16px sans-serif;margin:1rem}table{border-collapse:collapse}\n"
                     "th{padding:.4rem;text-align:center;white-space:nowrap}td{padding:2px}\n"
                     "img{display:block;max-width:min(45vw,512px);height:auto}\n</style>\n<h1>" +
                     escaped(plan.describe(r)) + "</h1>\n<p>" + escaped(r.base.prompt) + "</p>\n";
  for (size_t z = 0; z < plan.sheets; ++z) {
    if (r.axes[2].parameter) html += "<h2>" + escaped(label_of(r.axes[2], z)) + "</h2>\n";
    html += "<table>\n";
    if (r.axes[0].parameter) {
      html += r.axes[1].parameter ? "<tr><td></td>" : "<tr>";
      for (const std::string& label : labels_of(r.axes[0]))
        html += "<th scope=\"col\">" + escaped(label) + "</th>";
      html += "</tr>\n";
    }
    for (size_t y = 0; y < plan.rows; ++y) {
      html += "<tr>";
      if (r.axes[1].parameter)
        html += "<th scope=\"row\">" + escaped(label_of(r.axes[1], y)) + "</th>";
      for (size_t x = 0; x < plan.columns; ++x) {
        const std::string url = percent_encoded(file_name(plan.at(x, y, z)));
        const std::string what = label_of(r.axes[0], x) + " " + label_of(r.axes[1], y);
        html += "<td><a href=\"" + url + "\"><img src=\"" + url + "\" alt=\"" + escaped(what) +
                "\" loading=\"lazy\"></a></td>";
      }
      html += "</tr>\n";
    }
    html += "</table>\n";
  }
  return html + "</html>\n";
}

GridRequest strip_of(const Img2ImgRequest& base, int width, int height, int native_px) {
  GridRequest r;
  r.base = base;
  const int longer = std::max(width, height);
  const int strip_longer =
      std::min(longer, std::max(longer / 2, std::min(native_px, kLeastStrip_px)));
  const auto reduced = [&](int edge) { return std::max(16, edge * strip_longer / longer / 8 * 8); };
  r.base.width = reduced(width);
  r.base.height = reduced(height);
  std::string values;
  for (const char* strength : kStripStrengths)
    values += (values.empty() ? "" : ",") + std::string(strength);
  r.axes[0] = parse_axis("strength=" + values);
  return r;
}

}  // namespace pentimento
