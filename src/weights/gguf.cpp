// Reads GGUF (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), versions 2 and 3:
//   "GGUF" version | counts | key-value pairs | name, extents, type and offset of each tensor |
//   data
// Extents are written fastest first and turned round here. ComfyUI-GGUF stores a tensor whose rows
// are no whole number of blocks in another shape and the real one under
// "comfy.gguf.orig_shape.NAME". Limitations: little-endian files; the IQ, TQ and MX formats are
// refused by name.
#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"
#include "weights/quantised.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

constexpr uint64_t kMaxTensors = 1'000'000, kMaxPairs = 1'000'000, kMaxName = 65'535;
constexpr uint64_t kMaxText = 16u << 20, kMaxRank = 8, kMaxKeptText = 1u << 20;
constexpr uint64_t kMaxDimension = uint64_t{1} << 40;
constexpr std::string_view kOrigShape = "comfy.gguf.orig_shape.";

enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Boolean, Text, Array, U64, I64, F64 };

size_t value_bytes(uint32_t type) {
  constexpr size_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < std::size(kBytes) ? kBytes[type] : 0;
}

struct TypeName {
  uint32_t number = 0;
  std::optional<DType> dtype;
  const char* name = "";
};
constexpr TypeName kTypes[] = {
    {0, DType::F32, "F32"},    {1, DType::F16, "F16"},    {2, DType::Q4_0, "Q4_0"},
    {3, DType::Q4_1, "Q4_1"},  {6, DType::Q5_0, "Q5_0"},  {7, DType::Q5_1, "Q5_1"},
    {8, DType::Q8_0, "Q8_0"},  {9, {}, "Q8_1"},           {10, DType::Q2_K, "Q2_K"},
    {11, DType::Q3_K, "Q3_K"}, {12, DType::Q4_K, "Q4_K"}, {13, DType::Q5_K, "Q5_K"},
    {14, DType::Q6_K, "Q6_K"}, {15, {}, "Q8_K"},          {16, {}, "IQ2_XXS"},
    {17, {}, "IQ2_XS"},        {18, {}, "IQ3_XXS"},       {19, {}, "IQ1_S"},
    {20, {}, "IQ4_NL"},        {21, {}, "IQ3_S"},         {22, {}, "IQ2_S"},
    {23, {}, "IQ4_XS"},        {24, DType::I8, "I8"},     {25, DType::I16, "I16"},
    {26, DType::I32, "I32"},   {27, DType::I64, "I64"},   {28, DType::F64, "F64"},
    {29, {}, "IQ1_M"},         {30, DType::BF16, "BF16"}, {34, {}, "TQ1_0"},
    {35, {}, "TQ2_0"},         {39, {}, "MXFP4"},
};

struct Info {
  std::string name;
  Shape shape;  // slowest first
  uint32_t type = 0;
  uint64_t offset = 0;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : path_(path.string()), file_(MappedFile::open(path)), bytes_(file_->bytes()) {}

  TensorFile read() {
    TensorFile result{.path = file_->path(), .format = TensorFormat::Gguf};
    char magic[4];
    take(magic, 4);
    const auto version = number<uint32_t>();
    if (std::memcmp(magic, "GGUF", 4) != 0) corrupt("is no GGUF file");
    if (version == 1 || (version & 0xffff) == 0)
      throw Error(ErrorKind::Unsupported,
                  path_ +
                      ": is a GGUF file of version 1 or for big-endian computers; look for a "
                      "newer one");
    if (version > 3)
      throw Error(ErrorKind::Unsupported, path_ + ": is a GGUF file of version " +
                                              std::to_string(version) +
                                              ", newer than 3, the last this program knows");
    const uint64_t tensors = count(kMaxTensors, "tensors"), pairs = count(kMaxPairs, "values");
    for (uint64_t i = 0; i < pairs; ++i) read_pair(result.metadata);
    std::vector<Info> infos;
    for (uint64_t i = 0; i < tensors; ++i) infos.push_back(read_info());
    const uint64_t begin = (at_ + alignment_ - 1) / alignment_ * alignment_;
    if (begin > bytes_.size() && tensors > 0) cut_short();
    data_ = bytes_.subspan(std::min<uint64_t>(begin, bytes_.size()));
    for (const Info& info : infos) {
      if (!result.tensors.emplace(info.name, view(info)).second)
        corrupt("tensor " + in_quotes(info.name) + " is named twice");
    }
    if (result.tensors.empty()) corrupt("holds no tensors");
    return result;
  }

