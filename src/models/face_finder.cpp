#include "models/face_finder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "openvino/frontend/manager.hpp"

namespace pentimento::models {
namespace {

constexpr double kLeastScore = 0.5;
constexpr double kSameFace = 0.3;  // share of their union that two boxes have in common

// Anchors lie in the middle of the cells of two grids, the finer one first.
struct Grid {
  int cells, anchors_in_cell;
};
constexpr std::array kGrids = {Grid{16, 2}, Grid{8, 6}};

double sigmoid(float x) {
  return 1 / (1 + std::exp(-std::clamp(static_cast<double>(x), -80.0, 80.0)));
}

double overlap(const SeenFace& a, const SeenFace& b) {
  const auto area = [](const SeenFace& f) { return (f.right - f.left) * (f.bottom - f.top); };
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (area(a) + area(b) - width * height);
}

SeenFace weighted_mean(std::span<const SeenFace> faces) {
  SeenFace mean{0, 0, 0, 0, 0};
  double sum = 0;
  for (const SeenFace& face : faces) {
    mean.left += face.score * face.left;
    mean.top += face.score * face.top;
    mean.right += face.score * face.right;
    mean.bottom += face.score * face.bottom;
    mean.score = std::max(mean.score, face.score);
    sum += face.score;
  }
  for (double* side : {&mean.left, &mean.top, &mean.right, &mean.bottom}) *side /= sum;
  return mean;
}

}  // namespace

std::shared_ptr<ov::Model> read_face_finder(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file))
    throw Error(ErrorKind::NotFound, file.string() +
                                         ": no such network; it comes with the program, point "
                                         "PENTIMENTO_ASSETS at the folder that holds faces/");
  std::shared_ptr<ov::Model> model;
  try {
    ov::frontend::FrontEndManager readers;
    const auto tflite = readers.load_by_framework("tflite");
    model = tflite->convert(tflite->load(file.string()));
  } catch (const std::exception&) {
    throw Error(ErrorKind::CorruptFile, file.string() + ": not a readable TFLite file");
  }
  const auto is = [](const ov::Output<const ov::Node>& port, const ov::PartialShape& shape) {
    return port.get_partial_shape() == shape;
  };
  const ov::Model& found = *model;
  const bool fits = found.inputs().size() == 1 && found.outputs().size() == 2 &&
                    is(found.input(0), {1, kFaceFinderSize_px, kFaceFinderSize_px, 3}) &&
                    is(found.output(0), {1, kFaceAnchors, kFaceNumbers}) &&
                    is(found.output(1), {1, kFaceAnchors, 1});
  if (!fits)
    throw Error(ErrorKind::CorruptFile,
                file.string() + ": is not MediaPipe's face_detection_back.tflite");
  model->input(0).get_tensor().set_names({"picture"});
  model->output(0).get_tensor().set_names({"boxes"});
  model->output(1).get_tensor().set_names({"scores"});
  return model;
}

std::vector<SeenFace> faces_of(std::span<const float> boxes, std::span<const float> scores) {
  std::vector<SeenFace> seen;
  size_t anchor = 0;
  for (const Grid& grid : kGrids)
    for (int cell = 0; cell < grid.cells * grid.cells; ++cell)
      for (int k = 0; k < grid.anchors_in_cell; ++k, ++anchor) {
        const double score = sigmoid(scores[anchor]);
        if (score < kLeastScore) continue;
        const float* box = &boxes[anchor * kFaceNumbers];
        const int column = cell % grid.cells, row = cell / grid.cells;
        const double x = (column + 0.5) / grid.cells + box[0] / kFaceFinderSize_px;
        const double y = (row + 0.5) / grid.cells + box[1] / kFaceFinderSize_px;
        const double half_width = box[2] / kFaceFinderSize_px / 2;
        const double half_height = box[3] / kFaceFinderSize_px / 2;
        seen.push_back({x - half_width, y - half_height, x + half_width, y + half_height, score});
      }
  std::stable_sort(seen.begin(), seen.end(),
                   [](const SeenFace& a, const SeenFace& b) { return a.score > b.score; });
  std::vector<SeenFace> faces;
  while (!seen.empty()) {
    const SeenFace surest = seen[0];
    const auto others = std::stable_partition(seen.begin(), seen.end(), [&](const SeenFace& face) {
      return overlap(surest, face) > kSameFace;
    });
    // A box without an area overlaps nothing, not even itself.
    const auto end = std::max(others, seen.begin() + 1);
    faces.push_back(weighted_mean({seen.begin(), end}));
    seen.erase(seen.begin(), end);
  }
  return faces;
}

}  // namespace pentimento::models
