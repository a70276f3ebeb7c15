#include "pipelines/img2img.h"

#include <algorithm>
#include <chrono>
#include <sstream>

#include "base/error.h"
#include "base/memory.h"
#include "base/npy.h"
#include "image/color.h"
#include "pipelines/conditioning.h"
#include "pipelines/guidance.h"
#include "pipelines/image_conditioning.h"
#include "pipelines/loras.h"
#include "pipelines/pixels.h"
#include "pipelines/prompt_words.h"
#include "pipelines/repaint_mask.h"
#include "pipelines/repeat.h"
#include "samplers/keyed_memory.h"

namespace pentimento {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Everything one run shares between its pictures.
struct Run {
  LoadedModel& model;
  const Img2ImgRequest& request;
  const Img2ImgPlan& plan;
  const Img2ImgInputs& inputs;
  const Img2ImgOptions& options;
  const Progress& progress;
  Shape latent_shape;  // [1,C,h,w]
  Tensor encoded;      // the picture's latent; empty for text to image
  Tensor concat;       // extra input channels, or empty
  FoundWords words;    // textual inversions that the prompts name
  EncodedPrompt positive, negative;
  Image prepared;  // the picture at the run's size, where something asks for it again
  Steering steering;
  ControlStack controls;
  int recalled = 0;  // network calls that the memory answered, of the picture being made

