// The ways to enlarge that are installed: networks in folders, and Lanczos.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pentimento {

struct UpscalerEntry {
  std::string name;            // file stem, "realesrgan-x4plus"; "lanczos"
  std::string label;           // AUTOMATIC1111's name where it has one: "R-ESRGAN 4x+"
  std::filesystem::path path;  // empty: no network
};

inline constexpr const char* kDefaultUpscaler = "realesrgan-x4plus";

// Lanczos, then the networks in the folders (.pth, .safetensors, ncnn's .param), by name; a network
// that only repeats another's weights (Real-ESRGAN's animation network comes three times) once.
// Folders that do not exist hold nothing.
std::vector<UpscalerEntry> installed_upscalers(std::span<const std::filesystem::path> folders);

// By name, label (case does not matter), file name, or as a path. Throws NotFound naming what is
// installed.
UpscalerEntry find_upscaler(std::span<const std::filesystem::path> folders,
                            const std::string& text);

}  // namespace pentimento
