// The verbs img2img and txt2img: one set of options, with or without pictures to start from.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <random>

#include "cli/context.h"
#include "cli/inputs.h"
#include "cli/model_path.h"
#include "cli/outputs.h"
#include "pipelines/img2img.h"
#include "runtime/version.h"
#include "studio/result_json.h"
#include "weights/vae_choice.h"

namespace pentimento {
namespace {

struct Arguments {
  Img2ImgRequest request;
  std::vector<std::string> inputs;
  std::string output, model, vae, text, trace_dir;
  std::string resize_mode = "stretch", rng = "cpu", emphasis = "original";
  int quality = 80;
};

const std::map<std::string, ResizeMode> kResizeModes = {{"stretch", ResizeMode::Stretch},
                                                        {"crop", ResizeMode::Crop},
                                                        {"fill", ResizeMode::Fill},
                                                        {"latent", ResizeMode::Latent}};
const std::map<std::string, RngSource> kRngs = {{"cpu", RngSource::Cpu}, {"nv", RngSource::Nv}};
const std::map<std::string, Emphasis> kEmphases = {{"original", Emphasis::Original},
                                                   {"none", Emphasis::None},
                                                   {"ignore", Emphasis::Ignore},
                                                   {"no-norm", Emphasis::NoNorm}};

template <typename Value>
std::vector<std::string> keys(const std::map<std::string, Value>& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

void add_generation_options(CLI::App& verb, Arguments& a) {
  Img2ImgRequest& r = a.request;
  verb.add_option("-o,--output", a.output,
                  "file (png, jpg, webp), folder, or - for standard output");
  verb.add_option(
      "-m,--model", a.model,
      "checkpoint (.safetensors, .ckpt, diffusers folder), or its name in the models folder");
  verb.add_option("--vae", a.vae,
                  "a VAE file, or its name in models/VAE; none: the model's own; default: "
                  "the one that belongs to the model");
  verb.add_option("--text-encoder", a.text,
                  "for a model without one (a UNet alone, as in GGUF files): a checkpoint of its "
                  "family, whose VAE is used as well");
  verb.add_option("-p,--prompt", r.prompt,
                  "what the picture should become: (words:1.2) weigh more");
  verb.add_option("-n,--negative", r.negative_prompt, "what it should not be");
  verb.add_option("-s,--steps", r.steps, "length of the schedule; default: the model's");
  verb.add_option("--sampler", r.sampler, "\"DPM++ 2M\", \"Euler a\", …; default: the model's");
  verb.add_option("--scheduler", r.scheduler, "Automatic, Karras, Exponential, …")
      ->capture_default_str();
  verb.add_option("--cfg", r.cfg,
                  "how strictly to follow the prompt (guidance); default: the model's");
  verb.add_option("--seed", r.seed,
                  "0..4294967295: the same seed gives the same picture; default: drawn");
  verb.add_option("-b,--batch", r.batch, "pictures to make, with seed, seed+1, …")
      ->capture_default_str();
  verb.add_option("--width", r.width,
                  "pixels, a multiple of 8; default: fits the picture and the model");
  verb.add_option("--height", r.height, "pixels, a multiple of 8");
  const char* fine = "Fine control";
  verb.add_option("--rng", a.rng, "cpu, or nv: the random numbers of an NVIDIA card")
      ->group(fine)
      ->check(CLI::IsMember(keys(kRngs)))
      ->capture_default_str();
  verb.add_option("--clip-skip", r.clip_skip, "1 = last layer of the text encoder")
      ->group(fine)
      ->capture_default_str();
  verb.add_option("--emphasis", a.emphasis,
                  "how (brackets:1.2) act: original, none, ignore, no-norm")
      ->group(fine)
      ->check(CLI::IsMember(keys(kEmphases)))
      ->capture_default_str();
  verb.add_option("--subseed", r.subseed, "variation seed")->group(fine);
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

void add_picture_options(CLI::App& verb, Arguments& a) {
  Img2ImgRequest& r = a.request;
  verb.add_option("input", a.inputs, "pictures, folders of pictures, or - for standard input")
      ->required();
  verb.add_option("-d,--strength", r.strength,
                  "0 keeps the picture, 0.3 touches it up, 0.5 repaints it, 0.75 reimagines it, 1 "
                  "starts anew")
      ->capture_default_str();
  verb.add_option("--resize-mode", a.resize_mode,
                  "when the picture has another shape: stretch, crop, fill (borders), latent")
      ->check(CLI::IsMember(keys(kResizeModes)))
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

uint64_t drawn_seed() {
  std::random_device device;
  return std::uniform_int_distribution<uint64_t>(0, 4294967293ull)(device);
}

void run(Context& context, Arguments& a, const char* job) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  a.request.resize_mode = kResizeModes.at(a.resize_mode);
  a.request.rng = kRngs.at(a.rng);
  a.request.emphasis = kEmphases.at(a.emphasis);
  validate(a.request);
  std::vector<std::filesystem::path> inputs = expand_inputs(a.inputs);
  if (inputs.empty()) inputs.emplace_back();  // text to image: one run without a picture
  Outputs outputs(a.output, job, inputs.size(), a.request.batch);
  if (a.output == "-" && context.json)
    throw Error(ErrorKind::InvalidArgument,
                "--json and -o - both want standard output; choose one");

  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  const auto path = find_model(context.paths, a.model);
  LoadedModel model = load_model(
      runtime, path, choose_vae(a.vae, path, vae_folders(context.paths)), context.paths.cache,
      progress, a.text.empty() ? std::nullopt : std::optional(find_model(context.paths, a.text)));
  model.extras = context.extra_files();
  Timings timings(context.paths.cache / "timings.txt");
  const uint64_t seed = drawn_seed();

  std::vector<WrittenPicture> written;
  Img2ImgPlan plan;
  for (const auto& path_in : inputs) {
    std::optional<InputPicture> input;
    if (!path_in.empty()) input = read_input(path_in);
    const InputImage* picture = input ? &input->input : nullptr;
    plan = plan_img2img(model, a.request, picture, seed, &timings);
    terminal.say((path_in.empty() ? "" : path_in.string() + ": ") + plan.describe());

    Img2ImgOptions options;
    if (!a.trace_dir.empty()) options.trace_dir = a.trace_dir;
    options.version = version_text();
    options.timings = &timings;
    options.on_note = [&](const std::string& note) { terminal.say(note); };
    options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      EncodeOptions encode{.quality = a.quality,
                           .text = {{"parameters", format_infotext(made.infotext)}}};
      const std::string where = outputs.write(path_in, static_cast<int>(index), made.image, encode);
      terminal.say(where + "  (seed " + std::to_string(made.seed) + ")");
      written.push_back({where, path_in.string(), made});
    };
    run_img2img(model, a.request, plan, picture, options, progress);
  }
  terminal.finish();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  if (context.json)
    std::cout << img2img_json(written, plan, model.networks->compile_records(), seconds) << "\n";
  else
    terminal.say("done in " + spoken_seconds(seconds));
}

void add_verb(CLI::App& app, Context& context, const char* name, const char* description,
              bool from_picture) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(name, description);
  if (from_picture) add_picture_options(*verb, *arguments);
  add_generation_options(*verb, *arguments);
  add_extra_file_options(*verb, context);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->add_flag("-q,--quiet", context.quiet, "no progress, only errors")->group("Output");
  verb->callback([&context, arguments, name] { run(context, *arguments, name); });
}

}  // namespace

void add_img2img(CLI::App& app, Context& context) {
  add_verb(app, context, "img2img", "repaint a picture under a prompt, keeping its composition",
           true);
}

void add_txt2img(CLI::App& app, Context& context) {
  add_verb(app, context, "txt2img", "paint a picture from a prompt alone", false);
}

}  // namespace pentimento
