// Writes the safetensors format, tensor by tensor, beside the target under a temporary name.
// The bytes lie in the reference writer's order, widest elements first and then by name, behind a
// header padded to 8 bytes, so that every tensor is aligned for its type.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "weights/messages.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

// The file appears under its name when it is whole; an exception leaves nothing behind.
class StreamedFile {
 public:
  explicit StreamedFile(const fs::path& path) : path_(path), temporary_(path) {
    temporary_ += ".part" + std::to_string(::getpid());
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) fail();
  }
  ~StreamedFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!finished_) ::unlink(temporary_.c_str());
  }
  StreamedFile(const StreamedFile&) = delete;
  StreamedFile& operator=(const StreamedFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), std::min<size_t>(bytes.size(), 1u << 28));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail();
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
  }

  void finish() {
    if (::fsync(fd_) != 0) fail();
    if (::close(std::exchange(fd_, -1)) != 0) fail();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
    finished_ = true;
  }

 private:
  [[noreturn]] void fail() const {
    const int error = errno;
    const char* advice = error == ENOSPC                     ? "; free some space and try again"
                         : error == EACCES || error == EROFS ? "; choose a folder you may write to"
                         : error == ENOENT || error == ENOTDIR ? "; create the folder first"
                                                               : "";
    throw Error(ErrorKind::Io,
                path_.string() + ": cannot be written: " + std::strerror(error) + advice);
  }

  fs::path path_, temporary_;
  int fd_ = -1;
  bool finished_ = false;
};

}  // namespace

void write_safetensors(const fs::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata) {
  PendingTensors pending;
  for (const auto& [name, tensor] : tensors)
    pending.emplace(
        name, PendingTensor{tensor.dtype, tensor.shape, [&tensor = tensor] { return tensor; }});
  stream_safetensors(path, pending, metadata, {});
}

void stream_safetensors(const fs::path& path, const PendingTensors& tensors,
                        const std::map<std::string, std::string>& metadata,
                        const Progress& progress) {
  std::vector<const PendingTensors::value_type*> order;
  for (const auto& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return dtype_size(a->second.dtype) > dtype_size(b->second.dtype);
  });

  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  size_t offset = 0;
  for (const auto* item : order) {
    const auto& [name, tensor] = *item;
    const size_t size = static_cast<size_t>(element_count(tensor.shape)) * dtype_size(tensor.dtype);
    if (name == "__metadata__")
      throw Error(ErrorKind::Internal, path.string() + ": no tensor may be called __metadata__");
    header[name] = {{"dtype", dtype_name(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(
        ErrorKind::InvalidArgument,
        path.string() + ": cannot be written: a tensor name or metadata value is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');

  StreamedFile file(path);
  const uint64_t length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(std::as_bytes(std::span(text)));
  for (size_t i = 0; i < order.size(); ++i) {
    progress.cancel.throw_if_cancelled();
    progress.at("write", static_cast<int>(i), static_cast<int>(order.size()));
    const auto& [name, wanted] = *order[i];
    const TensorView tensor = wanted.make();
    const size_t size = static_cast<size_t>(element_count(wanted.shape)) * dtype_size(wanted.dtype);
    if (tensor.dtype != wanted.dtype || tensor.bytes.size() != size)
      throw Error(ErrorKind::Internal, path.string() + ": tensor " + in_quotes(name) +
                                           " of shape " + to_string(wanted.shape) + " has " +
                                           std::to_string(tensor.bytes.size()) + " bytes");
    file.write(tensor.bytes);
  }
  file.finish();
}

}  // namespace pentimento
