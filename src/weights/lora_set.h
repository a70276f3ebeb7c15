// LoRA files laid over a model: which layer each module means, and the merged tensors.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "weights/lora_file.h"
#include "weights/tensor_edits.h"

namespace pentimento {

// One file, opened once; its tensors stay in the mapped file.
struct LoraFile {
  std::filesystem::path path;
  std::string name;    // what the prompt calls it
  std::string sha256;  // of the file: names it in caches
  std::string hash;    // A1111's, 12 digits: "sshs_model_hash" or SHA-256 behind the header
  std::string base;    // "SD1" …, "" when nothing tells
  LoraParts parts;
  std::map<std::string, std::string> metadata;
};

// Opens a LoRA of any method; alpha that PEFT keeps in adapter_config.json beside the file is
// taken from there. Throws what read_tensor_file throws; Unsupported when the file is something
// else ("is a VAE …").
std::shared_ptr<const LoraFile> open_lora(const std::filesystem::path& path,
                                          const std::string& name,
                                          const std::filesystem::path& cache_dir);

// A file at its strengths for the text encoders and the UNet.
struct LoraUse {
  std::shared_ptr<const LoraFile> file;
  float te = 1, unet = 1;
};

// How a file fitted a model.
struct LoraReport {
  std::string name;
  int applied = 0, modules = 0;
  std::vector<std::string> left;  // "LAYER: reason" of what was not applied
  std::string describe() const;   // "NAME: applied 192 of 192 modules"
};

// The layers of a model under every spelling of their names that LoRA files use.
class LayerIndex {
 public:
  static constexpr int kUnet = -1;
  struct Layer {
    int part = kUnet;    // or the number of a text encoder
    std::string module;  // "down_blocks.0.attentions.0.proj_in"
  };
  LayerIndex() = default;
  // diffusers names, as Checkpoint has them.
  LayerIndex(const TensorMap& unet, const std::vector<const TensorMap*>& text);
  const Layer* find(const std::string& lora_name) const;

 private:
  const Layer* lookup(int part, const std::string& underscored) const;
  std::map<int, std::map<std::string, Layer, std::less<>>> layers_;
};

// What a set of LoRAs makes of the tensors of one part.
// Thread contract: one thread at a time.
class LoraEdits : public TensorEdits {
 public:
  explicit LoraEdits(DType precision) : precision_(precision) {}
  void add(std::string tensor, std::shared_ptr<const LoraFile> file, size_t module, float strength);
  bool empty() const { return changes_.empty(); }

  bool changes(std::string_view name) const override { return changes_.contains(name); }
  const TensorView& edited(std::string_view name, const TensorView& original) override;
  void forget() override { merged_.clear(); }

 private:
  struct Change {
    std::shared_ptr<const LoraFile> file;
    size_t module;
    float strength;
  };
  DType precision_;
  std::map<std::string, std::vector<Change>, std::less<>> changes_;
  std::map<std::string, TensorView, std::less<>> merged_;
};

// Sorts the modules of `loras`, in order, to the tensors they change; `parts` holds the tensors by
// LayerIndex's part numbers and `edits` an object for each. `model` names the model and its family
// ("SD1" …, "Custom" fits all) in messages. Throws InvalidArgument when a file is for another
// family or none of its modules fits.
std::vector<LoraReport> sort_modules(const std::vector<LoraUse>& loras, const LayerIndex& index,
                                     const std::map<int, const TensorMap*>& parts,
                                     const std::map<int, LoraEdits*>& edits,
                                     const std::string& model, const std::string& family);

// Names a set in caches: files and strengths of those that change `text` or the UNet; "" for none.
std::string lora_set_id(const std::vector<LoraUse>& loras, bool text);

}  // namespace pentimento