  int latent_height() const { return static_cast<int>(latent_shape[2]); }
  int latent_width() const { return static_cast<int>(latent_shape[3]); }
};

Shape latent_shape_of(const ModelConfig& config, int width, int height) {
  return {1, config.vae.latent_channels, height / config.vae.scale_factor,
          width / config.vae.scale_factor};
}

// Picture -> latent (webui-spec §1.3).
void encode_input(Run& run, const InputImage& input) {
  const Image rgb = to_rgb(input.image);
  const int width = run.plan.width, height = run.plan.height;
  const bool latent_mode = run.request.resize_mode == ResizeMode::Latent;
  Image prepared = latent_mode ? rgb : resize_image(rgb, width, height, run.request.resize_mode);
  const int factor = run.model.config().vae.scale_factor;
  if (prepared.width % factor || prepared.height % factor)  // latent mode takes any picture
    prepared = resize(prepared, std::max(1, prepared.width / factor) * factor,
                      std::max(1, prepared.height / factor) * factor, Filter::Lanczos);
  const Tensor tensor = picture_to_tensor(prepared);
  run.encoded = run.inputs.latent ? *run.inputs.latent : run.model.encode(tensor, run.progress);
  if (run.encoded.shape != run.latent_shape)
    run.encoded = resize_bilinear(run.encoded, run.latent_height(), run.latent_width());
  std::optional<HiddenPart> hidden;
  if (run.inputs.mask) hidden = hidden_part(*run.inputs.mask);
  run.concat = image_conditioning(run.model, &tensor, &run.encoded, hidden ? &*hidden : nullptr,
                                  run.latent_height(), run.latent_width(), run.progress);
  if (run.request.color_correction || run.options.steer) run.prepared = std::move(prepared);
}

// Control pictures and image prompts; nothing when the network will not run.
void steer(Run& run) {
  if (!run.options.steer || run.plan.model_calls == 0) return;
  Scene scene{.width = run.plan.width, .height = run.plan.height, .part = run.inputs.part};
  Image fitted;
  if (run.inputs.picture) {
    fitted = run.prepared;
    if (fitted.width != scene.width || fitted.height != scene.height)  // latent resize mode
      fitted = resize(fitted, scene.width, scene.height, Filter::Lanczos);
    scene.picture = &fitted;
  }
  if (run.inputs.mask) scene.repaint = &run.inputs.mask->repaint;
  run.steering = run.options.steer(scene);
  run.controls = ControlStack(run.steering.controls, run.plan.model_calls, run.progress);
}

size_t bytes_of(const EncodedPrompt& prompt) {
  size_t values = 0;
  for (const auto& part : prompt.parts)
    for (const auto& entry : part.entries) values += entry.context.size() + entry.added.size();
  return values * sizeof(float);
}

// What all networks compute with besides the checkpoint; "" for nothing.
std::string added_weights(const Run& run) {
  std::ostringstream out;
  for (const LoraUse& use : run.model.loras)
    out << use.file->sha256 << ":" << use.te << ":" << use.unet << " ";
  out << run.words.hashes;
  return out.str();
}

// What the text encoders compute with besides the checkpoint: LoRAs and textual inversions.
std::string text_weights(const Run& run) {
  std::ostringstream out;
  for (const LoraUse& use : run.model.loras) out << use.file->sha256 << ":" << use.te << " ";
  out << run.words.hashes;
  return out.str();
}

int clip_skip_of(const Run& run) { return run.request.clip_skip.value_or(run.model.clip_skip); }

EncodedPrompt encoded_prompt(Run& run, const std::string& text, PromptRole role) {
  const ConditioningOptions options{.clip_skip = clip_skip_of(run),
                                    .emphasis = run.request.emphasis,
                                    .width = run.plan.width,
                                    .height = run.plan.height,
                                    .words = &run.words.words,
                                    .schedule_calls = run.plan.sampling.prompt_calls};
  // The text last: nothing in it can look like another option.
  std::ostringstream key;
  key << "prompt " << static_cast<int>(role) << " " << options.clip_skip << " "
      << static_cast<int>(options.emphasis) << " " << options.width << "x" << options.height << " "
      << options.schedule_calls << " " << text_weights(run) << " " << text;
  return *run.model.remembered->get<EncodedPrompt>(
      key.str(),
      [&] {
        return encode_prompt(*run.model.networks, *run.model.tokenizer, text, role, options,
                             run.progress);
      },
      bytes_of);
}

void encode_prompts(Run& run) {
  const std::string prompt = without_tags(run.request.prompt);
  run.words = find_words(run.model, prompt, run.request.negative_prompt);
  for (const std::string& note : run.words.notes)
    if (run.options.on_note) run.options.on_note(note);
  run.positive = encoded_prompt(run, prompt, PromptRole::Positive);
  run.negative = encoded_prompt(run, run.request.negative_prompt, PromptRole::Negative);
}

// What the sampler will ask for is compiled while the picture is encoded. What steers changes that
// network, and is known too late.
void expect_network(const Run& run) {
  if (run.options.steer || run.plan.model_calls == 0) return;
  run.model.networks->expect(
      Guidance::tokens_of_branches(run.model.config(), run.positive, run.negative, run.plan.cfg),
      run.latent_height(), run.latent_width());
}

ImageNoise noise_of(const Run& run, size_t index) {
  const Img2ImgRequest& r = run.request;
  return ImageNoise(r.rng, static_cast<int>(run.latent_shape[1]), run.latent_height(),
                    run.latent_width(),
                    {.seed = run.plan.seeds[index],
                     .subseed = run.plan.subseeds[index],
                     .subseed_strength = r.subseed_strength,
                     .seed_resize_width = r.seed_resize_width,
                     .seed_resize_height = r.seed_resize_height,
                     .eta_noise_seed_delta = r.eta_noise_seed_delta},
                    run.model.config().vae.scale_factor);
}

void trace(const Run& run, const char* name, const Tensor& tensor) {
  if (run.options.trace_dir)
    write_npy(*run.options.trace_dir / (std::string(name) + ".npy"), tensor);
}

void trace_inputs(const Run& run, const Tensor& init_latent, const Vec& noise) {
  if (!run.options.trace_dir) return;
  std::filesystem::create_directories(*run.options.trace_dir);
  const auto& tokens = run.positive.first_tokens;
  write_npy(*run.options.trace_dir / "tokens.npy", {static_cast<int64_t>(tokens.size()) / 77, 77},
            tokens);
  trace(run, "cond", run.positive.parts[0].entries[0].context);
  trace(run, "uncond", run.negative.parts[0].entries[0].context);
  if (!init_latent.empty()) trace(run, "init_latent", init_latent);
  if (!run.concat.empty()) trace(run, "concat", run.concat);
  trace(run, "noise", Tensor(run.latent_shape, noise));
  Tensor sigmas({static_cast<int64_t>(run.plan.sampling.sigmas.size())});
  std::transform(run.plan.sampling.sigmas.begin(), run.plan.sampling.sigmas.end(),
                 sigmas.data.begin(), [](double s) { return static_cast<float>(s); });
  trace(run, "sigmas", sigmas);
}

// What picture `index` begins with, before noise is added; empty for text to image.
Tensor init_latent_of(const Run& run, size_t index) {
  if (!run.inputs.mask) return run.encoded;
  const auto drawn = make_generator(run.request.rng, run.plan.seeds[index]);
  return with_content(run.encoded, *run.inputs.mask, drawn->randn(element_count(run.latent_shape)));
}

// Noise -> latent: the sampler around the guided network.
Tensor denoise(Run& run, size_t index, const Tensor& init_latent) {
  const Img2ImgRequest& r = run.request;
  const SamplingPlan& sampling = run.plan.sampling;
  ImageNoise noise = noise_of(run, index);
  const Vec first = noise.first();
  if (index == 0) trace_inputs(run, init_latent, first);
  // Strength 0, and timestep samplers at a strength of less than two steps: the picture is kept.
  if (sampling.model_calls == 0 && !init_latent.empty()) return init_latent;
  Guidance guidance(*run.model.networks, run.positive, run.negative, run.concat,
                    {.cfg = run.plan.cfg,
                     .image_cfg = r.image_cfg,
                     .image = run.steering.image,
                     .controls = &run.controls},
                    run.latent_shape, run.progress);
  const auto began = Clock::now();
  const auto report = [&](int calls) {
    run.progress.at("denoise", std::min(calls, sampling.model_calls), sampling.model_calls,
                    seconds_since(began));
  };
  RunInputs inputs;
  std::optional<KeyedMemory> memory;
  if (run.options.memory) memory.emplace(*run.options.memory, added_weights(run));
  const Network guided = with_memory(
      [&](const Vec& input, double timestep) { return guidance.predict(input, timestep); },
      memory ? &*memory : nullptr, [&] { guidance.skip(), ++run.recalled; });
  inputs.network = [&](const Vec& input, double timestep) {
    report(guidance.calls());
    return guided(input, timestep);
  };
  const bool v = run.model.config().scheduler.prediction_type == PredictionType::V;
  inputs.prediction = v ? Prediction::V : Prediction::Epsilon;
  inputs.options = {.eta = r.eta,
                    .s_churn = r.s_churn,
                    .s_tmin = r.s_tmin,
                    .s_tmax = r.s_tmax,
                    .s_noise = r.s_noise};
  if (run.inputs.mask) inputs.mask = sampler_mask(*run.inputs.mask, init_latent);
  inputs.on_step = [&](int, int, const Vec& x0) {
    if (run.options.on_latent) run.options.on_latent(Tensor(run.latent_shape, x0));
  };
  Vec x = start(sampling, init_latent.data, first,
                {.noise_multiplier = r.initial_noise_multiplier, .extra_noise = r.extra_noise});
  x = pentimento::run(sampling, run.model.table, std::move(x), noise, inputs);
  report(sampling.model_calls);
  return Tensor(run.latent_shape, std::move(x));
}

// Teaches the estimates, with the seconds that went into compiling networks taken out.
class Stopwatch {
 public:
  explicit Stopwatch(const Run& run)
      : run_(run), compiling_(compile_seconds()), began_(Clock::now()) {}
  // times 0: what was measured is no measure. `beside`: seconds that were spent on something else.
  void learn(const char* what, double times, double beside = 0) {
    const double compiled = compile_seconds() - compiling_;
    const double seconds = seconds_since(began_) - compiled - beside;
    const double pixels = static_cast<double>(run_.plan.width) * run_.plan.height;
    if (run_.options.timings && times > 0)
      run_.options.timings->learn(run_.model.timing_key(what), pixels * times, seconds);
    compiling_ += compiled;
    began_ = Clock::now();
  }

