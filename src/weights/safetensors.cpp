// Reads the safetensors format (https://github.com/huggingface/safetensors#format):
//   u64 little-endian header length | JSON header | bytes of the tensors
// As strict as the reference reader: the tensors must cover the bytes after the header exactly,
// without overlap, hole or rest. Limitation: dtypes of less than a byte, F8 and U16/U32/U64 are
// refused by name.
#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "weight files are little-endian");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference reader's own limit
constexpr uint64_t kMaxDimension = uint64_t{1} << 40;
constexpr size_t kMaxRank = 16;
constexpr size_t kMaxTensors = 1'000'000;

std::optional<DType> dtype_of(const std::string& name) {
  for (DType dtype : {DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64, DType::I32,
                      DType::I16, DType::I8, DType::U8, DType::Bool})
    if (name == dtype_name(dtype)) return dtype;
  return std::nullopt;
}

bool is_known_but_unread(const std::string& dtype) {
  for (const char* name : {"F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3",
                           "F6_E3M2", "F4", "U16", "U32", "U64", "C64"})
    if (dtype == name) return true;
  return false;
}

struct Entry {
  std::string name, dtype;
  std::vector<uint64_t> shape, offsets;
  bool has_dtype = false, has_shape = false, has_offsets = false;
};

// Walks the header without building a document, so that duplicate keys are seen and memory stays
// proportional to what is kept.
class HeaderParser final : public nlohmann::json_sax<json> {
 public:
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool key(string_t& name) override {
    if (depth_ == 1) {
      in_metadata_ = name == "__metadata__";
      if (in_metadata_ && std::exchange(seen_metadata_, true))
        return fail("has two __metadata__ blocks");
      if (in_metadata_) return true;
      if (entries.size() == kMaxTensors) return fail("names more than 1000000 tensors");
      entries.emplace_back().name = name;
      return true;
    }
    field_ = name;
    if (in_metadata_)
      return metadata.emplace(name, "").second || fail("repeats metadata key " + in_quotes(name));
    Entry& entry = entries.back();
    bool* seen = name == "dtype"          ? &entry.has_dtype
                 : name == "shape"        ? &entry.has_shape
                 : name == "data_offsets" ? &entry.has_offsets
                                          : nullptr;
    if (!seen)
      return fail("gives tensor " + in_quotes(entry.name) + " an unknown field " + in_quotes(name));
    if (std::exchange(*seen, true))
      return fail("repeats " + name + " of tensor " + in_quotes(entry.name));
    return true;
  }

