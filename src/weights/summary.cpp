#include "weights/summary.h"

#include <algorithm>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/base_model.h"
#include "weights/checkpoint.h"
#include "weights/embedding.h"
#include "weights/file_format.h"
#include "weights/identify.h"
#include "weights/lora_file.h"
#include "weights/upscaler_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

class Census {
 public:
  void count(const TensorMap& tensors) {
    for (const auto& [name, tensor] : tensors) {
      ++tensors_;
      parameters_ += element_count(tensor.shape);
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
  summary.family = summary.base = to_string(checkpoint.config.family);
  summary.variant = to_string(checkpoint.config.variant);
  summary.distilled = checkpoint.config.distilled;
  summary.prediction = to_string(checkpoint.config.scheduler.prediction_type);
  summary.native_size_px = checkpoint.config.native_size_px;
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

void describe_lora(const TensorMap& tensors, ModelSummary& summary) {
  const LoraParts lora = split_lora(tensors);
  summary.method = method_names(lora);
  if (!summary.method.empty() && summary.method != "LoRA")
    summary.kind_sentence = "a LoRA of the kind " + summary.method +
                            ", an addition to a model; use it in the prompt as <lora:NAME:1>";
  summary.notes.push_back("changes " + std::to_string(lora.modules.size()) + " layers");
  if (!lora.embeddings.empty())
    summary.notes.push_back("brings " + std::to_string(lora.embeddings.size()) +
                            " embeddings along");
  if (!lora.unknown.empty())
    summary.notes.push_back(std::to_string(lora.unknown.size()) +
                            " tensors mean nothing to this program, the first of them " +
                            lora.unknown.front());
  summary.usable = !lora.modules.empty() && runs_here(summary.base);
  if (lora.modules.empty()) summary.reason = "holds no module that changes a layer";
  if (!runs_here(summary.base))
    summary.reason = "is a LoRA for " + spoken_base(summary.base) +
                     ", which this program does not run; use one for SD 1.x, SD 2.x or SDXL";
}

void describe_embedding(const TensorMap& tensors, ModelSummary& summary) {
  for (const auto& [name, tensor] : tensors)
    if (tensor.shape.size() <= 2 && !tensor.shape.empty())
      summary.vectors =
          tensor.shape.size() == 1 ? 1 : static_cast<int>(std::min<int64_t>(tensor.shape[0], 1000));
  summary.notes.push_back("takes " + std::to_string(summary.vectors) + " of the prompt's tokens");
  try {
    embedding_of(tensors, "", "");
    summary.usable = true;
  } catch (const Error& error) {
    summary.reason = "the embedding cannot be used" + std::string(error.what());
  }
}

// What is used beside a model, or after it; whether this very file's build is known shows when it
// is opened for its job.
void describe_helper(ModelSummary& summary) {
  summary.usable = runs_here(summary.base);
  if (!summary.usable)
    summary.reason = "is for " + spoken_base(summary.base) + ", which this program does not run";
}

void describe_tensors(const fs::path& path, ModelSummary& summary) {
  const TensorFile file = read_tensor_file(path);
  Census census;
  census.count(file.tensors);
  census.write(summary);
  summary.readable = true;
  summary.metadata = file.metadata;
  summary.training = training_facts(file.metadata);
  const WeightKind kind = identify(file.tensors);
  set_kind(summary, kind);
  summary.base = base_of_file(kind, file.tensors);
  if (summary.base.empty()) summary.base = base_in_metadata(file.metadata);
  switch (kind) {
    case WeightKind::StableDiffusion:
    case WeightKind::Unet:
      return describe_checkpoint(path, summary);
    case WeightKind::Vae:
    case WeightKind::TinyAutoencoder:
      return describe_vae(path, summary);
    case WeightKind::Lora:
      return describe_lora(file.tensors, summary);
    case WeightKind::Embedding:
      return describe_embedding(file.tensors, summary);
    case WeightKind::ControlNet:
    case WeightKind::IpAdapter:
    case WeightKind::ImageEncoder:
    case WeightKind::Upscaler:
    case WeightKind::CatVton:
      return describe_helper(summary);
    default:
      summary.reason = "is " + summary.kind_sentence;
  }
}

// Networks that are no files of named tensors.
void describe_network(ModelSummary& summary, const char* kind, const char* sentence,
                      const char* reason) {
  summary.readable = true;
  summary.kind = kind;
  summary.kind_sentence = sentence;
  summary.reason = reason;
}

bool is_ncnn_weights(const fs::path& path) {
  fs::path beside = path;
  std::error_code error;
  return path.extension() == ".bin" &&
         fs::is_regular_file(beside.replace_extension(".param"), error);
}

// ncnn's .param: of its networks, those that enlarge pictures are of use.
void describe_ncnn(const fs::path& path, ModelSummary& summary) {
  try {
    const UpscalerFile file = open_upscaler(path);
    Census census;
    census.count(file.tensors);
    census.write(summary);
    set_kind(summary, WeightKind::Upscaler);
    summary.readable = summary.usable = true;
  } catch (const Error& error) {
    describe_network(summary, "ncnn", "an ncnn network",
                     "is an ncnn network, but none that enlarges pictures");
    summary.notes.push_back(error.what());
  }
}

void describe_file(const fs::path& path, ModelSummary& summary) {
  const FileFormat format = recognise_format(MappedFile::open(path)->bytes());
  summary.format = format_word(format);
  if (format == FileFormat::NcnnParam) return describe_ncnn(path, summary);
  if (format == FileFormat::Unknown && is_ncnn_weights(path)) {
    summary.format = "ncnn";
    return describe_network(summary, "ncnn", "the weights of an ncnn network, beside its .param",
                            "holds an ncnn network's weights; name the .param file beside it");
  }
  if (format == FileFormat::Onnx)
    return describe_network(summary, "onnx", "an ONNX network",
                            "is an ONNX network; only safetensors, PyTorch and GGUF files hold "
                            "models for this program");
  describe_tensors(path, summary);
}

}  // namespace

ModelSummary summarise(const fs::path& path) {
  ModelSummary summary;
  try {
    if (fs::is_directory(path) || path.filename() == fs::path("model_index.json")) {
      summary.format = "diffusers";
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
