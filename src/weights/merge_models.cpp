// A1111's checkpoint merger (modules/extras.py) and its block weights (MBW extension).
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "weights/convert.h"
#include "weights/converted.h"
#include "weights/key_maps.h"
#include "weights/messages.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using Mode = MergeOptions::Mode;

constexpr std::string_view kUnet = "model.diffusion_model.";

// Which of the block weights a tensor of the UNet has.
class Blocks {
 public:
  explicit Blocks(const TensorMap& tensors)
      : inputs_(count_numbered(tensors, std::string(kUnet) + "input_blocks.")),
        outputs_(count_numbered(tensors, std::string(kUnet) + "output_blocks.")) {}

  size_t count() const { return static_cast<size_t>(inputs_ + 1 + outputs_); }

  std::optional<size_t> of(std::string_view name) const {
    if (!name.starts_with(kUnet)) return std::nullopt;
    name.remove_prefix(kUnet.size());
    if (const int n = number(name, "input_blocks."); n >= 0) return static_cast<size_t>(n);
    if (name.starts_with("middle_block.")) return static_cast<size_t>(inputs_);
    if (const int n = number(name, "output_blocks."); n >= 0)
      return static_cast<size_t>(inputs_ + 1 + n);
    if (name.starts_with("time_embed.")) return 0;
    if (name.starts_with("out.")) return count() - 1;
    return std::nullopt;
  }

 private:
  static int number(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return -1;
    int value = 0;
    for (const char c : name.substr(prefix.size(), 2))
      if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
    return value;
  }
  int inputs_, outputs_;
};

class Merger {
 public:
  Merger(const TensorFile& a, const TensorFile& b, const TensorFile* c, const MergeOptions& options)
      : a_(a), b_(b), c_(c), options_(options), blocks_(a.tensors) {
    for (const TensorFile* file : {&a, &b, c})
      if (file && !has_prefix(file->tensors, kUnet))
        refuse(*file, "is no checkpoint in the usual layout (model.diffusion_model. …)");
    if (!options.blocks.empty() && options.blocks.size() != blocks_.count())
      refuse(a, "has " + std::to_string(blocks_.count()) + " blocks, but " +
                    std::to_string(options.blocks.size()) + " weights were given");
  }

  PendingTensors plan() {
    PendingTensors pending;
    for (const auto& [name, tensor] : a_.tensors) {
      const auto other = b_.tensors.find(name);
      if (other == b_.tensors.end() || !is_weight(name, tensor)) {
        ++report.only_in_a;
        pending.emplace(name, converted(tensor, options_.dtype));
        continue;
      }
      check_shapes(name, tensor, other->second);
      ++report.merged;
      PendingTensor made = converted(tensor, options_.dtype);
      made.make = [this, name = name, &a = tensor, &b = other->second, dtype = made.dtype] {
        return stored_as(mixed(name, a, b), a.shape, dtype);
      };
      pending.emplace(name, std::move(made));
    }
    if (report.merged == 0) refuse(b_, "has no tensor in common with " + a_.path.string());
    if (options_.other_vae) put_vae(*options_.other_vae, options_.dtype, pending);
    return pending;
  }

  MergeReport report;

 private:
  [[noreturn]] static void refuse(const TensorFile& file, const std::string& what) {
    throw Error(ErrorKind::InvalidArgument, file.path.string() + ": " + what);
  }

  // A1111 merges what has "model" in its name; positions are no weights.
  static bool is_weight(const std::string& name, const TensorView& tensor) {
    const bool real = tensor.dtype == DType::F64 || tensor.dtype == DType::F32 ||
                      tensor.dtype == DType::F16 || tensor.dtype == DType::BF16 ||
                      is_quantised(tensor.dtype);
    return real && !name.ends_with("position_ids") &&
           (name.find("model") != std::string::npos || name.starts_with("conditioner."));
  }

  // True when A is an inpainting or edit model's first convolution and B a base model's.
  static bool is_wider(const TensorView& a, const TensorView& b) {
    return a.shape.size() == 4 && b.shape.size() == 4 && a.shape[0] == b.shape[0] &&
           a.shape[2] == b.shape[2] && a.shape[3] == b.shape[3] && b.shape[1] == 4 &&
           (a.shape[1] == 9 || a.shape[1] == 8);
  }