  bool start_object(size_t) override { return ++depth_ <= 2 && !in_array_ ? true : unexpected(); }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || (field_ != "shape" && field_ != "data_offsets"))
      return unexpected();
    return in_array_ = true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool string(string_t& value) override {
    if (depth_ != 2 || in_array_) return unexpected();
    if (in_metadata_) {
      metadata[field_] = value;
      return true;
    }
    if (field_ != "dtype") return unexpected();
    entries.back().dtype = value;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) return unexpected();
    auto& list = field_ == "shape" ? entries.back().shape : entries.back().offsets;
    if (list.size() == kMaxRank)
      return fail("gives tensor " + in_quotes(entries.back().name) + " too many numbers");
    list.push_back(value);
    return true;
  }

  bool null() override { return unexpected(); }
  bool boolean(bool) override { return unexpected(); }
  bool number_integer(number_integer_t) override { return unexpected(); }
  bool number_float(number_float_t, const string_t&) override { return unexpected(); }
  bool binary(binary_t&) override { return unexpected(); }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return fail("is not valid JSON near its byte " + std::to_string(position));
  }

 private:
  bool fail(std::string text) {
    if (problem.empty()) problem = std::move(text);
    return false;
  }
  bool unexpected() {
    if (depth_ >= 2 && !in_metadata_ && !entries.empty())
      return fail("gives tensor " + in_quotes(entries.back().name) + " a " + field_ +
                  " that is no such thing");
    return fail("holds a value where the format has none");
  }

  int depth_ = 0;
  bool in_metadata_ = false, seen_metadata_ = false, in_array_ = false;
  std::string field_;
};

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path)
      : path_(path.string()), file_(MappedFile::open(path)), bytes_(file_->bytes()) {}

  TensorFile read() {
    const uint64_t header_bytes = header_length();
    HeaderParser header;
    const auto* text = reinterpret_cast<const char*>(bytes_.data()) + 8;
    if (text[0] != '{' || !json::sax_parse(text, text + header_bytes, &header))
      corrupt("the header " + (header.problem.empty() ? "is not a JSON object" : header.problem) +
              "; this is no safetensors file, or a damaged one");

    data_ = bytes_.subspan(8 + header_bytes);
    TensorFile result{.path = file_->path(), .format = TensorFormat::Safetensors};
    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    for (const Entry& entry : header.entries) {
      const auto [position, inserted] = result.tensors.emplace(entry.name, view(entry));
      if (!inserted) corrupt("tensor " + in_quotes(entry.name) + " is named twice in the header");
      ranges.emplace_back(entry.offsets[0], entry.offsets[1]);
    }
    check_cover(std::move(ranges));
    result.metadata = std::move(header.metadata);
    return result;
  }

 private:
  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorKind::CorruptFile, path_ + ": " + what);
  }

  uint64_t header_length() const {
    if (bytes_.size() < 10)
      corrupt("only " + std::to_string(bytes_.size()) +
              " bytes, too short for a safetensors file; download it again");
    uint64_t length;
    std::memcpy(&length, bytes_.data(), 8);
    if (length < 2 || length > kMaxHeaderBytes)
      corrupt(
          "says that its header is " + std::to_string(length) +
          " bytes long, expected 2 to 100000000; this is no safetensors file, or a damaged one");
    if (length > bytes_.size() - 8)
      corrupt("says that its header is " + std::to_string(length) +
              " bytes long, but the file has " + std::to_string(bytes_.size()) +
              " bytes; the download was cut short, get it again");
    return length;
  }

  TensorView view(const Entry& entry) const {
    const auto tensor = [&] { return "tensor " + in_quotes(entry.name); };
    if (!entry.has_dtype || !entry.has_shape || !entry.has_offsets || entry.offsets.size() != 2)
      corrupt(tensor() + " lacks its dtype, shape or pair of data_offsets");
    const std::optional<DType> dtype = dtype_of(entry.dtype);
    if (!dtype && is_known_but_unread(entry.dtype))
      throw Error(ErrorKind::Unsupported,
                  path_ + ": " + tensor() + " has dtype " + entry.dtype +
                      ", which is not read; get the F16, BF16 or F32 version of the file");
    if (!dtype) corrupt(tensor() + " has the unknown dtype " + in_quotes(entry.dtype));

    TensorView result{.dtype = *dtype, .owner = file_, .file = file_};
    uint64_t size = dtype_size(*dtype);
    for (uint64_t dimension : entry.shape) {
      if (dimension > kMaxDimension || __builtin_mul_overflow(size, dimension, &size))
        corrupt(tensor() + " has a shape too large for any file");
      result.shape.push_back(static_cast<int64_t>(dimension));
    }
    const auto [begin, end] = std::pair(entry.offsets[0], entry.offsets[1]);
    if (begin > end) corrupt(tensor() + " ends before it begins");
    if (end > data_.size())
      corrupt(tensor() + " reaches to byte " + std::to_string(end) + " of the data, but only " +
              std::to_string(data_.size()) +
              " are there; the download was cut short, get it again");
    if (end - begin != size)
      corrupt(tensor() + " is " + entry.dtype + " " + to_string(result.shape) + " = " +
              std::to_string(size) + " bytes, but " + std::to_string(end - begin) +
              " bytes are set aside for it");
    result.bytes = data_.subspan(begin, size);
    return result;
  }

  void check_cover(std::vector<std::pair<uint64_t, uint64_t>> ranges) const {
    std::sort(ranges.begin(), ranges.end());
    uint64_t reached = 0;
    for (const auto& [begin, end] : ranges) {
      if (begin < reached)
        corrupt("two tensors share bytes at offset " + std::to_string(begin) + " of the data");
      if (begin > reached)
        corrupt("no tensor owns the bytes from offset " + std::to_string(reached) + " of the data");
      reached = end;
    }
    if (reached != data_.size())
      corrupt(std::to_string(data_.size() - reached) +
              " bytes follow the last tensor; expected none");
  }

  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  std::span<const std::byte> bytes_, data_;
};

}  // namespace

TensorFile read_safetensors(const std::filesystem::path& path) { return Reader(path).read(); }

}  // namespace pentimento
