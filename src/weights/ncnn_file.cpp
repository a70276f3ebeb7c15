#include "weights/ncnn_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"

namespace pentimento {
namespace {

constexpr std::string_view kMagic = "7767517";
constexpr size_t kMaxListingBytes = size_t{8} << 20;
constexpr size_t kMaxLayers = 20'000;
constexpr size_t kMaxValues = 64;    // of one layer's inputs, outputs or list
constexpr int kMaxExtent = 1 << 20;  // channels
constexpr int kMaxKernel = 31;
constexpr uint32_t kF16Weights = 0x01306B47;  // the tag before a layer's weights
constexpr int kListKey = -23300;              // "-23310=1,0.2": the list under key 10

// Layers that have no weights in the .bin and that upscaling networks use.
constexpr std::array kWithoutWeights = {"Input",  "Split",        "Concat", "Eltwise", "BinaryOp",
                                        "Interp", "PixelShuffle", "ReLU",   "Clip"};

[[noreturn]] void corrupt(const std::string& file, const std::string& what) {
  throw Error(ErrorKind::CorruptFile, file + ": " + what);
}

template <typename Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = 0;;) {
    at = line.find_first_not_of(" \t\r", at);
    if (at == std::string_view::npos) return words;
    const size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
}

// The text: a magic number, the counts of layers and values, a line for each layer:
//   TYPE NAME inputs outputs IN… OUT… KEY=VALUE…
class Listing {
 public:
  Listing(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  std::vector<NcnnLayer> read() {
    if (text_.size() > kMaxListingBytes) corrupt(file_, "is larger than 8 MiB, no such listing is");
    if (next_line() != kMagic)
      corrupt(file_,
              "does not begin with 7767517, expected a text .param of ncnn; a .param.bin "
              "cannot be read");
    const auto counts = words_of(next_line());
    size_t layers = 0, values = 0;
    if (counts.size() != 2 || !parse(counts[0], layers) || !parse(counts[1], values))
      corrupt(file_, "its second line is not a count of layers and of values");
    if (layers == 0 || layers > kMaxLayers)
      corrupt(file_, "announces " + std::to_string(layers) + " layers, expected 1 to " +
                         std::to_string(kMaxLayers));
    std::vector<NcnnLayer> list;
    while (list.size() < layers) {
      if (text_.empty())
        corrupt(file_, "announces " + std::to_string(layers) + " layers and lists " +
                           std::to_string(list.size()) + "; it was cut short, download it again");
      const auto words = words_of(next_line());
      if (!words.empty()) list.push_back(layer(words));
    }
    if (!words_of(text_.substr(0, text_.find('\n'))).empty())
      corrupt(file_, "lists more layers than the " + std::to_string(layers) + " it announces");
    return list;
  }

 private:
  std::string_view next_line() {
    ++line_;
    const size_t end = text_.find('\n');
    const std::string_view line = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  [[noreturn]] void corrupt_line(const std::string& what) const {
    corrupt(file_, "line " + std::to_string(line_) + " " + what);
  }

  NcnnLayer layer(const std::vector<std::string_view>& words) {
    size_t inputs = 0, outputs = 0;
    if (words.size() < 4 || !parse(words[2], inputs) || !parse(words[3], outputs) ||
        inputs > kMaxValues || outputs > kMaxValues || words.size() < 4 + inputs + outputs)
      corrupt_line("is no layer, expected TYPE NAME inputs outputs and their names");
    NcnnLayer layer{.type = std::string(words[0]), .name = std::string(words[1])};
    if (!names_.insert(layer.name).second)
      corrupt_line("repeats the layer " + in_quotes(layer.name));
    size_t at = 4;
    for (; at < 4 + inputs; ++at) {
      layer.inputs.emplace_back(words[at]);
      if (!values_.contains(layer.inputs.back()))
        corrupt_line("uses " + in_quotes(words[at]) + ", which no layer above it makes");
    }
    for (; at < 4 + inputs + outputs; ++at) {
      layer.outputs.emplace_back(words[at]);
      if (!values_.insert(layer.outputs.back()).second)
        corrupt_line("makes " + in_quotes(words[at]) + " a second time");
    }
    for (; at < words.size(); ++at) option(words[at], layer);
    return layer;
  }

  void option(std::string_view word, NcnnLayer& layer) const {
    const size_t equals = word.find('=');
    int key = 0;
    if (equals == std::string_view::npos || !parse(word.substr(0, equals), key))
      corrupt_line("has " + in_quotes(word) + ", expected KEY=VALUE");
    std::string_view rest = word.substr(equals + 1);
    std::vector<double> list;
    for (bool more = true; more;) {
      const size_t comma = rest.find(',');
      more = comma != std::string_view::npos;
      double value = 0;
      if (!parse(rest.substr(0, comma), value) || !std::isfinite(value))
        corrupt_line("has " + in_quotes(word) + ", expected numbers");
      list.push_back(value);
      if (list.size() > kMaxValues + 1) corrupt_line("has a list that is too long");
      if (more) rest.remove_prefix(comma + 1);
    }
    const bool is_list = key <= kListKey;
    if (is_list && list[0] != static_cast<double>(list.size() - 1))
      corrupt_line("has the list " + in_quotes(word) + " of another length than it says");
    if (is_list) list.erase(list.begin());
    if (!is_list && list.size() != 1)
      corrupt_line("has " + in_quotes(word) + ", expected a number");
    if (!layer.options.emplace(is_list ? kListKey - key : key, std::move(list)).second)
      corrupt_line("has an option twice");
  }

  std::string_view text_;
  std::string file_;
  int line_ = 0;
  std::set<std::string, std::less<>> names_, values_;
};

// The weights, in the order of the layers that have some.
class Weights {
 public:
  Weights(std::shared_ptr<const MappedFile> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)), left_(file_->bytes()) {}

  void take(const NcnnLayer& layer, TensorMap& tensors) {
    if (layer.type == "Convolution") {
      take_convolution(layer, tensors);
    } else if (layer.type == "PReLU") {
      const int slopes = extent(layer, "slopes", layer.integer(0, 0), kMaxExtent);
      tensors[layer.name + ".weight"] = plain(DType::F32, {slopes}, layer);
    } else if (std::find(kWithoutWeights.begin(), kWithoutWeights.end(), layer.type) ==
               kWithoutWeights.end()) {
      throw Error(ErrorKind::Unsupported,
                  name_ + ": layer " + in_quotes(layer.name) + " is of type " +
                      in_quotes(layer.type) +
                      ", which is not read; ESRGAN, Real-ESRGAN and its compact networks are");
    }
  }

  void expect_end() const {
    if (!left_.empty())
      corrupt(name_, std::to_string(left_.size()) +
                         " bytes follow the last layer's weights, expected none; .param and .bin "
                         "belong to different networks");
  }

 private:
  int extent(const NcnnLayer& layer, const char* what, int found, int most) const {
    if (found < 1 || found > most)
      corrupt(name_, "layer " + in_quotes(layer.name) + " has " + std::to_string(found) + " " +
                         what + ", expected 1 to " + std::to_string(most));
    return found;
  }

  void take_convolution(const NcnnLayer& layer, TensorMap& tensors) {
    const int out = extent(layer, "outputs", layer.integer(0, 0), kMaxExtent);
    const int kernel = extent(layer, "kernel columns", layer.integer(1, 0), kMaxKernel);
    const int weights = layer.integer(6, 0);
    const int per_input = out * kernel * kernel;  // at most 2^20 * 31^2 < 2^31
    if (layer.integer(11, kernel) != kernel || layer.integer(8, 0) != 0 || weights < 1 ||
        weights % per_input != 0)
      throw Error(ErrorKind::Unsupported, name_ + ": layer " + in_quotes(layer.name) + " has " +
                                              std::to_string(weights) + " weights for " +
                                              std::to_string(out) +
                                              " outputs, expected a square "
                                              "convolution with f32 or f16 weights");
    const Shape shape{out, weights / per_input, kernel, kernel};
    tensors[layer.name + ".weight"] = tagged(shape, layer);
    if (layer.integer(5, 0) != 0) tensors[layer.name + ".bias"] = plain(DType::F32, {out}, layer);
  }

  // A tag that says how the weights are kept, then the weights.
  TensorView tagged(const Shape& shape, const NcnnLayer& layer) {
    uint32_t tag = 0;
    std::memcpy(&tag, cut(sizeof tag, layer).data(), sizeof tag);
    if (tag != 0 && tag != kF16Weights)
      throw Error(ErrorKind::Unsupported,
                  name_ + ": the weights of layer " + in_quotes(layer.name) +
                      " are 8-bit or from a table, expected f32 or f16; get the network in one of "
                      "these");
    return plain(tag == 0 ? DType::F32 : DType::F16, shape, layer);
  }

  TensorView plain(DType dtype, const Shape& shape, const NcnnLayer& layer) {
    const uint64_t size = static_cast<uint64_t>(element_count(shape)) * dtype_size(dtype);
    return {.dtype = dtype,
            .shape = shape,
            .bytes = cut((size + 3) / 4 * 4, layer).first(size),
            .owner = file_,
            .file = file_};
  }

  std::span<const std::byte> cut(uint64_t size, const NcnnLayer& layer) {
    if (size > left_.size())
      corrupt(name_, "ends " + std::to_string(size - left_.size()) +
                         " bytes before the end of layer " + in_quotes(layer.name) +
                         "; it was cut short, or belongs to another .param");
    const auto bytes = left_.first(size);
    left_ = left_.subspan(size);
    return bytes;
  }

  std::shared_ptr<const MappedFile> file_;
  std::string name_;
  std::span<const std::byte> left_;
};

}  // namespace

double NcnnLayer::number(int key, double otherwise) const {
  const auto found = options.find(key);
  if (found == options.end()) return otherwise;
  if (found->second.size() != 1)
    throw Error(ErrorKind::CorruptFile, "ncnn layer " + in_quotes(name) + " has a list as option " +
                                            std::to_string(key) + ", expected a number");
  return found->second[0];
}

int NcnnLayer::integer(int key, int otherwise) const {
  const double value = number(key, otherwise);
  if (value != std::floor(value) || std::abs(value) > 1e9)
    throw Error(ErrorKind::CorruptFile, "ncnn layer " + in_quotes(name) + " has " +
                                            std::to_string(value) + " as option " +
                                            std::to_string(key) + ", expected a whole number");
  return static_cast<int>(value);
}

NcnnFile read_ncnn(std::string_view listing, std::shared_ptr<const MappedFile> weights,
                   const std::string& name) {
  NcnnFile result;
  result.layers = Listing(listing, name).read();
  Weights bytes(std::move(weights), name);
  for (const NcnnLayer& layer : result.layers) bytes.take(layer, result.tensors);
  bytes.expect_end();
  return result;
}

NcnnFile read_ncnn(const std::filesystem::path& path) {
  std::filesystem::path param = path, bin = path;
  param.replace_extension(".param");
  bin.replace_extension(".bin");
  const auto text = MappedFile::open(param);
  const auto bytes = text->bytes();
  NcnnFile result = read_ncnn({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                              MappedFile::open(bin), param.string());
  result.param = param;
  result.bin = bin;
  return result;
}

}  // namespace pentimento
