#include "cli/outputs.h"

#include <iostream>

#include "base/error.h"

namespace pentimento {

namespace fs = std::filesystem;

Outputs::Outputs(const std::string& given, std::string job, size_t inputs, int batch)
    : given_(given), job_(std::move(job)), batch_(batch) {
  several_ = inputs * static_cast<size_t>(batch) > 1;
  if (given == "-") {
    if (several_)
      throw Error(ErrorKind::InvalidArgument,
                  "-o -: standard output holds one picture, and " +
                      std::to_string(inputs * static_cast<size_t>(batch)) +
                      " would be made; name a folder instead");
    to_stdout_ = true;
    return;
  }
  if (given.empty()) {
    check_writable(fs::current_path() / "x.png");
    return;
  }
  into_folder_ = given.back() == '/' || fs::is_directory(given_) || (inputs > 1);
  if (into_folder_) {
    if (fs::exists(given_) && !fs::is_directory(given_))
      throw Error(ErrorKind::InvalidArgument,
                  given + ": is a file, and several pictures would be made; name a folder");
    std::error_code error;
    fs::create_directories(given_, error);
    if (error)
      throw Error(ErrorKind::Io, given + ": the folder cannot be made: " + error.message());
    check_writable(given_ / "x.png");
  } else {
    check_writable(given_);
  }
}

fs::path Outputs::path_for(const fs::path& input, int index) {
  if (to_stdout_) return {};
  const std::string number = batch_ > 1 ? "-" + std::to_string(index + 1) : "";
  if (!given_.empty() && !into_folder_)
    return given_.parent_path() / (given_.stem().string() + number + given_.extension().string());
  const std::string stem =
      input.empty() || input == "-" ? job_ : input.stem().string() + "-" + job_;
  const fs::path folder = into_folder_ ? given_ : fs::path();
  fs::path path = folder / (stem + number + ".png");
  for (int again = 2; fs::exists(path); ++again)
    path = folder / (stem + number + "-" + std::to_string(again) + ".png");
  return path;
}

std::string Outputs::write(const fs::path& input, int index, const Image& image,
                           const EncodeOptions& options) {
  const fs::path path = path_for(input, index);
  if (!path.empty()) {
    write_picture(path, image, options);
    return path.string();
  }
  const auto bytes = encode_picture(image, options);
  std::cout.write(reinterpret_cast<const char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
  std::cout.flush();
  if (!std::cout) throw Error(ErrorKind::Io, "standard output: cannot be written");
  return "-";
}

}  // namespace pentimento
