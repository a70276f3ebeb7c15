#include "weights/file_format.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "weights/zip_archive.h"

namespace pentimento {
namespace {

// An ONNX file is a protobuf whose first field is ir_version (1 … 20); then comes the name of the
// program that wrote it (field 2), or the graph (field 7) or another field of ModelProto.
bool is_onnx(std::string_view head) {
  if (head.size() < 4 || head[0] != '\x08' || head[1] < 1 || head[1] > 20) return false;
  return head[2] == '\x12' || head[2] == '\x1a' || head[2] == '\x3a' || head[2] == '\x42';
}

bool is_web_page(std::string_view head) {
  const size_t at = head.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && head[at] == '<';
}

}  // namespace

FileFormat recognise_format(std::span<const std::byte> bytes) {
  if (ZipArchive::looks_like_zip(bytes)) return FileFormat::TorchZip;
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()),
                              std::min<size_t>(bytes.size(), 512));
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5)
    return FileFormat::TorchOther;
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return FileFormat::TorchOther;
  if (head.starts_with("GGUF")) return FileFormat::Gguf;
  // The eight bytes before the header are its length; anything that can be one is judged there.
  if (head.size() > 8 && head[8] == '{') return FileFormat::Safetensors;
  if (head.starts_with("version https://git-lfs")) return FileFormat::LfsPointer;
  if (head.starts_with("7767517\n") || head.starts_with("7767517\r\n"))
    return FileFormat::NcnnParam;
  if (is_onnx(head)) return FileFormat::Onnx;
  if (head.starts_with("\x89HDF")) return FileFormat::Hdf5;
  if (is_web_page(head)) return FileFormat::WebPage;
  return FileFormat::Unknown;
}

const char* format_word(FileFormat format) {
  constexpr std::array kWords = {"safetensors", "torch", "torch", "gguf",     "onnx",
                                 "ncnn",        "hdf5",  "lfs",   "web page", ""};
  return kWords[static_cast<size_t>(format)];
}

}  // namespace pentimento
