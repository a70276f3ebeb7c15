#include "cli/model_options.h"

#include <CLI/CLI.hpp>
#include <random>

#include "cli/model_path.h"
#include "weights/vae_choice.h"

namespace pentimento {

void add_model_options(CLI::App& verb, ModelArguments& a, Img2ImgRequest& r,
                       const std::string& group) {
  const auto add = [&](const char* name, auto& value, const char* what) {
    verb.add_option(name, value, what)->group(group);
  };
  add("-m,--model", a.model,
      "checkpoint (.safetensors, .ckpt, diffusers folder), or its name in the models folder");
  add("--vae", a.vae, "a VAE file to use instead of the model's own");
  add("-p,--prompt", r.prompt, "what is to be seen");
  add("-n,--negative", r.negative_prompt, "what is not");
  add("--steps", r.steps, "length of the schedule; default: the model's");
  add("--sampler", r.sampler, "\"DPM++ 2M\", \"Euler a\", …; default: the model's");
  add("--scheduler", r.scheduler, "Automatic, Karras, Exponential, …");
  add("--cfg", r.cfg, "how strictly to follow the prompt; default: the model's");
  add("--seed", r.seed, "0..4294967295: the same seed gives the same picture; default: drawn");
}

LoadedModel open_model(Runtime& runtime, const Context& context, const ModelArguments& a,
                       const Progress& progress) {
  const std::filesystem::path path = find_model(context.paths, a.model);
  LoadedModel model = load_model(runtime, path, choose_vae(a.vae, path, vae_folders(context.paths)),
                                 context.paths.cache, progress);
  model.extras = context.extra_files();
  return model;
}

uint64_t seed_by_chance() {
  std::random_device device;
  return std::uniform_int_distribution<uint64_t>(0, 4294967293ull)(device);
}

}  // namespace pentimento