 private:
  double compile_seconds() const {
    double sum = 0;
    for (const auto& record : run_.model.networks->compile_records()) sum += record.seconds;
    return sum;
  }
  const Run& run_;
  double compiling_;
  Clock::time_point began_;
};

void learn_controls(const Run& run, double branches, double seconds) {
  const double pixels = static_cast<double>(run.plan.width) * run.plan.height;
  if (run.options.timings && branches > 0)
    run.options.timings->learn(run.model.timing_key("control"), pixels * branches, seconds);
}

Infotext describe_picture(const Run& run, size_t index, const Image& image) {
  MadeWith made;
  made.sampler = run.plan.sampler;
  made.scheduler = run.plan.scheduler;
  made.steps = run.plan.steps;
  made.cfg = run.plan.cfg;
  made.clip_skip = run.model.clip_skip;
  made.seed = run.plan.seeds[index];
  made.subseed = run.plan.subseeds[index];
  made.width = run.plan.width;
  made.height = run.plan.height;
  made.model_name = run.model.name;
  made.model_hash = run.model.hash();
  made.vae_name = run.model.vae_name;
  made.vae_hash = run.model.vae_sha256;
  if (const InputImage* picture = run.inputs.picture) {
    made.input_name = picture->name;
    made.input_sha256 = picture->sha256;
  }
  made.text_name = run.model.text_name;
  made.ti_hashes = run.words.hashes;
  made.lora_hashes = lora_hashes(run.model);
  made.precision = to_string(run.model.runtime.precision);
  made.device = run.model.runtime.device;
  made.pixels_sha256 = pixels_sha256(image);
  made.version = run.options.version;
  made.facts = run.inputs.facts;
  made.facts.insert(made.facts.end(), run.steering.facts.begin(), run.steering.facts.end());
  return to_infotext(run.request, made);
}

}  // namespace

