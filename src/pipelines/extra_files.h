// The files that a prompt may name: LoRAs in <lora:NAME:…> tags, textual inversions as words. Found
// by AUTOMATIC1111's rules (webui-spec §4.7, §4.8).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

// Thread contract: implementations may be shared.
class ExtraFiles {
 public:
  struct File {
    std::string name;  // file stem
    std::filesystem::path path;
    std::optional<std::string> alias;  // see alias(); nothing: not looked up yet
  };
  virtual ~ExtraFiles() = default;

  // In the order they are found: of two with one name the last counts.
  virtual std::vector<File> loras() const = 0;
  virtual std::vector<File> embeddings() const = 0;
  // The name a LoRA was given by its trainer ("ss_output_name"), "" when it has none. May open the
  // file.
  virtual std::string alias(const File& lora) const = 0;
  // The LoRA whose hash (SHA-256, or that of its tensors) begins with these 8 or more digits, where
  // hashes are known.
  virtual std::optional<File> lora_of_hash(const std::string& digits) const;
};

// Files below those folders, at any depth, links followed but never in circles; folders that do
// not exist hold none. LoRAs are .safetensors, .pt and .ckpt files; embeddings .safetensors, .pt,
// .bin, .png and .webp, without previews. Looked for at each call.
std::shared_ptr<const ExtraFiles> extra_files_in(
    std::vector<std::filesystem::path> lora_folders,
    std::vector<std::filesystem::path> embedding_folders);

// Those of `first`, then those of `second`, which count where both have a name.
std::shared_ptr<const ExtraFiles> joined(std::shared_ptr<const ExtraFiles> first,
                                         std::shared_ptr<const ExtraFiles> second);

// The LoRA that `name` means: the file of that stem, else the one whose trainer named it so, unless
// two have that alias, else the one of that hash. Case counts. Throws NotFound with near names.
ExtraFiles::File find_lora(const ExtraFiles& files, const std::string& name);

}  // namespace pentimento
