// The noise a model was trained with, and whether it predicts the noise or the velocity. Shapes say
// nothing about it; the order in which other sources are asked is in docs/formats.md.
#include <cmath>
#include <fstream>
#include <regex>

#include "base/error.h"
#include "weights/key_maps.h"
#include "weights/messages.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

std::optional<PredictionType> named_type(const std::string& name, const std::string& where) {
  if (name == "epsilon" || name == "eps") return PredictionType::Epsilon;
  if (name == "v_prediction" || name == "v") return PredictionType::V;
  throw Error(ErrorKind::Unsupported,
              where + ": predicts " + in_quotes(name) +
                  ", expected epsilon or v_prediction; this model cannot be run");
}

// The settings file that AUTOMATIC1111 reads beside NAME.safetensors, for its one line.
std::optional<PredictionType> type_of_yaml(const Parts& parts) {
  if (parts.is_folder) return std::nullopt;
  std::filesystem::path path = parts.path;
  std::ifstream stream(path.replace_extension(".yaml"));
  if (!stream) return std::nullopt;
  static const std::regex kLine(R"re(^\s*parameterization:\s*["']?(v|eps)["']?\s*(#.*)?$)re");
  constexpr int kMostLines = 1000;
  std::string line;
  for (int i = 0; i < kMostLines && std::getline(stream, line); ++i) {
    std::smatch match;
    if (line.size() < 200 && std::regex_match(line, match, kLine))
      return match[1] == "v" ? PredictionType::V : PredictionType::Epsilon;
  }
  return PredictionType::Epsilon;
}

// Known SD2 checkpoints are told apart by the spread of one bias: above 0.09 in those trained to
// predict v (the rule is Forge's, by way of huggingface_guess).
std::optional<PredictionType> type_of_spread(const TensorMap& unet) {
  const UnetLayout layout = unet_layout_of_diffusers(unet);
  if (layout.up.empty()) return std::nullopt;
  const auto& transformers = layout.up.back().transformers;
  if (transformers.empty() || transformers.back() == 0) return std::nullopt;
  const auto found =
      unet.find("up_blocks." + std::to_string(layout.up.size() - 1) + ".attentions." +
                std::to_string(transformers.size() - 1) + ".transformer_blocks.0.norm1.bias");
  if (found == unet.end()) return std::nullopt;
  const std::vector<float> values = found->second.to_f32();
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += value;
    squares += double{value} * value;
  }
  const auto n = static_cast<double>(values.size());
  if (n < 2) return std::nullopt;
  const double deviation = std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1)));
  return deviation > 0.09 ? PredictionType::V : PredictionType::Epsilon;
}

void infer_prediction_type(SchedulerConfig& scheduler, const Parts& parts, Family family,
                           const UnetConfig& unet, std::vector<std::string>& notes) {
  const std::string where = parts.path.string();
  const auto settle = [&](PredictionType type, const char* by) {
    scheduler.prediction_type = type;
    notes.push_back(std::string("predicts ") + to_string(type) + ", " + by);
  };
  if (const auto named = parts.scheduler_config.text("prediction_type"))
    return settle(*named_type(*named, where), "by its configuration");
  if (parts.is_folder && !parts.scheduler_config.empty())
    return settle(PredictionType::Epsilon, "as its scheduler_config.json names nothing else");
  if (const auto type = type_of_yaml(parts)) return settle(*type, "by the .yaml file beside it");
  if (parts.markers.contains("v_pred")) return settle(PredictionType::V, "by its v_pred mark");
  if (const auto spec = parts.metadata.find("modelspec.prediction_type");
      spec != parts.metadata.end())
    return settle(*named_type(spec->second, where), "by its modelspec metadata");

  scheduler.prediction_type_is_certain = false;
  const bool told_by_spread = family == Family::SD2 && unet.in_channels == unet.out_channels;
  if (const auto type = told_by_spread ? type_of_spread(parts.unet) : std::nullopt)
    return settle(*type, "guessed from the spread of its weights");
  scheduler.prediction_type_is_certain = family != Family::Custom;
  settle(PredictionType::Epsilon, "by convention");
}

}  // namespace

SchedulerConfig infer_scheduler(const Parts& parts, Family family, const UnetConfig& unet,
                                std::vector<std::string>& notes) {
  const ConfigFields& config = parts.scheduler_config;
  config.require("trained_betas", nlohmann::json::array());
  config.require("beta_schedule", {"scaled_linear", "linear"});
  SchedulerConfig scheduler;
  infer_prediction_type(scheduler, parts, family, unet, notes);
  scheduler.beta_start = config.number("beta_start").value_or(scheduler.beta_start);
  scheduler.beta_end = config.number("beta_end").value_or(scheduler.beta_end);
  scheduler.beta_schedule = config.text("beta_schedule").value_or(scheduler.beta_schedule);
  scheduler.num_train_timesteps =
      config.integer("num_train_timesteps", 2, 100'000).value_or(scheduler.num_train_timesteps);
  scheduler.rescale_betas_zero_snr =
      config.flag("rescale_betas_zero_snr").value_or(parts.markers.contains("ztsnr"));
  if (!(scheduler.beta_start > 0) || !(scheduler.beta_end > scheduler.beta_start) ||
      !(scheduler.beta_end < 1))
    throw Error(ErrorKind::CorruptFile, parts.path.string() +
                                            ": beta_start and beta_end must satisfy 0 < start < "
                                            "end < 1");
  return scheduler;
}

}  // namespace pentimento
