#include "studio/model_hash.h"

#include <cstring>
#include <fstream>
#include <vector>

#include "base/sha256.h"
#include "weights/checkpoint.h"

namespace pentimento {
namespace {

// The tensors of a safetensors file begin behind its header, whose length comes first. 0: none.
uint64_t tensors_begin(std::ifstream& file, uint64_t size) {
  uint64_t header = 0;
  char bytes[8];
  if (!file.read(bytes, sizeof bytes)) return 0;
  std::memcpy(&header, bytes, sizeof header);
  return header > size || header + 8 > size ? 0 : header + 8;
}

}  // namespace

ModelHashes hash_model(const CatalogModel& model, const std::filesystem::path& cache,
                       const Progress& progress) {
  const bool loaded = model.type == "checkpoint" || model.type == "vae";
  if (loaded || std::filesystem::is_directory(model.path))
    return {checkpoint_sha256(model.path, cache, progress), ""};
  std::ifstream file(model.path, std::ios::binary);
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(model.path, error);
  if (!file || error)
    throw Error(ErrorKind::NotFound, model.path.string() + ": cannot be opened for reading");
  const bool safetensors = model.type == "lora" && model.path.extension() == ".safetensors";
  const uint64_t begin = safetensors ? tensors_begin(file, size) : 0;
  file.clear();
  file.seekg(0);
  Sha256 whole, tensors;
  std::vector<char> piece(1 << 20);
  const auto mib = static_cast<int>(size >> 20);
  for (uint64_t at = 0;;) {
    progress.at("hash", static_cast<int>(at >> 20), mib);
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<uint64_t>(file.gcount());
    if (got == 0) break;
    const auto bytes = std::as_bytes(std::span(piece.data(), got));
    whole.update(bytes);
    if (begin && at + got > begin) tensors.update(bytes.subspan(begin > at ? begin - at : 0));
    at += got;
  }
  if (file.bad()) throw Error(ErrorKind::Io, model.path.string() + ": reading failed");
  return {whole.hex(), begin ? tensors.hex().substr(0, 12) : std::string()};
}

}  // namespace pentimento