  void check_shapes(const std::string& name, const TensorView& a, const TensorView& b) const {
    if (a.shape == b.shape || is_wider(a, b)) return;
    if (is_wider(b, a))
      refuse(a_, "is a base model and " + b_.path.filename().string() +
                     " an inpainting or edit model; name the inpainting model first");
    refuse(b_, "tensor " + in_quotes(name) + " is " + to_string(b.shape) + ", in " +
                   a_.path.filename().string() + " it is " + to_string(a.shape) +
                   "; only models of one family can be merged");
  }

  float ratio_of(const std::string& name) const {
    const auto block = options_.blocks.empty() ? std::nullopt : blocks_.of(name);
    return static_cast<float>(block ? options_.blocks[*block] : options_.ratio);
  }

  std::vector<float> mixed(const std::string& name, const TensorView& a,
                           const TensorView& b) const {
    std::vector<float> values = a.to_f32(), other = b.to_f32();
    const float m = ratio_of(name);
    if (options_.mode == Mode::AddDifference) subtract_c(name, b, other);
    // B's columns fall on the first ones of A's rows.
    const size_t rows = is_wider(a, b) ? static_cast<size_t>(a.shape[0]) : 1;
    const size_t wide = values.size() / rows, narrow = other.size() / rows;
    for (size_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < narrow; ++i) {
        float& x = values[row * wide + i];
        const float y = other[row * narrow + i];
        x = options_.mode == Mode::WeightedSum ? (1 - m) * x + m * y : x + m * y;
      }
    return values;
  }

  // What C has not is, as in A1111, no difference at all.
  void subtract_c(const std::string& name, const TensorView& b, std::vector<float>& other) const {
    const auto found = c_->tensors.find(name);
    if (found == c_->tensors.end()) {
      std::fill(other.begin(), other.end(), 0.0f);
      return;
    }
    if (found->second.shape != b.shape)
      refuse(*c_, "tensor " + in_quotes(name) + " is " + to_string(found->second.shape) + ", in " +
                      b_.path.filename().string() + " it is " + to_string(b.shape));
    const std::vector<float> base = found->second.to_f32();
    for (size_t i = 0; i < other.size(); ++i) other[i] -= base[i];
  }

  const TensorFile &a_, &b_;
  const TensorFile* c_;
  const MergeOptions& options_;
  Blocks blocks_;
};

void validate(const MergeOptions& options, bool has_c) {
  const auto fits = [](double m) { return std::isfinite(m) && m >= -10 && m <= 10; };
  if (!fits(options.ratio) || !std::all_of(options.blocks.begin(), options.blocks.end(), fits))
    throw Error(ErrorKind::InvalidArgument, "a merge ratio must be a number from -10 to 10");
  if (has_c != (options.mode == Mode::AddDifference))
    throw Error(ErrorKind::InvalidArgument,
                has_c ? "three models are given, but a weighted sum takes two; choose "
                        "--mode add-difference"
                      : "add-difference takes three models: A + (B - C) * ratio");
}

std::string recipe(const fs::path& a, const fs::path& b, const std::optional<fs::path>& c,
                   const MergeOptions& options) {
  nlohmann::json json = {
      {"a", a.filename().string()},
      {"b", b.filename().string()},
      {"mode", options.mode == Mode::WeightedSum ? "weighted-sum" : "add-difference"},
      {"ratio", options.ratio}};
  if (c) json["c"] = c->filename().string();
  if (!options.blocks.empty()) json["blocks"] = options.blocks;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

MergeReport merge_models(const fs::path& a, const fs::path& b, const std::optional<fs::path>& c,
                         const fs::path& to, const MergeOptions& options,
                         const Progress& progress) {
  validate(options, c.has_value());
  require_other_file(a, to);
  require_other_file(b, to);
  if (c) require_other_file(*c, to);
  const TensorFile first = read_tensor_file(a), second = read_tensor_file(b);
  std::optional<TensorFile> third;
  if (c) third = read_tensor_file(*c);
  Merger merger(first, second, third ? &*third : nullptr, options);
  const PendingTensors pending = merger.plan();
  merger.report.bytes = bytes_of(pending);
  std::map<std::string, std::string> metadata = kept_metadata(first);
  metadata["pentimento.merge"] = recipe(a, b, c, options);
  stream_safetensors(to, pending, metadata, progress);
  return merger.report;
}

}  // namespace pentimento
