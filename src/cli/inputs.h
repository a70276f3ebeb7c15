// The pictures a command line names: files, folders (every picture in them, by name), "-" for
// standard input.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "image/codec.h"
#include "pipelines/img2img_request.h"

namespace pentimento {

// Every file behind the arguments, folders expanded one level, sorted by name. Throws NotFound for
// a path that does not exist and InvalidArgument for a folder without pictures.
std::vector<std::filesystem::path> expand_inputs(const std::vector<std::string>& arguments);

// Reads, decodes and hashes one of them; "-" reads standard input to its end.
struct InputPicture {
  InputImage input;
  Picture picture;  // image moved into input.image; text chunks stay here
};
InputPicture read_input(const std::filesystem::path& path);

}  // namespace pentimento
