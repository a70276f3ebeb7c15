#include "weights/tensor_file.h"

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/file_format.h"

namespace pentimento {
namespace {

const char* unread_format(FileFormat format) {
  switch (format) {
    case FileFormat::LfsPointer:
      return "is a Git LFS pointer, not the model itself; download the real file (git lfs pull)";
    case FileFormat::Onnx:
      return "is an ONNX network; only safetensors and PyTorch files hold models for this program";
    case FileFormat::NcnnParam:
      return "is an ncnn network, which is no file of named tensors";
    case FileFormat::Hdf5:
      return "is an HDF5 file; use the .safetensors version";
    default:
      return nullptr;
  }
}

[[noreturn]] void refuse_format(const std::string& path, FileFormat format) {
  if (const char* what = unread_format(format))
    throw Error(ErrorKind::Unsupported, path + ": " + what);
  throw Error(ErrorKind::CorruptFile,
              path + (format == FileFormat::WebPage
                          ? ": is a web page, not a model; the download went wrong"
                          : ": is neither a safetensors nor a PyTorch file; download it again"));
}

}  // namespace

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  switch (const FileFormat format = recognise_format(file->bytes())) {
    case FileFormat::TorchZip:
    case FileFormat::TorchOther:
      return read_torch(path);
    case FileFormat::Safetensors:
      return read_safetensors(path);
    case FileFormat::Gguf:
      return read_gguf(path);
    default:
      refuse_format(path.string(), format);
  }
}

}  // namespace pentimento