 private:
  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorKind::CorruptFile, path_ + ": " + what);
  }
  [[noreturn]] void cut_short() const {
    corrupt("ends in the middle; the download was cut short, get it again");
  }

  void take(void* to, uint64_t size) {
    if (size > bytes_.size() - at_) cut_short();
    std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }
  void skip(uint64_t size) {
    if (size > bytes_.size() - at_) cut_short();
    at_ += size;
  }
  template <typename T>
  T number() {
    T value;
    take(&value, sizeof value);
    return value;
  }
  uint64_t count(uint64_t most, const char* what) {
    const auto value = number<uint64_t>();
    if (value > most)
      corrupt("says that it holds " + std::to_string(value) + " " + what + ", expected at most " +
              std::to_string(most) + "; it is damaged");
    return value;
  }
  std::string text(uint64_t most) {
    const auto size = number<uint64_t>();
    if (size > most) corrupt("holds a name or text of " + std::to_string(size) + " bytes");
    if (size > bytes_.size() - at_) cut_short();
    std::string value(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
    at_ += size;
    return value;
  }

  // Single values are kept as text; of lists only the shapes that ComfyUI-GGUF left.
  void read_pair(std::map<std::string, std::string>& metadata) {
    const std::string key = text(kMaxName);
    const auto type = number<uint32_t>();
    if (type == Array) return read_array(key);
    const std::string value = read_value(type);
    if (key == "general.alignment") set_alignment(value);
    if (value.size() <= kMaxKeptText) metadata.emplace(key, value);
  }

  void set_alignment(const std::string& value) {
    uint64_t alignment = 0;
    for (const char c : value.substr(0, 10))
      alignment = c >= '0' && c <= '9' ? alignment * 10 + static_cast<uint64_t>(c - '0') : 0;
    if (alignment == 0 || alignment > 65'536 || (alignment & (alignment - 1)) != 0)
      corrupt("asks for an alignment of " + in_quotes(value) + ", expected a power of two");
    alignment_ = alignment;
  }

  std::string read_value(uint32_t type) {
    switch (type) {
      case U8:
        return std::to_string(number<uint8_t>());
      case I8:
        return std::to_string(number<int8_t>());
      case U16:
        return std::to_string(number<uint16_t>());
      case I16:
        return std::to_string(number<int16_t>());
      case U32:
        return std::to_string(number<uint32_t>());
      case I32:
        return std::to_string(number<int32_t>());
      case F32:
        return std::to_string(number<float>());
      case Boolean:
        return number<uint8_t>() ? "true" : "false";
      case Text:
        return text(kMaxText);
      case U64:
        return std::to_string(number<uint64_t>());
      case I64:
        return std::to_string(number<int64_t>());
      case F64:
        return std::to_string(number<double>());
      default:
        corrupt("holds a value of the unknown type " + std::to_string(type));
    }
  }

  void read_array(const std::string& key) {
    const auto type = number<uint32_t>();
    const auto length = number<uint64_t>();
    const bool is_shape = key.starts_with(kOrigShape) && (type == I32 || type == U32) &&
                          length >= 1 && length <= kMaxRank;
    if (is_shape) {
      Shape shape;
      for (uint64_t i = 0; i < length; ++i) shape.push_back(number<int32_t>());
      orig_shapes_.emplace(key.substr(kOrigShape.size()), std::move(shape));
      return;
    }
    if (type == Text) {
      for (uint64_t i = 0; i < length; ++i) {
        const auto size = number<uint64_t>();
        skip(size);
      }
      return;
    }
    const size_t size = value_bytes(type);
    if (size == 0) corrupt("holds a list of the unknown type " + std::to_string(type));
    uint64_t total = 0;
    if (__builtin_mul_overflow(length, size, &total)) cut_short();
    skip(total);
  }

  Info read_info() {
    Info info{.name = text(kMaxName)};
    const auto rank = number<uint32_t>();
    if (rank > kMaxRank)
      corrupt("tensor " + in_quotes(info.name) + " has " + std::to_string(rank) + " dimensions");
    for (uint32_t i = 0; i < rank; ++i) {
      const auto extent = number<uint64_t>();
      if (extent > kMaxDimension)
        corrupt("tensor " + in_quotes(info.name) + " has a shape too large for any file");
      info.shape.insert(info.shape.begin(), static_cast<int64_t>(extent));
    }
    info.type = number<uint32_t>();
    info.offset = number<uint64_t>();
    return info;
  }

  DType type_of(const Info& info) const {
    for (const TypeName& type : kTypes)
      if (type.number == info.type) {
        if (type.dtype) return *type.dtype;
        throw Error(ErrorKind::Unsupported,
                    path_ + ": tensor " + in_quotes(info.name) + " is quantised as " + type.name +
                        ", which is not read; get a Q8_0, Q4_0, Q5_0 or K-quant version");
      }
    corrupt("tensor " + in_quotes(info.name) + " is of the unknown type " +
            std::to_string(info.type));
  }

  TensorView view(const Info& info) const {
    TensorView result{.dtype = type_of(info), .shape = info.shape, .owner = file_, .file = file_};
    uint64_t elements = 1;
    for (const int64_t extent : info.shape)
      if (__builtin_mul_overflow(elements, static_cast<uint64_t>(extent), &elements))
        corrupt("tensor " + in_quotes(info.name) + " has a shape too large for any file");
    const BlockLayout block = block_layout(result.dtype);
    if (elements % static_cast<uint64_t>(block.elements) != 0)
      corrupt("tensor " + in_quotes(info.name) + " of shape " + to_string(info.shape) +
              " is no whole number of " + dtype_name(result.dtype) + " blocks");
    const uint64_t blocks = elements / static_cast<uint64_t>(block.elements);
    uint64_t size = 0;
    if (__builtin_mul_overflow(blocks, block.bytes, &size) || info.offset > data_.size() ||
        size > data_.size() - info.offset)
      corrupt("tensor " + in_quotes(info.name) +
              " reaches beyond the file; the download was cut short, get it again");
    result.bytes = data_.subspan(info.offset, size);
    return with_real_shape(info, elements, std::move(result));
  }

  TensorView with_real_shape(const Info& info, uint64_t elements, TensorView tensor) const {
    const auto found = orig_shapes_.find(info.name);
    if (found == orig_shapes_.end()) return tensor;
    uint64_t wanted = 1;
    for (const int64_t extent : found->second)
      if (extent < 0 || __builtin_mul_overflow(wanted, static_cast<uint64_t>(extent), &wanted))
        wanted = UINT64_MAX;
    if (wanted != elements)
      corrupt("tensor " + in_quotes(info.name) + " of shape " + to_string(info.shape) +
              " was never " + to_string(found->second) + ", as the file says");
    tensor.shape = found->second;
    return tensor;
  }

  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::span<const std::byte> bytes_, data_;
  uint64_t at_ = 0, alignment_ = 32;
  std::map<std::string, Shape> orig_shapes_;
};

}  // namespace

TensorFile read_gguf(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace pentimento
