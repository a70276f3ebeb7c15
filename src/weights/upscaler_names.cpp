#include "weights/upscaler_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"

namespace pentimento {
namespace {

struct Rename {
  std::string_view from, to;
};

// Within a name; each applies once.
constexpr std::array kEsrganNames = {
    Rename{"RRDB_trunk.", "body."}, Rename{"trunk_conv.", "conv_body."},
    Rename{"upconv", "conv_up"},    Rename{"HRconv.", "conv_hr."},
    Rename{".RDB", ".rdb"},
};

TensorMap renamed_esrgan(const TensorMap& tensors) {
  TensorMap result;
  for (const auto& [name, view] : tensors) {
    std::string today = name;
    for (const Rename& rename : kEsrganNames)
      if (const size_t at = today.find(rename.from); at != std::string::npos)
        today.replace(at, rename.from.size(), rename.to);
    result[today] = view;
  }
  return result;
}

// "model.7.weight" -> 7
std::optional<int> number_after(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  int number = 0;
  const char* begin = name.data() + prefix.size();
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || stop == end || *stop != '.') return {};
  return number;
}

// The first ESRGAN was a torch.nn.Sequential: model.0 is the first convolution, model.1 the blocks
// with the last one after them, then whatever has weights: one for each doubling, and the last two.
TensorMap renamed_first_esrgan(const TensorMap& tensors) {
  std::set<int> tail;
  for (const auto& [name, view] : tensors)
    if (const auto n = number_after(name, "model."); n && *n > 1) tail.insert(*n);
  std::map<int, std::string> tail_names;
  for (const int n : tail) {
    const size_t left = tail.size() - tail_names.size();  // with this one
    tail_names[n] = left == 1   ? "conv_last"
                    : left == 2 ? "conv_hr"
                                : "conv_up" + std::to_string(tail_names.size() + 1);
  }
  TensorMap result;
  for (const auto& [name, view] : tensors) {
    const auto n = number_after(name, "model.");
    const std::string kind = name.substr(name.rfind('.') + 1);  // "weight", "bias"
    std::string today = name;
    if (n == 0) {
      today = "conv_first." + kind;
    } else if (n && *n > 1) {
      today = tail_names[*n] + "." + kind;
    } else if (const auto block = number_after(name, "model.1.sub."); block) {
      // model.1.sub.B.RDB2.conv3.0.weight, or model.1.sub.NB.weight
      const std::string prefix = "model.1.sub." + std::to_string(*block) + ".";
      const std::string inner = name.substr(prefix.size());
      const size_t conv = inner.find(".conv");
      if (conv == std::string::npos)
        today = "conv_body." + inner;
      else if (inner.starts_with("RDB") && inner.size() > conv + 7 &&
               inner.compare(conv + 6, 3, ".0.") == 0)
        today = "body." + std::to_string(*block) + ".rdb" + inner.substr(3, conv - 3) +
                inner.substr(conv, 6) + "." + kind;
    }
    result[today] = view;
  }
  return result;
}

TensorMap unwrapped(const TensorMap& tensors) {
  for (const char* wrapper : {"params_ema.", "params.", "module.", "netG.", "generator."})
    if (has_prefix(tensors, wrapper)) return below(tensors, wrapper);
  return tensors;
}

[[noreturn]] void refuse(const NcnnFile& file, const std::string& what) {
  throw Error(ErrorKind::Unsupported,
              file.param.string() + ": " + what +
                  "; only RRDBNet and SRVGGNetCompact (Real-ESRGAN's networks) are read from ncnn");
}

// The layers of one type.
std::vector<const NcnnLayer*> layers_of(const NcnnFile& file, std::string_view type) {
  std::vector<const NcnnLayer*> found;
  for (const NcnnLayer& layer : file.layers)
    if (layer.type == type) found.push_back(&layer);
  return found;
}

void rename(const NcnnFile& file, const NcnnLayer& layer, const std::string& today,
            TensorMap& result) {
  for (const char* kind : {".weight", ".bias"})
    if (const auto found = file.tensors.find(layer.name + kind); found != file.tensors.end())
      result[today + kind] = found->second;
}

void expect_convolution(const NcnnFile& file, const NcnnLayer& layer, bool leaky) {
  const auto slope = layer.options.find(10);
  const bool is_leaky = layer.integer(9, 0) == 2 && slope != layer.options.end() &&
                        slope->second.size() == 1 && std::abs(slope->second[0] - 0.2) < 1e-6;
  if (layer.integer(2, 1) != 1 || layer.integer(3, 1) != 1 || layer.integer(4, 0) != 1 ||
      (leaky ? !is_leaky : layer.integer(9, 0) != 0))
    refuse(file, "convolution " + in_quotes(layer.name) +
                     " has a stride, a padding or an activation that they do not have there");
}

void expect_interpolation(const NcnnFile& file, const NcnnLayer& layer, int type, double factor) {
  if (layer.integer(0, 0) != type || layer.number(1, 0) != factor || layer.number(2, 0) != factor)
    refuse(file, "layer " + in_quotes(layer.name) + " resizes in another way than they do");
}

void expect_sums(const NcnnFile& file, size_t residuals, size_t additions) {
  const auto scaled = layers_of(file, "Eltwise"), plain = layers_of(file, "BinaryOp");
  if (scaled.size() != residuals || plain.size() != additions)
    refuse(file, "has " + std::to_string(scaled.size() + plain.size()) + " sums, expected " +
                     std::to_string(residuals + additions));
  for (const NcnnLayer* layer : plain)
    if (layer->integer(0, 0) != 0 || layer->inputs.size() != 2)
      refuse(file, "layer " + in_quotes(layer->name) + " is no sum of two values");
  for (const NcnnLayer* layer : scaled) {
    const auto weights = layer->options.find(1);
    if (layer->integer(0, 0) != 1 || weights == layer->options.end() ||
        weights->second != std::vector<double>{0.2, 1})
      refuse(file, "layer " + in_quotes(layer->name) + " is no sum of 0.2 a + b");
  }
}

// conv, PReLU, …, conv, PixelShuffle, + nearest(x); then perhaps a reduction of the result, which
// is left to those who want another size.
TensorMap compact_from_ncnn(const NcnnFile& file) {
  TensorMap result;
  int index = 0;
  for (const NcnnLayer& layer : file.layers) {
    if (layer.type != "Convolution" && layer.type != "PReLU") continue;
    if ((layer.type == "PReLU") != (index % 2 == 1))
      refuse(file, "layer " + in_quotes(layer.name) + " is out of turn");
    if (layer.type == "Convolution") expect_convolution(file, layer, /*leaky=*/false);
    rename(file, layer, "body." + std::to_string(index++), result);
  }
  const int scale = layers_of(file, "PixelShuffle")[0]->integer(0, 1);
  const auto resizes = layers_of(file, "Interp");
  if (resizes.empty() || resizes.size() > 2) refuse(file, "resizes more often than they do");
  expect_interpolation(file, *resizes[0], /*nearest*/ 1, scale);
  expect_sums(file, 0, 1);
  if (!layers_of(file, "Concat").empty()) refuse(file, "joins values, which they do not");
  return result;
}

TensorMap rrdb_from_ncnn(const NcnnFile& file) {
  const auto convolutions = layers_of(file, "Convolution");
  const auto resizes = layers_of(file, "Interp");
  const size_t count = convolutions.size(), doublings = resizes.size();
  if (count < 19 + doublings || (count - 4 - doublings) % 15 != 0)
    refuse(file, "has " + std::to_string(count) + " convolutions, expected 15 for each block");
  const size_t blocks = (count - 4 - doublings) / 15;
  if (!layers_of(file, "PReLU").empty() || layers_of(file, "Concat").size() != blocks * 12)
    refuse(file, "joins values in another way than they do");
  for (const NcnnLayer* resize : resizes) expect_interpolation(file, *resize, /*nearest*/ 1, 2);
  expect_sums(file, blocks * 4, 1);

  TensorMap result;
  size_t at = 0;
  const auto next = [&](const std::string& today, bool leaky) {
    expect_convolution(file, *convolutions[at], leaky);
    rename(file, *convolutions[at++], today, result);
  };
  next("conv_first", false);
  for (size_t n = 0; n < blocks; ++n)
    for (int m = 1; m <= 3; ++m)
      for (int k = 1; k <= 5; ++k)
        next("body." + std::to_string(n) + ".rdb" + std::to_string(m) + ".conv" + std::to_string(k),
             k < 5);
  next("conv_body", false);
  for (size_t i = 1; i <= doublings; ++i) next("conv_up" + std::to_string(i), true);
  next("conv_hr", true);
  next("conv_last", false);
  return result;
}

}  // namespace

TensorMap upscaler_names_of_today(const TensorMap& all) {
  const TensorMap tensors = unwrapped(all);
  if (tensors.contains("model.0.weight") && has_prefix(tensors, "model.1.sub.0.RDB1."))
    return renamed_first_esrgan(tensors);
  if (tensors.contains("conv_first.weight") && has_prefix(tensors, "RRDB_trunk.0.RDB1."))
    return renamed_esrgan(tensors);
  const auto first = tensors.find("body.0.weight");
  const bool compact = first != tensors.end() && first->second.shape.size() == 4;
  const bool rrdb =
      tensors.contains("conv_first.weight") && has_prefix(tensors, "body.0.rdb1.conv1.");
  return compact || rrdb ? tensors : TensorMap();
}

TensorMap upscaler_from_ncnn(const NcnnFile& file) {
  switch (layers_of(file, "PixelShuffle").size()) {
    case 0:
      return rrdb_from_ncnn(file);
    case 1:
      return compact_from_ncnn(file);
    default:
      refuse(file, "unfolds channels more than once");
  }
}

}  // namespace pentimento
