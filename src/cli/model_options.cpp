#include "cli/model_options.h"

#include <CLI/CLI.hpp>
#include <random>

#include "cli/model_path.h"
#include "cli/seed_option.h"
#include "weights/vae_choice.h"

namespace pentimento {

void add_model_options(CLI::App& verb, ModelArguments& a, Img2ImgRequest& r,
                       const std::string& group) {
  const auto add = [&](const char* name, auto& value, const char* what) {
    verb.add_option(name, value, what)->group(group);
  };
  add("-m,--model", a.model,
      "checkpoint (.safetensors, .ckpt, diffusers folder), or its name or hash in the library; "
      "default: your only one, else Pentimento's own");
  add("--vae", a.vae,
      "a VAE file, or its name in the library; none: the model's own; default: the one that "
      "belongs to the model");
  add("--text-encoder", a.text, "for a model without one: a checkpoint of its family");
  add("-p,--prompt", r.prompt, "what is to be seen");
  add("-n,--negative", r.negative_prompt, "what is not");
  add("--steps", r.steps, "length of the schedule; default: the model's");
  add("--sampler", r.sampler, "\"DPM++ 2M\", \"Euler a\", …; default: the model's");
  add("--scheduler", r.scheduler, "Automatic, Karras, Exponential, …");
  add("--cfg", r.cfg, "how strictly to follow the prompt; default: the model's");
  add_seed_option(verb, "--seed", r.seed,
                  "0..4294967295: the same seed gives the same picture; default, and -1: drawn")
      ->group(group);
}

LoadedModel open_model(Runtime& runtime, const Context& context, const ModelArguments& a,
                       const Progress& progress) {
  return open_named_model(runtime, context, a.model, a.vae, a.text, progress);
}

uint64_t seed_by_chance() {
  std::random_device device;
  return std::uniform_int_distribution<uint64_t>(0, 4294967293ull)(device);
}

}  // namespace pentimento
