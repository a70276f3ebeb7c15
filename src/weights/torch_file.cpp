// Reads what torch.save writes since PyTorch 1.6: a zip with PREFIX/data.pkl, a pickle that names
// tensors, and their bytes in PREFIX/data/KEY. Tensors that lie contiguous in a stored entry are
// views of the file; others are copied into C order.
// Limitations: little-endian files; no sparse, quantised or TorchScript files.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"
#include "weights/pickle.h"
#include "weights/tensor_file.h"
#include "weights/zip_archive.h"

namespace pentimento {
namespace {

constexpr uint64_t kMaxPickleBytes = uint64_t{64} << 20;
constexpr int kMaxDepth = 16;
constexpr size_t kMaxVisited = 1'000'000;

std::string_view file_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

class Reader {
 public:
  explicit Reader(const std::shared_ptr<const MappedFile>& file)
      : file_(file),
        path_(file->path()),
        zip_(file),
        budget_(path_.string(), file->bytes().size()) {}

  TensorFile read() {
    const std::string prefix = find_prefix();
    if (zip_.entries().contains(prefix + "byteorder")) {
      const SharedBytes order = zip_.read(prefix + "byteorder", budget_);
      if (std::string_view(reinterpret_cast<const char*>(order.bytes.data()), order.bytes.size()) !=
          "little")
        unsupported("was saved on a big-endian computer; save it again on an ordinary one");
    }
    if (zip_.entries().find(prefix + "data.pkl")->second.size > kMaxPickleBytes)
      corrupt("its data.pkl is larger than 64 MiB, which no checkpoint needs");
    const SharedBytes pickle = zip_.read(prefix + "data.pkl", budget_);
    const PickleDocument document = read_pickle(pickle.bytes, path_.string());

    prefix_ = prefix;
    const PickleDict* root = state_dict(document.root);
    if (!root) unsupported("holds no dictionary of tensors");
    TensorFile result{.path = path_, .format = TensorFormat::TorchZip};
    flatten(*root, "", 0, result.tensors);
    if (result.tensors.empty()) unsupported("holds no tensors");
    return result;
  }

