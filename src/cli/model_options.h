// The painting options of verbs whose main business is another one (upscale --refine, tryon): the
// model, the prompt, and how long and by which seed to paint.
#pragma once

#include <cstdint>
#include <string>

#include "cli/context.h"
#include "pipelines/img2img.h"

namespace pentimento {

struct ModelArguments {
  std::string model, vae, text;
};

void add_model_options(CLI::App& verb, ModelArguments& a, Img2ImgRequest& request,
                       const std::string& group);

// Opens the model that was named, or the only one installed.
LoadedModel open_model(Runtime& runtime, const Context& context, const ModelArguments& a,
                       const Progress& progress);

// For requests that name no seed.
uint64_t seed_by_chance();

}  // namespace pentimento
