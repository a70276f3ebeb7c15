#include "cli/generation_options.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <random>

#include "base/error.h"
#include "cli/model_path.h"
#include "cli/seed_option.h"
#include "runtime/version.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

const std::map<std::string, ResizeMode> kResizeModes = {{"stretch", ResizeMode::Stretch},
                                                        {"crop", ResizeMode::Crop},
                                                        {"fill", ResizeMode::Fill},
                                                        {"latent", ResizeMode::Latent}};
const std::map<std::string, RngSource> kRngs = {{"cpu", RngSource::Cpu}, {"nv", RngSource::Nv}};
const std::map<std::string, Emphasis> kEmphases = {{"original", Emphasis::Original},
                                                   {"none", Emphasis::None},
                                                   {"ignore", Emphasis::Ignore},
                                                   {"no-norm", Emphasis::NoNorm}};

const GenerationArguments& one_output(const Context& context, const GenerationArguments& a) {
  if (context.json && a.output == "-")
    throw Error(ErrorKind::InvalidArgument,
                "--json and -o - both want standard output; choose one");
  return a;
}

uint64_t drawn_seed() {
  std::random_device device;
  return std::uniform_int_distribution<uint64_t>(0, 4294967293ull)(device);
}

}  // namespace

void add_generation_options(CLI::App& verb, Img2ImgRequest& r, GenerationArguments& a) {
  verb.add_option("-o,--output", a.output,
                  "file (png, jpg, webp), folder, or - for standard output");
  verb.add_option(
      "-m,--model", a.model,
      "checkpoint (.safetensors, .ckpt, diffusers folder), or its name or hash in the library; "
      "default: your only one, else Pentimento's own");
  verb.add_option("--vae", a.vae,
                  "a VAE file, or its name in the library; none: the model's own; default: "
                  "the one that belongs to the model");
  verb.add_option("--text-encoder", a.text,
                  "for a model without one (a UNet alone, as in GGUF files): a checkpoint of its "
                  "family, whose VAE is used as well, or a text encoder alone");
  verb.add_option("-p,--prompt", r.prompt,
                  "what the picture should become: (words:1.2) weigh more");
  verb.add_option("-n,--negative", r.negative_prompt, "what it should not be");
  verb.add_option("-s,--steps", r.steps, "length of the schedule; default: the model's");
  verb.add_option("--sampler", r.sampler, "\"DPM++ 2M\", \"Euler a\", …; default: the model's");
  verb.add_option("--scheduler", r.scheduler, "Automatic, Karras, Exponential, …")
      ->capture_default_str();
  verb.add_option("--cfg", r.cfg,
                  "how strictly to follow the prompt (guidance); default: the model's");
  add_seed_option(verb, "--seed", r.seed,
                  "0..4294967295: the same seed gives the same picture; default, and -1: drawn");
  verb.add_option("-b,--batch", r.batch, "pictures to make, with seed, seed+1, …")
      ->capture_default_str();
  verb.add_option("--width", r.width,
                  "pixels, a multiple of 8; default: fits the picture and the model");
  verb.add_option("--height", r.height, "pixels, a multiple of 8");
  const char* fine = "Fine control";
  verb.add_option("--rng", a.rng, "cpu, or nv: the random numbers of an NVIDIA card")
      ->group(fine)
      ->check(CLI::IsMember(keys_of(kRngs)))
      ->capture_default_str();
  verb.add_option("--clip-skip", r.clip_skip,
                  "1 = last layer of the text encoder; default: the one chosen for the model")
      ->group(fine);
  verb.add_option("--emphasis", a.emphasis,
                  "how (brackets:1.2) act: original, none, ignore, no-norm")
      ->group(fine)
      ->check(CLI::IsMember(keys_of(kEmphases)))
      ->capture_default_str();
  add_seed_option(verb, "--subseed", r.subseed, "variation seed; -1: drawn")->group(fine);
  verb.add_option("--subseed-strength", r.subseed_strength,
                  "0..1: how far towards the variation seed")
      ->group(fine)
      ->capture_default_str();
  verb.add_option("--seed-resize-width", r.seed_resize_width, "keep the composition of that width")
      ->group(fine);
  verb.add_option("--seed-resize-height", r.seed_resize_height,
                  "keep the composition of that height")
      ->group(fine);
  verb.add_option("--ensd", r.eta_noise_seed_delta, "eta noise seed delta")->group(fine);
  verb.add_option("--eta", r.eta, "noise share of ancestral, SDE and DDIM samplers")->group(fine);
  verb.add_option("--s-churn", r.s_churn, "Euler, Heun, DPM2: noise added at each step")
      ->group(fine);
  verb.add_option("--s-tmin", r.s_tmin, "churn from this noise level")->group(fine);
  verb.add_option("--s-tmax", r.s_tmax, "churn up to this noise level; 0 = no limit")->group(fine);
  verb.add_option("--s-noise", r.s_noise, "factor on noise that samplers add")
      ->group(fine)
      ->capture_default_str();
  verb.add_option("--sigma-min", r.sigma_min, "last noise level of the schedule; 0 = its own")
      ->group(fine);
  verb.add_option("--sigma-max", r.sigma_max, "first noise level of the schedule; 0 = its own")
      ->group(fine);
  verb.add_option("--rho", r.rho, "curve of Karras and polyexponential schedules; 0 = its own")
      ->group(fine);
  verb.add_option("--quality", a.quality, "of jpg and webp files")
      ->group("Output")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb.add_option("--trace", a.trace_dir, "folder for intermediate arrays (.npy)")->group("Output");
}