 private:
  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorKind::CorruptFile, path_.string() + ": " + what);
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorKind::Unsupported, path_.string() + ": " + what);
  }

  std::string find_prefix() const {
    std::optional<std::string> prefix;
    for (const auto& [name, entry] : zip_.entries()) {
      if (name.find("/code/") != std::string::npos)
        unsupported(
            "is a TorchScript program, not a file of weights; look for the plain state dict");
      if (!name.ends_with("data.pkl") || std::count(name.begin(), name.end(), '/') > 1) continue;
      if (!name.ends_with("/data.pkl") && name != "data.pkl") continue;
      if (prefix) corrupt("holds two data.pkl; expected one");
      prefix = name.substr(0, name.size() - 8);
    }
    if (!prefix)
      unsupported("is a zip archive, but not one that torch.save wrote (it has no data.pkl)");
    return *prefix;
  }

  // Training programs wrap the weights; the first wrapper found is entered, its siblings (optimiser
  // state, counters) are left alone.
  static const PickleDict* state_dict(PickleRef root) {
    auto* dict = root->as<PickleDict>();
    for (int depth = 0; dict && depth < 4 && !has_tensor(*dict); ++depth) {
      PickleDict* inner = nullptr;
      for (const char* wrapper :
           {"state_dict", "params_ema", "params", "model", "model_state_dict", "ema"})
        if (!inner) inner = member(*dict, wrapper);
      if (!inner) break;
      dict = inner;
    }
    return dict;
  }

  static bool has_tensor(const PickleDict& dict) {
    return std::any_of(dict.items.begin(), dict.items.end(),
                       [](const auto& item) { return item.second->template as<PickleTensor>(); });
  }

  static PickleDict* member(const PickleDict& dict, const char* name) {
    for (const auto& [key, value] : dict.items)
      if (const auto* text = key->as<std::string>(); text && *text == name)
        return value->as<PickleDict>();
    return nullptr;
  }

  // Nested dictionaries are joined by dots; whatever is no tensor is passed over.
  void flatten(const PickleDict& dict, const std::string& prefix, int depth, TensorMap& tensors) {
    if (depth > kMaxDepth) corrupt("nests its dictionaries more than 16 deep");
    for (const auto& [key, value] : dict.items) {
      if (++visited_ > kMaxVisited) corrupt("names more than a million values");
      std::string name;
      if (const auto* text = key->as<std::string>())
        name = prefix + *text;
      else if (const auto* number = key->as<int64_t>())
        name = prefix + std::to_string(*number);
      else
        continue;
      if (const auto* inner = value->as<PickleDict>())
        flatten(*inner, name + ".", depth + 1, tensors);
      if (const auto* tensor = value->as<PickleTensor>())
        tensors.insert_or_assign(name, view(*tensor, name));
    }
  }

  TensorView view(const PickleTensor& tensor, const std::string& name) {
    const PickleStorage& storage = *tensor.storage;
    const uint64_t item = dtype_size(storage.dtype);
    const SharedBytes bytes = storage_bytes(storage);
    uint64_t size = item;
    for (const int64_t dimension : tensor.shape)
      if (__builtin_mul_overflow(size, static_cast<uint64_t>(dimension), &size))
        impossible(name, tensor);

    TensorView result{
        .dtype = storage.dtype, .shape = tensor.shape, .owner = bytes.owner, .file = file_};
    if (size == 0) return result;
    const uint64_t begin = static_cast<uint64_t>(tensor.offset);
    const uint64_t available = bytes.bytes.size() / item;
    uint64_t last = begin;
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
      uint64_t reach;
      if (__builtin_mul_overflow(static_cast<uint64_t>(tensor.shape[i] - 1),
                                 static_cast<uint64_t>(tensor.strides[i]), &reach) ||
          __builtin_add_overflow(last, reach, &last))
        impossible(name, tensor);
    }
    if (last >= available || last >= static_cast<uint64_t>(storage.elements))
      corrupt("tensor " + in_quotes(name) + " of shape " + to_string(tensor.shape) +
              " reaches beyond its storage '" + storage.key + "' of " + std::to_string(available) +
              " elements; download the file again");
    if (is_contiguous(tensor)) {
      result.bytes = bytes.bytes.subspan(begin * item, size);
      return result;
    }
    budget_.take(size, name);
    auto copy = std::make_shared<std::vector<std::byte>>(size);
    gather(tensor, bytes.bytes.subspan(begin * item), item, *copy);
    result.bytes = *copy;
    result.owner = copy;
    return result;
  }

  [[noreturn]] void impossible(const std::string& name, const PickleTensor& tensor) const {
    corrupt("tensor " + in_quotes(name) + " has the impossible shape " + to_string(tensor.shape));
  }

  SharedBytes storage_bytes(const PickleStorage& storage) {
    const auto known = storages_.find(storage.key);
    if (known != storages_.end()) return known->second;
    const SharedBytes bytes = zip_.read(prefix_ + "data/" + storage.key, budget_);
    return storages_.emplace(storage.key, bytes).first->second;
  }

  static bool is_contiguous(const PickleTensor& tensor) {
    int64_t expected = 1;
    for (size_t i = tensor.shape.size(); i-- > 0;) {
      if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
      expected *= tensor.shape[i];
    }
    return true;
  }

  // C order, last dimension innermost.
  static void gather(const PickleTensor& tensor, std::span<const std::byte> from, size_t item,
                     std::span<std::byte> to) {
    std::vector<int64_t> index(tensor.shape.size(), 0);
    uint64_t source = 0;
    for (size_t written = 0; written < to.size(); written += item) {
      std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(source * item), item,
                  to.begin() + static_cast<std::ptrdiff_t>(written));
      for (size_t i = index.size(); i-- > 0;) {
        source += static_cast<uint64_t>(tensor.strides[i]);
        if (++index[i] < tensor.shape[i]) break;
        source -= static_cast<uint64_t>(tensor.strides[i]) * static_cast<uint64_t>(tensor.shape[i]);
        index[i] = 0;
      }
    }
  }

  std::shared_ptr<const MappedFile> file_;
  std::filesystem::path path_;
  std::string prefix_;
  ZipArchive zip_;
  UnpackBudget budget_;
  std::map<std::string, SharedBytes> storages_;
  size_t visited_ = 0;
};

// The magic number with which torch.save began before PyTorch 1.6, pickled.
constexpr std::string_view kLegacyMagic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);

}  // namespace

TensorFile read_torch(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  if (ZipArchive::looks_like_zip(file->bytes())) return Reader(file).read();
  const std::string_view text = file_text(*file);
  const std::string advice =
      "; load it with a recent PyTorch and torch.save it again, or look for a .safetensors version";
  if (text.substr(0, 32).find(kLegacyMagic) != std::string_view::npos)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is in PyTorch's format of before version 1.6" + advice);
  if (text.size() > 262 && text.substr(257, 5) == "ustar")
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is in PyTorch's tar format of before version 0.1.10" + advice);
  if (text.size() > 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5)
    throw Error(ErrorKind::Unsupported,
                path.string() + ": is a bare Python pickle, not a file of torch.save" + advice);
  throw Error(ErrorKind::CorruptFile,
              path.string() + ": is no PyTorch file (expected a zip archive)");
}

}  // namespace pentimento
