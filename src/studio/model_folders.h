// Which model files lie in a list of folders, without opening any of them. The trees of
// AUTOMATIC1111, Forge and ComfyUI are understood: of such a program only its models are looked at,
// and what a sub-folder's name promises ("Lora", "upscale_models") is told beside each file.
// Pictures are looked at where embeddings lie: some hold one. Symbolic links are followed; a folder
// is visited once however many ways lead to it. Hidden folders and the usual places of programs and
// pictures (venv, outputs …) are passed over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"

namespace pentimento {

struct FoundModel {
  std::filesystem::path path;       // absolute; links are not resolved
  std::filesystem::path root;       // the folder of the list that it lies under
  std::string place;                // what its folder promises: a CatalogModel's type, or ""
  int64_t bytes = 0;                // of a diffusers folder: of all its weight files
  int64_t changed_ns = 0;           // of the file; of a folder: of its newest weight file
  uint64_t inode = 0;               // tells a file that was renamed
  std::vector<std::string> beside;  // names of files beside it that speak about it: NAME.json, …
  std::string beside_stamp;         // changes when one of those does
};

struct FoundModels {
  std::vector<FoundModel> models;              // in order of root, then path
  std::vector<std::string> problems;           // folders that could not be read: one line each
  std::vector<std::filesystem::path> folders;  // all that were looked through
};

// Never throws for what lies there; Cancelled when asked to stop.
FoundModels find_models(std::span<const std::filesystem::path> roots,
                        const Progress& progress = {});

}  // namespace pentimento
