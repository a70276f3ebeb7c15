// What a network of a given build must have. The build is read off the highest numbers among the
// names, so that a gap shows as missing tensors.
#include <array>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

using std::to_string;

// A hostile file can name layer 99 of block 99; looking stops long before that is spelled out.
constexpr size_t kEnough = 1000;

class Wanted {
 public:
  explicit Wanted(const TensorMap& tensors) : tensors_(tensors) {}
  std::vector<std::string> missing;

  bool enough() const { return missing.size() >= kEnough; }
  void weight(const std::string& module) { tensor(module + ".weight"); }
  void both(const std::string& module) {
    tensor(module + ".weight");
    tensor(module + ".bias");
  }

  // A residual block; the shortcut is there when the number of channels changes.
  void resnet(const std::string& block, bool time) {
    for (const char* module : {".norm1", ".conv1", ".norm2", ".conv2"}) both(block + module);
    if (time) both(block + ".time_emb_proj");
    const auto conv = tensors_.find(block + ".conv1.weight");
    if (conv != tensors_.end() && conv->second.shape.size() == 4 &&
        conv->second.shape[0] != conv->second.shape[1])
      both(block + ".conv_shortcut");
  }

  void transformer(const std::string& attention, int blocks) {
    for (const char* module : {".norm", ".proj_in", ".proj_out"}) both(attention + module);
    for (int i = 0; i < blocks && !enough(); ++i) {
      const std::string block = attention + ".transformer_blocks." + to_string(i);
      for (const char* module : {".norm1", ".norm2", ".norm3", ".ff.net.0.proj", ".ff.net.2"})
        both(block + module);
      for (const char* attn : {".attn1", ".attn2"}) {
        for (const char* module : {".to_q", ".to_k", ".to_v"}) weight(block + attn + module);
        both(block + attn + ".to_out.0");
      }
    }
  }

  void levels(const std::string& list, const std::vector<UnetLayout::Level>& levels,
              const std::string& sampler) {
    for (size_t l = 0; l < levels.size(); ++l) {
      const std::string block = list + "." + to_string(l);
      if (levels[l].transformers.empty()) resnet(block + ".resnets.0", /*time=*/true);
      for (size_t j = 0; j < levels[l].transformers.size() && !enough(); ++j) {
        resnet(block + ".resnets." + to_string(j), /*time=*/true);
        if (levels[l].transformers[j])
          transformer(block + ".attentions." + to_string(j), levels[l].transformers[j]);
      }
      if (levels[l].resample || l + 1 < levels.size()) both(block + "." + sampler + ".0.conv");
    }
  }

 private:
  void tensor(const std::string& name) {
    if (!enough() && !tensors_.contains(name)) missing.push_back(name);
  }
  const TensorMap& tensors_;
};

}  // namespace

std::vector<std::string> missing_in_unet(const TensorMap& tensors) {
  const UnetLayout layout = unet_layout_of_diffusers(tensors);
  Wanted wanted(tensors);
  for (const char* module : {"conv_in", "time_embedding.linear_1", "time_embedding.linear_2",
                             "conv_norm_out", "conv_out"})
    wanted.both(module);
  if (has_prefix(tensors, "add_embedding."))
    for (const char* module : {"add_embedding.linear_1", "add_embedding.linear_2"})
      wanted.both(module);
  if (layout.down.empty()) wanted.resnet("down_blocks.0.resnets.0", /*time=*/true);
  if (layout.up.empty()) wanted.resnet("up_blocks.0.resnets.0", /*time=*/true);
  wanted.levels("down_blocks", layout.down, "downsamplers");
  for (int j = 0; j < layout.mid_resnets; ++j)
    wanted.resnet("mid_block.resnets." + to_string(j), /*time=*/true);
  if (layout.mid_transformer) wanted.transformer("mid_block.attentions.0", layout.mid_transformer);
  wanted.levels("up_blocks", layout.up, "upsamplers");
  return std::move(wanted.missing);
}

std::vector<std::string> missing_in_vae(const TensorMap& tensors) {
  Wanted wanted(tensors);
  for (const std::string half : {"encoder", "decoder"}) {
    const bool encoder = half == "encoder";
    for (const char* module : {".conv_in", ".conv_norm_out", ".conv_out"})
      wanted.both(half + module);
    for (const char* resnet : {".mid_block.resnets.0", ".mid_block.resnets.1"})
      wanted.resnet(half + resnet, /*time=*/false);
    for (const char* module : {"group_norm", "to_q", "to_k", "to_v", "to_out.0"})
      wanted.both(half + ".mid_block.attentions.0." + module);
    const std::string list = half + (encoder ? ".down_blocks." : ".up_blocks.");
    const int levels = std::max(1, count_numbered(tensors, list));
    for (int l = 0; l < levels && !wanted.enough(); ++l) {
      const std::string block = list + to_string(l);
      const int resnets = std::max(1, count_numbered(tensors, block + ".resnets."));
      for (int j = 0; j < resnets && !wanted.enough(); ++j)
        wanted.resnet(block + ".resnets." + to_string(j), /*time=*/false);
      if (l + 1 < levels)
        wanted.both(block + (encoder ? ".downsamplers.0.conv" : ".upsamplers.0.conv"));
    }
  }
  return std::move(wanted.missing);
}

std::vector<std::string> missing_in_text(const TensorMap& tensors) {
  Wanted wanted(tensors);
  for (const char* table : {"token_embedding", "position_embedding"})
    wanted.weight(std::string("text_model.embeddings.") + table);
  wanted.both("text_model.final_layer_norm");
  const int layers = std::max(1, count_numbered(tensors, "text_model.encoder.layers."));
  for (int i = 0; i < layers && !wanted.enough(); ++i) {
    const std::string layer = "text_model.encoder.layers." + to_string(i) + ".";
    for (const char* module :
         {"layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2", "self_attn.q_proj",
          "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"})
      wanted.both(layer + module);
  }
  return std::move(wanted.missing);
}

void refuse_missing(const std::vector<std::string>& missing, const std::string& where,
                    const char* part) {
  if (missing.empty()) return;
  constexpr size_t kShown = 3;
  std::string names;
  for (size_t i = 0; i < std::min(kShown, missing.size()); ++i)
    names += (i ? ", " : "") + in_quotes(missing[i]);
  throw Error(ErrorKind::CorruptFile, where + ": the " + part + " lacks " +
                                          std::to_string(missing.size()) +
                                          (missing.size() == 1 ? " tensor: " : " tensors: ") +
                                          names + (missing.size() > kShown ? ", …" : "") +
                                          "; the file is incomplete, get it again");
}

}  // namespace pentimento
