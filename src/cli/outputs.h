// Where results go: named after the input and the job, or as -o says; "-" is standard output.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "image/codec.h"

namespace pentimento {

class Outputs {
 public:
  // `given`: the -o argument, or empty. `inputs` pictures each make `batch` results. A single
  // result may go to a file; several need a folder, or a file name that gets -1, -2, … Checks now
  // that the place can be written. Without -o: INPUT-JOB.png in the working folder, never over
  // another file.
  Outputs(const std::string& given, std::string job, size_t inputs, int batch);

  // The path for result `index` (from 0) of an input; an empty path means standard output.
  std::filesystem::path path_for(const std::filesystem::path& input, int index);
  // Writes the picture there (format by extension) and returns where it went, "-" for standard
  // output.
  std::string write(const std::filesystem::path& input, int index, const Image& image,
                    const EncodeOptions& options);

 private:
  std::filesystem::path given_;
  std::string job_;
  bool to_stdout_ = false, into_folder_ = false, several_ = false;
  int batch_;
};

}  // namespace pentimento
