// The folders of models that the user keeps for good: CONFIG/model-folders.json,
// {"folders": ["/home/me/stable-diffusion-webui"]}. The program's own comes before them, those of
// --models-dir behind.
#pragma once

#include <filesystem>
#include <vector>

#include "base/paths.h"

namespace pentimento {

// Empty when there is no such file. Throws InvalidArgument for one that cannot be understood.
std::vector<std::filesystem::path> read_library_folders(const std::filesystem::path& config);

// Writes the list. Throws Io.
void write_library_folders(const std::filesystem::path& config,
                           const std::vector<std::filesystem::path>& folders);

// Those of the file, then `more`, each once.
std::vector<std::filesystem::path> all_model_folders(
    const Paths& paths, const std::vector<std::filesystem::path>& more);

}  // namespace pentimento
