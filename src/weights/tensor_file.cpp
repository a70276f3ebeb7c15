#include "weights/tensor_file.h"

#include <cstring>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/zip_archive.h"

namespace pentimento {
namespace {

// What a file that is neither safetensors nor torch is, as far as its first bytes tell.
[[noreturn]] void refuse_format(const std::string& path, std::string_view head) {
  const auto starts = [&](std::string_view magic) { return head.substr(0, magic.size()) == magic; };
  const auto unsupported = [&](const char* what) {
    throw Error(ErrorKind::Unsupported, path + ": " + what);
  };
  if (starts("GGUF"))
    unsupported("is a GGUF file, which is not read yet; use the .safetensors version");
  if (starts("version https://git-lfs"))
    unsupported(
        "is a Git LFS pointer, not the model itself; download the real file (git lfs pull)");
  if (starts("\x08") && head.find("onnx") != std::string_view::npos)
    unsupported(
        "is an ONNX network; only safetensors and PyTorch files hold models for this program");
  if (starts("\x89HDF")) unsupported("is an HDF5 file; use the .safetensors version");
  if (starts("<") || starts("\n<"))
    throw Error(ErrorKind::CorruptFile,
                path + ": is a web page, not a model; the download went wrong");
  throw Error(ErrorKind::CorruptFile,
              path + ": is neither a safetensors nor a PyTorch file; download it again");
}

}  // namespace

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const auto bytes = file->bytes();
  if (ZipArchive::looks_like_zip(bytes)) return read_torch(path);
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 512));
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5)
    return read_torch(path);
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return read_torch(path);
  // The eight bytes before the header are its length; anything that can be one is judged there.
  if (head.size() > 8 && head[8] == '{') return read_safetensors(path);
  refuse_format(path.string(), head);
}

}  // namespace pentimento