std::vector<Img2ImgPicture> run_img2img(LoadedModel& model, const Img2ImgRequest& request,
                                        const Img2ImgPlan& plan, const Img2ImgInputs& inputs,
                                        const Img2ImgOptions& options, const Progress& progress) {
  if (inputs.mask && !inputs.picture)
    throw Error(ErrorKind::Internal, "a mask needs the picture it belongs to");
  Run run{.model = model,
          .request = request,
          .plan = plan,
          .inputs = inputs,
          .options = options,
          .progress = progress,
          .latent_shape = latent_shape_of(model.config(), plan.width, plan.height),
          .encoded = {},
          .concat = {},
          .words = {},
          .positive = {},
          .negative = {},
          .prepared = {},
          .steering = {},
          .controls = ControlStack({}, 1, progress),
          .recalled = 0};
  for (const LoraReport& report : use_loras(model, request.prompt))
    if (options.on_note) options.on_note(report.describe());
  encode_prompts(run);
  if (inputs.picture) {
    expect_network(run);
    encode_input(run, *inputs.picture);
  } else {
    run.concat = image_conditioning(model, nullptr, nullptr, nullptr, run.latent_height(),
                                    run.latent_width(), progress);
  }
  steer(run);

  std::vector<Img2ImgPicture> pictures;
  for (size_t index = 0; index < plan.seeds.size(); ++index) {
    if (options.is_done && options.is_done(index)) continue;
    if (options.memory) options.memory->begin_picture();
    run.recalled = 0;
    Stopwatch watch(run);
    const ControlStack::Spent spent = run.controls.spent();
    const Tensor init_latent = init_latent_of(run, index);
    const Tensor latent = denoise(run, index, init_latent);
    if (index == 0) trace(run, "latent", latent);
    const double calls = run.recalled == 0 ? plan.model_calls : 0;
    const ControlStack::Spent now = run.controls.spent();
    watch.learn("unet", (plan.cfg == 1.0 ? 1.0 : 2.0) * calls, now.seconds - spent.seconds);
    learn_controls(run, now.branches - spent.branches,
                   now.computing_seconds - spent.computing_seconds);
    progress.at("decode", 0, 1);
    Image image = tensor_to_picture(model.networks->decode(latent, progress));
    watch.learn("decode", 1.0);
    if (request.color_correction && !run.prepared.empty())
      image = match_colors(image, run.prepared);
    if (inputs.finish) image = inputs.finish(std::move(image), {latent, init_latent});
    Img2ImgPicture picture{.image = std::move(image), .infotext = {}, .seed = plan.seeds[index]};
    picture.infotext = describe_picture(run, index, picture.image);
    if (options.on_picture) options.on_picture(index, picture);
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace pentimento
