#include "cli/inputs.h"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

bool looks_like_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* known :
       {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".avif", ".heic"})
    if (extension == known) return true;
  return false;
}

constexpr size_t kMaxStandardInputBytes = size_t{512} << 20;

}  // namespace

std::vector<fs::path> expand_inputs(const std::vector<std::string>& arguments) {
  std::vector<fs::path> files;
  for (const std::string& argument : arguments) {
    const fs::path path = argument;
    if (argument == "-") {
      files.push_back(path);
      continue;
    }
    std::error_code error;
    if (!fs::exists(path, error))
      throw Error(ErrorKind::NotFound, argument + ": no such file or folder");
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file() && looks_like_picture(entry.path()))
        found.push_back(entry.path());
    if (found.empty())
      throw Error(ErrorKind::InvalidArgument,
                  argument + ": no pictures in this folder (png, jpg, webp, tiff, gif)");
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

InputPicture read_input(const fs::path& path) {
  InputPicture result;
  if (path == "-") {
    std::string bytes;
    char piece[65536];
    while (std::cin.read(piece, sizeof piece) || std::cin.gcount() > 0) {
      bytes.append(piece, static_cast<size_t>(std::cin.gcount()));
      if (bytes.size() > kMaxStandardInputBytes)
        throw Error(ErrorKind::Unsupported,
                    "standard input: more than 512 MiB, too large for a picture");
    }
    if (bytes.empty())
      throw Error(ErrorKind::CorruptFile,
                  "standard input: empty (0 bytes); pipe a picture into it");
    result.picture = decode_picture(std::as_bytes(std::span(bytes)), "standard input");
    result.input.name = "-";
    result.input.sha256 = sha256_hex(bytes);
  } else {
    const auto file = MappedFile::open(path);
    result.picture = decode_picture(file->bytes(), path.string());
    result.input.name = path.filename().string();
    result.input.sha256 = sha256_hex(file->bytes());
  }
  result.input.image = std::move(result.picture.image);
  return result;
}

}  // namespace pentimento
