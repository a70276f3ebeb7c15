#include "runtime/face_finder.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/error.h"
#include "image/composite.h"
#include "image/resize.h"
#include "models/face_finder.h"
#include "openvino/runtime/properties.hpp"
#include "runtime/runtime_impl.h"

namespace pentimento {
namespace {

constexpr int kSize_px = models::kFaceFinderSize_px;

// The whole picture in the middle of a black square.
struct Square {
  Image image{kSize_px, kSize_px, 3};
  int left = 0, top = 0, width = 0, height = 0;  // where the picture lies
};

Square squared(const Image& picture) {
  const double scale = static_cast<double>(kSize_px) / std::max(picture.width, picture.height);
  const auto edge = [&](int px) {
    return std::clamp(static_cast<int>(std::lround(px * scale)), 1, kSize_px);
  };
  Square square;
  square.width = edge(picture.width);
  square.height = edge(picture.height);
  square.left = (kSize_px - square.width) / 2;
  square.top = (kSize_px - square.height) / 2;
  paste(square.image, resize(picture, square.width, square.height, Filter::Bilinear), square.left,
        square.top);
  return square;
}

std::unique_ptr<Network> compiled(Runtime::Impl& runtime, const std::filesystem::path& file) {
  ov::AnyMap properties = runtime.properties();
  properties[ov::hint::inference_precision.name()] = ov::element::f32;
  try {
    return std::make_unique<Network>(runtime.core.compile_model(
        models::read_face_finder(file), runtime.options.device, properties));
  } catch (const ov::Exception& e) {
    throw Error(ErrorKind::Internal, "device " + runtime.options.device +
                                         " cannot run the network that finds faces: " + e.what());
  }
}

}  // namespace

struct FaceFinder::Impl {
  Runtime::Impl& runtime;
  std::filesystem::path assets;
  std::unique_ptr<Network> network;
  std::mutex mutex;
};

FaceFinder::FaceFinder(Runtime& runtime, std::filesystem::path assets)
    : impl_(new Impl{runtime.impl(), std::move(assets), nullptr, {}}) {}

FaceFinder::~FaceFinder() = default;

std::vector<Face> FaceFinder::find(const Image& picture, const Progress& progress) {
  if (picture.channels != 3 || picture.empty())
    throw Error(ErrorKind::Internal, "the network that finds faces takes RGB");
  const std::lock_guard lock(impl_->mutex);
  auto& network = impl_->network;
  if (!network) network = compiled(impl_->runtime, impl_->assets / "blazeface_back.tflite");
  const Square square = squared(picture);
  const std::span<float> input = network->input("picture");
  for (size_t i = 0; i < input.size(); ++i)
    input[i] = static_cast<float>(square.image.pixels[i]) / 127.5f - 1;
  network->run(progress);

  std::vector<Face> faces;
  const Tensor boxes = network->output("boxes"), scores = network->output("scores");
  const auto across = [&](double share) {
    return (share * kSize_px - square.left) * picture.width / square.width;
  };
  const auto down = [&](double share) {
    return (share * kSize_px - square.top) * picture.height / square.height;
  };
  for (const models::SeenFace& seen : models::faces_of(boxes.data, scores.data))
    faces.push_back(
        {across(seen.left), down(seen.top), across(seen.right), down(seen.bottom), seen.score});
  return faces;
}

}  // namespace pentimento
