#include "runtime/clip.h"

#include <algorithm>

#include "base/error.h"
#include "models/clip_text.h"
#include "models/clip_vision.h"
#include "runtime/compiled_networks.h"
#include "runtime/remembered.h"

namespace pentimento {
namespace {

class ResidentClip : public Clip {
 public:
  ResidentClip(Runtime& runtime, ClipFile file, const std::string& weights_id)
      : name_(file.path.filename().string()),
        vision_config_(file.vision),
        text_config_(file.text),
        vision_(std::move(file.vision_tensors), file.path, weights_id),
        text_(std::move(file.text_tensors), file.path, weights_id),
        networks_(runtime) {}

  const VisionConfig& vision() const override { return vision_config_; }
  bool reads_text() const override { return text_config_.has_value(); }

  ImageFeatures image(const Tensor& picture, const Progress& progress) override {
    const Shape expected{1, 3, vision_config_.image_size, vision_config_.image_size};
    if (picture.shape != expected)
      throw Error(ErrorKind::InvalidArgument, "a picture of shape " + to_string(picture.shape) +
                                                  ", expected " + to_string(expected) +
                                                  " for this image encoder");
    return seen_.get(picture, [&] {
      Network& net = networks_.get(
          "clip_vision", vision_, shape_text({vision_config_.image_size}),
          [&] { return models::clip_vision(vision_.weights, vision_config_); }, progress);
      net.set("picture", picture);
      net.run(progress);
      ImageFeatures features{.embedding = {}, .hidden = net.output("penultimate")};
      if (vision_config_.projection_dim) features.embedding = net.output("embedding");
      return features;
    });
  }

  Tensor text(std::span<const int64_t> tokens, const Progress& progress) override {
    if (!text_config_)
      throw Error(ErrorKind::Unsupported,
                  name_ +
                      ": has no text tower, so it cannot compare pictures with words; use a "
                      "whole CLIP model");
    const TextConfig& config = *text_config_;
    const auto length = static_cast<size_t>(config.max_positions);
    if (tokens.empty() || tokens.size() % length)
      throw Error(ErrorKind::InvalidArgument, std::to_string(tokens.size()) +
                                                  " tokens, expected whole texts of " +
                                                  std::to_string(length));
    Network& net = networks_.get(
        "clip_text", text_, shape_text({config.max_positions}),
        [&] { return models::clip_text(text_.weights, config, {.pooled = true}); }, progress);
    const size_t count = tokens.size() / length;
    Tensor embeddings({static_cast<int64_t>(count), config.projection_dim});
    auto out = embeddings.data.begin();
    for (size_t i = 0; i < count; ++i) {
      progress.at("text", static_cast<int>(i), static_cast<int>(count));
      const auto one = tokens.subspan(i * length, length);
      net.set("embeddings", models::embed_tokens(text_.weights, config, one));
      // CLIP reads a text where its first end token stands.
      const auto eos = std::ranges::find(one, config.eos_token) - one.begin();
      const int64_t position = std::min<int64_t>(eos, config.max_positions - 1);
      net.set("eos", std::span(&position, 1));
      net.run(progress);
      out = std::ranges::copy(net.output("pooled").data, out).out;
    }
    return embeddings;
  }

  uint64_t estimate_bytes() const override { return networks_.bytes_of(vision_); }

  std::vector<CompileRecord> compile_records() const override { return networks_.records(); }

 private:
  std::string name_;
  VisionConfig vision_config_;
  std::optional<TextConfig> text_config_;
  ModelPart vision_, text_;
  CompiledNetworks networks_;
  Remembered<ImageFeatures> seen_{8};
};

}  // namespace

std::unique_ptr<Clip> Clip::load(Runtime& runtime, ClipFile file, std::string weights_id) {
  return std::make_unique<ResidentClip>(runtime, std::move(file), weights_id);
}

}  // namespace pentimento
