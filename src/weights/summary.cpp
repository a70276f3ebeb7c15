#include "weights/summary.h"

#include <algorithm>

#include "base/error.h"
#include "weights/checkpoint.h"
#include "weights/identify.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

class Census {
 public:
  void count(const TensorMap& tensors) {
    for (const auto& [name, tensor] : tensors) {
      ++tensors_;
      parameters_ += static_cast<int64_t>(tensor.bytes.size() / dtype_size(tensor.dtype));
      bytes_[dtype_name(tensor.dtype)] += tensor.bytes.size();
    }
  }
  void write(ModelSummary& summary) const {
    summary.tensors = tensors_;
    summary.parameters = parameters_;
    const auto most =
        std::max_element(bytes_.begin(), bytes_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != bytes_.end()) summary.precision = most->first;
  }

 private:
  int64_t tensors_ = 0, parameters_ = 0;
  std::map<std::string, size_t> bytes_;
};

void describe_checkpoint(const fs::path& path, ModelSummary& summary) {
  const Checkpoint checkpoint = open_checkpoint(path);
  Census census;
  census.count(checkpoint.unet);
  census.count(checkpoint.vae);
  for (const TensorMap& text : checkpoint.text) census.count(text);
  if (summary.tensors == 0) census.write(summary);
  summary.readable = true;
  summary.usable = !checkpoint.text.empty();
  if (!summary.usable) summary.reason = "has no text encoder inside, so it cannot read a prompt";
  summary.family = to_string(checkpoint.config.family);
  summary.variant = to_string(checkpoint.config.variant);
  summary.notes = checkpoint.config.notes;
  summary.metadata = checkpoint.metadata;
  if (!checkpoint.unused.empty())
    summary.notes.push_back(std::to_string(checkpoint.unused.size()) +
                            " tensors are not used, the first of them " +
                            checkpoint.unused.front());
}

void describe_vae(const fs::path& path, ModelSummary& summary) {
  const VaeFile vae = open_vae(path);
  summary.usable = true;
  summary.notes.push_back(std::to_string(vae.config.latent_channels) + " latent channels, " +
                          std::to_string(vae.config.scale_factor) +
                          " times smaller than the picture");
}

void set_kind(ModelSummary& summary, WeightKind kind) {
  summary.kind = kind_word(kind);
  summary.kind_sentence = kind_description(kind);
}

void describe_file(const fs::path& path, ModelSummary& summary) {
  const TensorFile file = read_tensor_file(path);
  Census census;
  census.count(file.tensors);
  census.write(summary);
  summary.readable = true;
  summary.metadata = file.metadata;
  const WeightKind kind = identify(file.tensors);
  set_kind(summary, kind);
  switch (kind) {
    case WeightKind::StableDiffusion:
    case WeightKind::Unet:
      return describe_checkpoint(path, summary);
    case WeightKind::Vae:
    case WeightKind::TinyAutoencoder:
      return describe_vae(path, summary);
    default:
      summary.reason = "is " + summary.kind_sentence;
  }
}

}  // namespace

ModelSummary summarise(const fs::path& path) {
  ModelSummary summary;
  try {
    if (fs::is_directory(path) || path.filename() == fs::path("model_index.json")) {
      set_kind(summary, WeightKind::StableDiffusion);
      describe_checkpoint(path, summary);
    } else {
      describe_file(path, summary);
    }
  } catch (const Error& error) {
    summary.usable = false;
    summary.reason = error.what();
  } catch (const std::exception& error) {  // memory, and folders that cannot be entered
    summary.usable = false;
    summary.reason = path.string() + ": cannot be read: " + error.what();
  }
  return summary;
}

}  // namespace pentimento
