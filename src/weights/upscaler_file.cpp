#include "weights/upscaler_file.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/tensor_file.h"
#include "weights/upscaler_names.h"

namespace pentimento {
namespace {

using Kind = UpscalerConfig::Kind;

constexpr int kMaxFeatures = 1024;
constexpr int kMaxBlocks = 99;
constexpr int kMaxScale = 8;

class Reader {
 public:
  Reader(std::string file, const TensorMap& tensors) : file_(std::move(file)), tensors_(tensors) {}

  UpscalerConfig config() const {
    const UpscalerConfig config = tensors_.contains("conv_first.weight") ? rrdb() : compact();
    const auto expected = upscaler_shapes(config);
    for (const auto& [name, shape] : expected) check(name, shape);
    for (const auto& [name, view] : tensors_)
      if (!expected.contains(name))
        throw Error(ErrorKind::Unsupported,
                    file_ + ": tensor " + in_quotes(name) + " has no place in a " +
                        to_string(config.kind) + " with " + std::to_string(config.blocks) +
                        " blocks; this is a variant that cannot be computed");
    return config;
  }

 private:
  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorKind::CorruptFile, file_ + ": " + what);
  }

  const TensorView& tensor(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
      corrupt("tensor '" + name + "' is missing; the file is incomplete or of another family");
    return found->second;
  }

  void check(const std::string& name, const Shape& expected) const {
    const TensorView& view = tensor(name);
    if (view.shape != expected)
      corrupt("tensor '" + name + "' is " + to_string(view.shape) + ", expected " +
              to_string(expected));
    if (view.dtype != DType::F32 && view.dtype != DType::F16 && view.dtype != DType::BF16)
      corrupt("tensor '" + name + "' is " + dtype_name(view.dtype) + ", expected F32, F16 or BF16");
  }

  // Extents of a convolution's weight: [out, in].
  std::pair<int, int> convolution(const std::string& name) const {
    const Shape& shape = tensor(name + ".weight").shape;
    if (shape.size() != 4 || shape[2] != 3 || shape[3] != 3 || shape[0] < 1 || shape[1] < 1 ||
        shape[0] > kMaxFeatures || shape[1] > kMaxFeatures)
      corrupt("tensor '" + name + ".weight' is " + to_string(shape) +
              ", expected [out,in,3,3] of at most " + std::to_string(kMaxFeatures) + " channels");
    return {static_cast<int>(shape[0]), static_cast<int>(shape[1])};
  }

  [[noreturn]] void unsupported_channels(int found) const {
    throw Error(ErrorKind::Unsupported, file_ + ": takes or gives " + std::to_string(found) +
                                            " channels, expected RGB pictures (3 channels)");
  }

  int blocks(const std::string& prefix) const {
    const int count = count_numbered(tensors_, prefix);
    if (count < 1 || count > kMaxBlocks)
      corrupt("has " + std::to_string(count) + " layers '" + prefix + "N', expected 1 to " +
              std::to_string(kMaxBlocks));
    return count;
  }

  UpscalerConfig rrdb() const {
    UpscalerConfig config{.kind = Kind::Rrdb};
    const auto [features, inputs] = convolution("conv_first");
    config.features = features;
    config.unshuffle = static_cast<int>(std::lround(std::sqrt(inputs / 3.0)));
    if (config.unshuffle < 1 || inputs != 3 * config.unshuffle * config.unshuffle)
      unsupported_channels(inputs);
    if (const int outputs = convolution("conv_last").first; outputs != 3)
      unsupported_channels(outputs);
    config.blocks = blocks("body.");
    config.growth = convolution("body.0.rdb1.conv1").first;
    config.doublings = 0;
    while (tensors_.contains("conv_up" + std::to_string(config.doublings + 1) + ".weight"))
      ++config.doublings;
    const int enlarged = 1 << std::min(config.doublings, 8);
    config.scale = enlarged / config.unshuffle;
    if (config.scale < 1 || config.scale > kMaxScale || enlarged % config.unshuffle != 0)
      corrupt("enlarges " + std::to_string(enlarged) + "/" + std::to_string(config.unshuffle) +
              " times, expected 1 to 8");
    return config;
  }

