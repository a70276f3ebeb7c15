#include "weights/convert.h"

#include "base/error.h"
#include "weights/checkpoint.h"
#include "weights/converted.h"
#include "weights/key_maps.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVae = "first_stage_model.", kUnet = "model.diffusion_model.",
                           kEma = "model_ema.";

bool is_ballast(std::string_view name) {
  for (const std::string_view prefix :
       {"model_ema.", "first_stage_model.loss.", "optimizer_states.", "loops.", "callbacks.",
        "alphas_cumprod", "sqrt_", "log_one_minus_", "posterior_", "lvlb_", "betas", "logvar",
        "global_step", "epoch"})
    if (name.starts_with(prefix)) return true;
  return name.ends_with("position_ids") && name.starts_with("cond_stage_model.");
}

// LDM's EMA keeps "model.diffusion_model.a.b.weight" as "model_ema.diffusion_modelabweight".
std::string ema_name(std::string_view name) {
  std::string bare(name.substr(std::string_view("model.").size()));
  std::erase(bare, '.');
  return std::string(kEma) + bare;
}

class Converter {
 public:
  Converter(const TensorFile& file, const ConvertOptions& options)
      : file_(file), options_(options) {}

  PendingTensors plan() {
    if (options_.use_ema && !has_prefix(file_.tensors, kEma)) refuse("holds no EMA copies");
    if (options_.vae == VaePart::Only) return only_vae();
    for (const auto& [name, tensor] : file_.tensors) plan_tensor(name, tensor);
    if (options_.other_vae)
      report.from_vae = put_vae(*options_.other_vae, options_.dtype, pending_);
    return std::move(pending_);
  }

  ConvertReport report;

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::InvalidArgument, file_.path.string() + ": " + what);
  }

  PendingTensors only_vae() {
    const TensorMap vae = below(file_.tensors, kVae);
    if (vae.empty()) refuse("holds no VAE under first_stage_model. that could be taken out");
    for (const auto& [name, tensor] : vae)
      if (!name.starts_with("loss.")) pending_.emplace(name, converted(tensor, options_.dtype));
    report.left_out = static_cast<int>(file_.tensors.size() - pending_.size());
    return std::move(pending_);
  }

  void plan_tensor(const std::string& name, const TensorView& tensor) {
    const bool is_vae = name.starts_with(kVae);
    const bool dropped = is_vae && (options_.vae == VaePart::Drop || options_.other_vae);
    const bool spent = options_.use_ema && name.starts_with(kEma);
    if (dropped || spent || (options_.prune && is_ballast(name))) {
      ++report.left_out;
      return;
    }
    const TensorView* source = &tensor;
    if (options_.use_ema && name.starts_with(kUnet)) {
      const auto ema = file_.tensors.find(ema_name(name));
      if (ema != file_.tensors.end() && ema->second.shape == tensor.shape) {
        source = &ema->second;
        ++report.from_ema;
      }
    }
    pending_.emplace(name, converted(*source, options_.dtype));
  }

  const TensorFile& file_;
  const ConvertOptions& options_;
  PendingTensors pending_;
};

}  // namespace

ConvertReport convert(const fs::path& from, const fs::path& to, const ConvertOptions& options,
                      const Progress& progress) {
  if (options.other_vae && options.vae != VaePart::Keep)
    throw Error(ErrorKind::InvalidArgument,
                "a VAE cannot be put in and taken out at once; choose one");
  require_other_file(from, to);
  const TensorFile file = read_tensor_file(from);
  Converter converter(file, options);
  const PendingTensors pending = converter.plan();
  converter.report.tensors = static_cast<int>(pending.size());
  converter.report.bytes = bytes_of(pending);
  stream_safetensors(to, pending, kept_metadata(file), progress);
  return converter.report;
}

}  // namespace pentimento
