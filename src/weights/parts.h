// A checkpoint taken apart, before anything is inferred from it: the networks' tensors under
// diffusers' names and what was written beside them. Private to weights/.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "weights/config_fields.h"
#include "weights/model_config.h"
#include "weights/tensor_view.h"

namespace pentimento {

struct TextPart {
  TensorMap tensors;
  bool open_clip = false;  // came in OpenCLIP's layout
  ConfigFields config;
  std::string pad_word;  // the tokenizer's pad token, when a folder names it
};

struct Parts {
  std::filesystem::path path;
  TensorMap unet, vae;
  std::vector<TextPart> text;
  ConfigFields unet_config, vae_config, scheduler_config, model_config;
  std::set<std::string> markers;  // tensors that say something by being there: "v_pred", "ztsnr"
  std::vector<std::string> unused;
  std::map<std::string, std::string> metadata;
  bool is_folder = false;
};

Parts read_single_file(const std::filesystem::path& path);
Parts read_diffusers_folder(const std::filesystem::path& folder);
// The files of a diffusers folder that reading it would open, relative, in name order.
std::vector<std::filesystem::path> weight_files(const std::filesystem::path& folder);

// An autoencoder under diffusers' names, whichever names it has; tells the kind by its names.
// Names that have no place are added to `unused` behind `prefix`.
TensorMap normalised_vae(const TensorMap& vae, const std::string& prefix,
                         std::vector<std::string>& unused);
bool is_tiny_vae(const TensorMap& vae);

// Adds what "pentimento.config" says to the parts' configurations, behind what they have.
void add_pentimento_config(Parts& parts);

// From shapes, then the configurations, then the convention. `where` names the file in messages;
// `notes` gets a line for each field that neither shapes nor a configuration settled.
UnetConfig infer_unet(const TensorMap& unet, const ConfigFields& config, const std::string& where,
                      std::vector<std::string>& notes);
VaeConfig infer_vae(TensorMap& vae, const ConfigFields& config, const std::string& where,
                    float usual_scaling, std::vector<std::string>& notes);
// The part of it that the latents' scale is: also for a model whose VAE is somewhere else.
void infer_latent_scale(VaeConfig& vae, TensorMap& tensors, const ConfigFields& config,
                        const std::string& where, float usual_scaling);
TextConfig infer_text(const TextPart& part, size_t index, Family family, const std::string& where);
SchedulerConfig infer_scheduler(const Parts& parts, Family family, const UnetConfig& unet,
                                std::vector<std::string>& notes);

// By convention 32, or for narrow networks the largest number of groups that fits every width.
int infer_groups(const ConfigFields& config, const std::vector<int>& widths, const char* network,
                 const std::string& where, std::vector<std::string>& notes);

// Throws CorruptFile naming the first few and the count, unless `missing` is empty.
void refuse_missing(const std::vector<std::string>& missing, const std::string& where,
                    const char* part);

}  // namespace pentimento