  UpscalerConfig compact() const {
    UpscalerConfig config{.kind = Kind::Compact, .growth = 0, .doublings = 0};
    const auto [features, inputs] = convolution("body.0");
    if (inputs != 3) unsupported_channels(inputs);
    config.features = features;
    const int layers = blocks("body.");  // conv, slopes, conv, slopes, …, conv
    if (!tensors_.contains("body.1.weight"))
      throw Error(ErrorKind::Unsupported,
                  file_ +
                      ": is a compact network whose activations are not PReLU, which cannot "
                      "be told apart; only those with PReLU are read");
    config.blocks = (layers - 3) / 2;
    const int outputs = convolution("body." + std::to_string(layers - 1)).first;
    config.scale = static_cast<int>(std::lround(std::sqrt(outputs / 3.0)));
    if (layers < 3 || layers % 2 == 0 || outputs != 3 * config.scale * config.scale)
      corrupt("ends in a layer of " + std::to_string(outputs) +
              " channels, expected 3 for each pixel of the enlarged square");
    if (config.scale > kMaxScale)
      corrupt("enlarges " + std::to_string(config.scale) + " times, expected 1 to 8");
    return config;
  }

  std::string file_;
  const TensorMap& tensors_;
};

[[noreturn]] void refuse_other(const std::string& file, const TensorMap& tensors) {
  const WeightKind kind = identify(tensors);
  if (kind == WeightKind::Upscaler || kind == WeightKind::Unknown)
    throw Error(ErrorKind::Unsupported,
                file +
                    ": is no upscaling network that this program reads; ESRGAN, Real-ESRGAN "
                    "(RRDBNet) and its compact networks (SRVGGNetCompact) are");
  throw Error(ErrorKind::Unsupported, file + ": is " + kind_description(kind) +
                                          ", expected an upscaling network (ESRGAN and the like)");
}

bool is_ncnn(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path listing = path;
  listing.replace_extension(".param");
  return path.extension() == ".param" ||
         (path.extension() == ".bin" && std::filesystem::exists(listing, error));
}

}  // namespace

const char* to_string(Kind kind) { return kind == Kind::Rrdb ? "RRDBNet" : "SRVGGNetCompact"; }

std::map<std::string, Shape> upscaler_shapes(const UpscalerConfig& config) {
  std::map<std::string, Shape> shapes;
  const auto convolution = [&shapes](const std::string& name, int out, int in) {
    shapes[name + ".weight"] = {out, in, 3, 3};
    shapes[name + ".bias"] = {out};
  };
  const int nf = config.features;
  if (config.kind == Kind::Compact) {
    for (int i = 0; i <= config.blocks; ++i) {
      convolution("body." + std::to_string(2 * i), nf, i == 0 ? 3 : nf);
      shapes["body." + std::to_string(2 * i + 1) + ".weight"] = {nf};
    }
    convolution("body." + std::to_string(2 * config.blocks + 2), 3 * config.scale * config.scale,
                nf);
    return shapes;
  }
  convolution("conv_first", nf, 3 * config.unshuffle * config.unshuffle);
  for (int n = 0; n < config.blocks; ++n)
    for (int m = 1; m <= 3; ++m)
      for (int k = 0; k < 5; ++k)
        convolution("body." + std::to_string(n) + ".rdb" + std::to_string(m) + ".conv" +
                        std::to_string(k + 1),
                    k < 4 ? config.growth : nf, nf + k * config.growth);
  for (const char* name : {"conv_body", "conv_hr"}) convolution(name, nf, nf);
  for (int i = 1; i <= config.doublings; ++i) convolution("conv_up" + std::to_string(i), nf, nf);
  convolution("conv_last", 3, nf);
  return shapes;
}

UpscalerConfig upscaler_config(const TensorMap& tensors, const std::string& file) {
  return Reader(file, tensors).config();
}

UpscalerFile open_upscaler(const std::filesystem::path& path) {
  UpscalerFile result{.path = path, .name = path.stem().string()};
  if (is_ncnn(path)) {
    NcnnFile file = read_ncnn(path);
    result.path = file.bin;
    result.tensors = upscaler_from_ncnn(file);
  } else {
    const TensorFile file = read_tensor_file(path);
    result.tensors = upscaler_names_of_today(file.tensors);
    if (result.tensors.empty()) refuse_other(path.string(), file.tensors);
  }
  result.config = upscaler_config(result.tensors, result.path.string());
  return result;
}

}  // namespace pentimento