void add_picture_options(CLI::App& verb, Img2ImgRequest& r, GenerationArguments& a) {
  verb.add_option("-d,--strength", r.strength,
                  "0 keeps the picture, 0.3 touches it up, 0.5 repaints it, 0.75 reimagines it, 1 "
                  "starts anew")
      ->capture_default_str();
  verb.add_option("--resize-mode", a.resize_mode,
                  "when the picture has another shape: stretch, crop, fill (borders), latent")
      ->check(CLI::IsMember(keys_of(kResizeModes)))
      ->capture_default_str();
  verb.add_flag("--fix-steps", r.fix_steps, "run exactly --steps steps whatever the strength");
  const char* fine = "Fine control";
  verb.add_option("--image-cfg", r.image_cfg,
                  "instruct-pix2pix: how strictly to follow the picture")
      ->group(fine)
      ->capture_default_str();
  verb.add_option("--noise-multiplier", r.initial_noise_multiplier,
                  "0..1.5, factor on the starting noise")
      ->group(fine);
  verb.add_option("--extra-noise", r.extra_noise, "0..1, noise added beyond the schedule's")
      ->group(fine);
  verb.add_flag("--color-correction", r.color_correction,
                "give the result the colours of the picture");
}

void read_words(Img2ImgRequest& request, const GenerationArguments& a) {
  request.resize_mode = kResizeModes.at(a.resize_mode);
  request.rng = kRngs.at(a.rng);
  request.emphasis = kEmphases.at(a.emphasis);
}

PaintingSession::PaintingSession(Context& context, const GenerationArguments& arguments,
                                 const char* job, size_t inputs, int batch)
    : context_(context),
      arguments_(one_output(context, arguments)),
      outputs_(arguments.output, job, inputs, batch),
      terminal_(context.talk()),
      progress_(terminal_.progress(context.cancel)),
      runtime_(context.runtime_options()),
      model_(open_named_model(runtime_, context, arguments.model, arguments.vae, arguments.text,
                              progress_)),
      timings_(context.paths.cache / "timings.txt"),
      seed_(drawn_seed()) {}

Img2ImgOptions PaintingSession::begin(const fs::path& input, const std::string& plan_line) {
  terminal_.say((input.empty() ? "" : input.string() + ": ") + plan_line);
  Img2ImgOptions options;
  if (!arguments_.trace_dir.empty()) options.trace_dir = arguments_.trace_dir;
  options.version = version_text();
  options.timings = &timings_;
  options.on_note = [this](const std::string& note) { terminal_.say(note); };
  options.on_picture = [this, input](size_t index, const Img2ImgPicture& made) {
    const EncodeOptions encode{.quality = arguments_.quality,
                               .text = {{"parameters", format_infotext(made.infotext)}}};
    const std::string where = outputs_.write(input, static_cast<int>(index), made.image, encode);
    terminal_.say(where + "  (seed " + std::to_string(made.seed) + ")");
    written_.push_back({where, input.string(), made});
  };
  return options;
}

void PaintingSession::end(const Img2ImgPlan& plan) {
  terminal_.finish();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  if (context_.json)
    std::cout << img2img_json(written_, plan, model_.networks->compile_records(), seconds) << "\n";
  else
    terminal_.say("done in " + spoken_seconds(seconds));
}

}  // namespace pentimento
