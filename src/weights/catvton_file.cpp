#include "weights/catvton_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTensors = {"to_q.weight", "to_k.weight", "to_v.weight", "to_out.0.weight",
                                 "to_out.0.bias"};

[[noreturn]] void corrupt(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::CorruptFile, path.string() + ": " + what);
}

// The module that "16.to_q.weight" belongs to, or -1.
int module_of(const std::string& name) {
  int number = -1;
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + dot, number);
  const bool known = std::ranges::count(kTensors, name.substr(dot + 1)) > 0;
  return error == std::errc() && end == name.data() + dot && known ? number : -1;
}

// Self-attentions in the order in which the file counts them.
std::vector<std::string> self_attentions(const TensorMap& unet) {
  std::vector<std::string> found;
  const auto collect = [&](const std::string& block) {
    const std::string list = block + ".attentions.";
    for (int j = 0; j < count_numbered(unet, list); ++j) {
      const std::string blocks = list + std::to_string(j) + ".transformer_blocks.";
      for (int i = 0; i < count_numbered(unet, blocks); ++i)
        found.push_back(blocks + std::to_string(i) + ".attn1.");
    }
  };
  for (const std::string list : {"down_blocks.", "up_blocks."})
    for (int i = 0; i < count_numbered(unet, list); ++i) collect(list + std::to_string(i));
  collect("mid_block");
  return found;
}

}  // namespace

bool says_mask_free(const fs::path& path) {
  std::string text = path.string();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("maskfree") != std::string::npos || text.find("mask-free") != std::string::npos;
}

CatVtonFile open_catvton(const fs::path& path) {
  CatVtonFile file{.path =
                       fs::is_directory(path) ? path / "attention" / "model.safetensors" : path};
  const TensorMap read = read_tensor_file(file.path).tensors;
  std::map<int, int> modules;  // by number: how many of the five it has
  for (const auto& [name, view] : read) {
    const int module = module_of(name);
    if (module < 0)
      throw Error(ErrorKind::Unsupported,
                  file.path.string() + ": is " + kind_description(identify(read)) +
                      "; expected CatVTON's attention weights (0.to_q.weight …)");
    ++modules[module];
  }
  if (modules.empty()) corrupt(file.path, "holds no tensors, expected CatVTON's attention weights");
  const int stride = modules.size() > 1 ? std::next(modules.begin())->first : 8;
  for (const auto& [module, tensors] : modules) {
    const bool in_step = module == file.attentions * stride && (stride == 7 || stride == 8);
    if (!in_step || tensors != static_cast<int>(kTensors.size()))
      corrupt(file.path,
              "module " + std::to_string(module) + " has " + std::to_string(tensors) +
                  " of 5 tensors, expected all of them for every seventh or every eighth "
                  "module from 0");
    for (const char* tensor : kTensors)
      file.tensors[std::to_string(file.attentions) + "." + tensor] =
          read.at(std::to_string(module) + "." + tensor);
    ++file.attentions;
  }
  return file;
}

void put_into(Checkpoint& checkpoint, const CatVtonFile& file) {
  const std::string where = file.path.string();
  const bool mask_free = says_mask_free(file.path);
  const Variant variant = checkpoint.config.variant;
  const bool fits = checkpoint.config.family == Family::SD1 &&
                    (variant == Variant::Inpaint || variant == Variant::Edit) &&
                    (!mask_free || variant == Variant::Edit);
  if (!fits)
    throw Error(
        ErrorKind::InvalidArgument,
        where + ": needs " +
            (mask_free ? "instruct-pix2pix (SD 1.5, 8 channels)"
                       : "an SD 1.5 inpainting checkpoint (9 channels), or instruct-pix2pix "
                         "for the mask-free weights") +
            "; " + checkpoint.path.filename().string() + " is " +
            to_string(checkpoint.config.family) + " " + to_string(variant));
  const std::vector<std::string> attentions = self_attentions(checkpoint.unet);
  if (static_cast<int>(attentions.size()) != file.attentions)
    throw Error(ErrorKind::InvalidArgument,
                where + ": has weights for " + std::to_string(file.attentions) +
                    " self-attentions, the checkpoint has " + std::to_string(attentions.size()));
  for (size_t i = 0; i < attentions.size(); ++i)
    for (const char* tensor : kTensors) {
      const TensorView& view = file.tensors.at(std::to_string(i) + "." + tensor);
      TensorView& own = checkpoint.unet.at(attentions[i] + tensor);
      if (view.shape != own.shape)
        throw Error(ErrorKind::InvalidArgument, where + ": its self-attention " +
                                                    std::to_string(i) + " is of another width (" +
                                                    tensor + " is " + to_string(view.shape) +
                                                    ", expected " + to_string(own.shape) + ")");
      own = view;
    }
}

}  // namespace pentimento
