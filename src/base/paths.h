// Where this program keeps things, following the XDG base directories. Handed in from main; nothing
// below the command line asks the environment.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace pentimento {

struct Paths {
  std::filesystem::path data;    // models, results, the database   ($XDG_DATA_HOME/pentimento)
  std::filesystem::path cache;   // compiled networks, thumbnails   ($XDG_CACHE_HOME/pentimento)
  std::filesystem::path config;  // settings, tokens                ($XDG_CONFIG_HOME/pentimento)
  std::filesystem::path
      assets;  // what ships with the program: painting/*.onnx, upscaling/*.param, .bin
};

// From $PENTIMENTO_DATA, $PENTIMENTO_CACHE, $PENTIMENTO_CONFIG, else XDG, else $HOME. Assets: from
// $PENTIMENTO_ASSETS, else share/pentimento beside the folder the program lies in.
Paths default_paths();

// Writes bytes beside `path` under a temporary name, syncs, and renames: the file is whole or
// absent. Throws Error{Io} naming the path and the reason (full disk, read-only, no such folder).
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace pentimento
