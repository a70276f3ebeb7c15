#include "pipelines/drape.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/error.h"
#include "image/blur.h"
#include "image/composite.h"
#include "image/mask.h"
#include "image/resize.h"
#include "pipelines/pixels.h"
#include "pipelines/recorded_file.h"
#include "pipelines/repeat.h"
#include "samplers/run_memory.h"
#include "weights/catvton_file.h"

namespace pentimento {
namespace {

using Clock = std::chrono::steady_clock;

// Of a file or a folder.
std::string name_of(const std::filesystem::path& path) {
  return path.has_stem() ? path.stem().string() : path.parent_path().filename().string();
}

// Whole and centred on white, as it was trained to see garments.
Image on_white(const DrapeInputs& inputs, int width, int height) {
  Image rgb = to_rgb(inputs.garment->image);
  if (inputs.garment_mask)
    rgb = to_rgb(with_alpha(rgb, mask_from_image(inputs.garment_mask->image, MaskRounding::Keep)));
  const double scale =
      std::min(static_cast<double>(width) / rgb.width, static_cast<double>(height) / rgb.height);
  const int w = std::clamp(static_cast<int>(rgb.width * scale), 1, width),
            h = std::clamp(static_cast<int>(rgb.height * scale), 1, height);
  Image canvas(width, height, 3, 255);
  paste(canvas, resize(rgb, w, h, Filter::Lanczos), (width - w) / 2, (height - h) / 2);
  return canvas;
}

Image binary(Image mask) {
  for (uint8_t& value : mask.pixels) value = value > 127 ? 255 : 0;
  return mask;
}

// The person with mid grey where the garment will be.
Tensor hidden_under(Tensor person, const Image& mask) {
  const size_t plane = mask.pixels.size();
  for (size_t i = 0; i < person.size(); ++i)
    if (mask.pixels[i % plane]) person.data[i] = 0;
  return person;
}

// torch's nearest: each latent pixel takes the mask's pixel at its left upper corner.
Tensor latent_mask(const Image& mask, int factor) {
  Tensor small({1, 1, mask.height / factor, mask.width / factor});
  size_t at = 0;
  for (int y = 0; y < small.dim(2); ++y)
    for (int x = 0; x < small.dim(3); ++x)
      small.data[at++] = *mask.at(x * factor, y * factor) ? 1.0f : 0.0f;
  return small;
}

// Along the height (axis 2) or the width (axis 3); [1,C,h,w] each.
Tensor beside(const Tensor& a, const Tensor& b, size_t axis) {
  Shape shape = a.shape;
  shape[axis] += b.dim(axis);
  Tensor joined(shape);
  const auto inner = [&](const Tensor& t) {
    return static_cast<size_t>(axis == 2 ? t.dim(2) * t.dim(3) : t.dim(3));
  };
  float* out = joined.data.data();
  for (size_t i = 0, j = 0; i < a.size(); i += inner(a), j += inner(b)) {
    out = std::copy_n(a.data.data() + i, inner(a), out);
    out = std::copy_n(b.data.data() + j, inner(b), out);
  }
  return joined;
}

Tensor first_half(const Tensor& both, size_t axis) {
  Shape shape = both.shape;
  shape[axis] /= 2;
  Tensor half(shape);
  const auto run = static_cast<size_t>(axis == 2 ? shape[2] * shape[3] : shape[3]);
  for (size_t i = 0; i < half.size() / run; ++i)
    std::copy_n(both.data.data() + 2 * i * run, run, half.data.data() + i * run);
  return half;
}

Tensor channels(Tensor a, const Tensor& b) {
  a.data.insert(a.data.end(), b.data.begin(), b.data.end());
  a.shape[1] += b.dim(1);
  return a;
}

// Person and garment as one latent, and the extra channels of both branches of guidance.
struct Fitting {
  size_t axis;  // they lie along
  Tensor with, without;
};

Fitting fit(DrapeModel& model, const Image& person, const Image& garment, const Image& mask,
            const Progress& progress) {
  StableDiffusion& networks = *model.networks;
  Tensor picture = picture_to_tensor(person);
  if (model.needs_mask) picture = hidden_under(std::move(picture), mask);
  progress.at("encode", 0, 2);
  const Tensor p = networks.encode(picture, progress);
  progress.at("encode", 1, 2);
  const Tensor g = networks.encode(picture_to_tensor(garment), progress);
  Fitting fitting{.axis = model.needs_mask ? size_t{2} : size_t{3}, .with = {}, .without = {}};
  fitting.with = beside(p, g, fitting.axis);
  fitting.without = beside(p, Tensor(g.shape), fitting.axis);
  if (!model.needs_mask) return fitting;
  const Tensor m = latent_mask(mask, networks.config().vae.scale_factor);
  const Tensor both = beside(m, Tensor(m.shape), fitting.axis);
  fitting.with = channels(both, fitting.with);
  fitting.without = channels(both, fitting.without);
  return fitting;
}

// Seconds a call has taken, of the calls that were really made.
struct Denoised {
  Tensor latent;
  double seconds_per_call = 0;
};

Denoised denoise(DrapeModel& model, const DrapeRequest& request, const DrapePlan& resolved,
                 const Fitting& fitting, const Img2ImgOptions& options, const Progress& progress) {
  StableDiffusion& networks = *model.networks;
  const int c = networks.config().unet.out_channels;
  const int h = static_cast<int>(fitting.with.dim(2)), w = static_cast<int>(fitting.with.dim(3));
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> conditions;
  conditions.push_back(networks.prepare({.concat = fitting.with}, h, w, progress));
  if (request.cfg != 1)
    conditions.push_back(networks.prepare({.concat = fitting.without}, h, w, progress));

  const SamplingPlan plan =
      plan_sampling(resolve_sampler_name("DDIM", ""), request.steps, {}, model.table);
  ImageNoise noise(request.rng, c, h, w, {.seed = resolved.seed},
                   networks.config().vae.scale_factor);
  int calls = 0, computed = 0;
  double seconds = 0;
  const Network guided = [&](const Vec& x, double timestep) {
    const auto began = Clock::now();
    const auto said = networks.predict(Tensor({1, c, h, w}, x), timestep, conditions, progress);
    Vec guided = said[0].data;
    if (said.size() > 1)
      for (size_t i = 0; i < guided.size(); ++i)
        guided[i] = static_cast<float>(said[1].data[i] +
                                       request.cfg * (double{guided[i]} - said[1].data[i]));
    // The first call compiles the network; it is no measure.
    if (computed++ > 0) seconds += std::chrono::duration<double>(Clock::now() - began).count();
    return guided;
  };
  const Network remembered = with_memory(guided, options.memory);
  RunInputs inputs;
  inputs.options.eta = request.eta;
  inputs.network = [&](const Vec& x, double timestep) {
    progress.at("denoise", calls++, plan.model_calls);
    return remembered(x, timestep);
  };
  inputs.on_step = [&](int, int, const Vec& x0) {
    if (options.on_latent) options.on_latent(first_half(Tensor({1, c, h, w}, x0), fitting.axis));
  };
  Vec x = start(plan, {}, noise.first());
  x = run(plan, model.table, std::move(x), noise, inputs);
  progress.at("denoise", plan.model_calls, plan.model_calls);
  return {.latent = first_half(Tensor({1, c, h, w}, std::move(x)), fitting.axis),
          .seconds_per_call = computed > 1 ? seconds / (computed - 1) : 0};
}

Infotext describe_worn(const DrapeModel& model, const DrapeRequest& request, const DrapePlan& plan,
                       const DrapeInputs& inputs, const Image& image, const std::string& version) {
  Img2ImgRequest said;
  said.strength = 1;
  said.rng = request.rng;
  said.eta = request.eta;
  MadeWith made{.sampler = "DDIM", .scheduler = "DDIM"};
  made.steps = plan.steps;
  made.cfg = request.cfg;
  made.seed = plan.seed;
  made.width = plan.width;
  made.height = plan.height;
  made.model_name = model.base_name;
  made.model_hash = model.base_hash;
  made.vae_name = model.vae_name;
  made.vae_hash = model.vae_sha256;
  made.input_name = inputs.garment->name;
  made.input_sha256 = inputs.garment->sha256;
  made.precision = to_string(model.runtime.precision);
  made.device = model.runtime.device;
  made.pixels_sha256 = pixels_sha256(image);
  made.version = version;
  made.facts = {{"Job", "tryon"},
                {"CatVTON", model.name + " [" + model.sha256.substr(0, 10) + "]"}};
  const auto record = [&](const char* key, const InputImage* picture) {
    if (picture) record_file(made.facts, key, picture->name, picture->sha256);
  };
  record("Person", inputs.person);
  record("Person mask", inputs.mask);
  record("Garment mask", inputs.garment_mask);
  if (model.needs_mask && !request.repaint) made.facts.emplace_back("Overlay", "False");
  return to_infotext(said, made);
}

}  // namespace

DrapeModel load_drape_model(Runtime& runtime, const DrapeFiles& files,
                            const std::filesystem::path& cache_dir,
                            const std::function<void(const std::string&)>& on_note,
                            const Progress& progress) {
  if (on_note) on_note(kCatVtonLicence);
  Checkpoint base = open_checkpoint(files.checkpoint);
  const CatVtonFile file = open_catvton(files.attention);
  put_into(base, file);
  base.text.clear();  // no prompt is read
  const SchedulerConfig& s = base.config.scheduler;
  DrapeModel model{.networks = nullptr,
                   .table = NoiseTable(s.beta_start, s.beta_end, s.beta_schedule,
                                       s.num_train_timesteps, s.rescale_betas_zero_snr),
                   .needs_mask = base.config.variant == Variant::Inpaint,
                   .runtime = runtime.options(),
                   .name = name_of(files.attention),
                   .sha256 = checkpoint_sha256(file.path, cache_dir, progress),
                   .base_name = name_of(files.checkpoint),
                   .base_hash = {},
                   .vae_name = {},
                   .vae_sha256 = {}};
  model.runtime.precision = runtime.precision();
  const std::string base_sha256 = checkpoint_sha256(files.checkpoint, cache_dir, progress);
  model.base_hash = base_sha256.substr(0, 10);
  std::string id = base_sha256 + "+" + model.sha256;
  std::optional<VaeFile> vae;
  if (files.vae) {
    vae = open_vae(*files.vae, &base.config.vae);
    model.vae_name = files.vae->filename().string();
    model.vae_sha256 = checkpoint_sha256(vae->path, cache_dir, progress);
    id += "+" + model.vae_sha256;
  }
  model.networks = StableDiffusion::load(runtime, std::move(base), id, std::move(vae));
  return model;
}

Img2ImgPicture run_drape(DrapeModel& model, const DrapeRequest& request, const DrapePlan& plan,
                         const DrapeInputs& inputs, const Img2ImgOptions& options,
                         const Progress& progress) {
  const int width = plan.width, height = plan.height;
  const auto as_person = [&](const Image& image) {
    return resize_image(image, width, height, ResizeMode::Crop);
  };
  const Image person = as_person(to_rgb(inputs.person->image));
  Image mask;
  if (model.needs_mask)
    mask = binary(as_person(mask_from_image(inputs.mask->image, MaskRounding::Keep)));
  const Fitting fitting = fit(model, person, on_white(inputs, width, height), mask, progress);
  if (options.memory) options.memory->begin_picture();
  const Denoised denoised = denoise(model, request, plan, fitting, options, progress);
  if (options.timings)
    options.timings->learn(model.timing_key("drape"),
                           double(width) * height * (request.cfg == 1 ? 1 : 2),
                           denoised.seconds_per_call);
  progress.at("decode", 0, 1);
  Img2ImgPicture worn{.image = tensor_to_picture(model.networks->decode(denoised.latent, progress)),
                      .infotext = {},
                      .seed = plan.seed};
  // OpenCV's sigma for a kernel of a fiftieth of the height, as CatVTON blurs it.
  if (model.needs_mask && request.repaint)
    worn.image = blend_by_mask(person, worn.image, gaussian_blur(mask, 0.003 * height + 0.35));
  worn.infotext = describe_worn(model, request, plan, inputs, worn.image, options.version);
  return worn;
}

}  // namespace pentimento
