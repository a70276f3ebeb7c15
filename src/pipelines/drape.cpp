#include "pipelines/drape.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "image/blur.h"
#include "image/composite.h"
#include "image/resize.h"
#include "pipelines/pixels.h"
#include "pipelines/problems.h"
#include "samplers/sampling_plan.h"
#include "weights/catvton_file.h"

namespace pentimento {
namespace {

// Whole and centred on white.
Image on_white(const Image& garment, int width, int height) {
  const Image rgb = to_rgb(garment);
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

void check_mask(const DrapeModel& model, const DrapeInputs& inputs) {
  const auto refuse_mask = [](const std::string& what) {
    throw Error(ErrorKind::InvalidArgument, "try-on: " + what);
  };
  if (!model.needs_mask && !inputs.mask.empty())
    refuse_mask("the mask-free weights take no mask; leave it out");
  if (!model.needs_mask) return;
  if (inputs.mask.empty()) refuse_mask("these weights need a mask of where the garment goes");
  if (inputs.mask.channels != 1 || inputs.mask.width != inputs.person.width ||
      inputs.mask.height != inputs.person.height)
    refuse_mask("a mask of " + std::to_string(inputs.mask.width) + "x" +
                std::to_string(inputs.mask.height) +
                ", expected the person's size and one channel");
  if (std::ranges::none_of(inputs.mask.pixels, [](uint8_t v) { return v > 127; }))
    refuse_mask("the mask is empty; paint white where the garment goes");
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

Tensor denoise(DrapeModel& model, const DrapeRequest& request, const Fitting& fitting,
               const Progress& progress) {
  StableDiffusion& networks = *model.networks;
  const int c = networks.config().unet.out_channels;
  const int h = static_cast<int>(fitting.with.dim(2)), w = static_cast<int>(fitting.with.dim(3));
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> conditions;
  conditions.push_back(networks.prepare({.concat = fitting.with}, h, w, progress));
  if (request.cfg != 1)
    conditions.push_back(networks.prepare({.concat = fitting.without}, h, w, progress));

  const SamplingPlan plan =
      plan_sampling(resolve_sampler_name("DDIM", ""), request.steps, {}, model.table);
  ImageNoise noise(request.rng, c, h, w, {.seed = request.seed},
                   networks.config().vae.scale_factor);
  int calls = 0;
  RunInputs inputs;
  inputs.options.eta = request.eta;
  inputs.network = [&](const Vec& x, double timestep) {
    progress.at("denoise", calls++, plan.model_calls);
    const auto said = networks.predict(Tensor({1, c, h, w}, x), timestep, conditions, progress);
    Vec guided = said[0].data;
    if (said.size() > 1)
      for (size_t i = 0; i < guided.size(); ++i)
        guided[i] = static_cast<float>(said[1].data[i] +
                                       request.cfg * (double{guided[i]} - said[1].data[i]));
    return guided;
  };
  Vec x = start(plan, {}, noise.first());
  x = run(plan, model.table, std::move(x), noise, inputs);
  progress.at("denoise", plan.model_calls, plan.model_calls);
  return first_half(Tensor({1, c, h, w}, std::move(x)), fitting.axis);
}

}  // namespace

DrapeModel load_drape_model(Runtime& runtime, const std::filesystem::path& checkpoint,
                            const std::filesystem::path& attention,
                            const std::optional<std::filesystem::path>& vae,
                            const std::filesystem::path& cache_dir, const Progress& progress) {
  Checkpoint base = open_checkpoint(checkpoint);
  const CatVtonFile file = open_catvton(attention);
  put_into(base, file);
  const SchedulerConfig& s = base.config.scheduler;
  DrapeModel model{.networks = nullptr,
                   .table = NoiseTable(s.beta_start, s.beta_end, s.beta_schedule,
                                       s.num_train_timesteps, s.rescale_betas_zero_snr),
                   .needs_mask = base.config.variant == Variant::Inpaint,
                   .name = attention.stem().string()};
  std::string id = checkpoint_sha256(checkpoint, cache_dir, progress) + "+" +
                   checkpoint_sha256(file.path, cache_dir, progress);
  std::optional<VaeFile> vae_file;
  if (vae) {
    vae_file = open_vae(*vae, &base.config.vae);
    id += "+" + checkpoint_sha256(vae_file->path, cache_dir, progress);
  }
  model.networks = StableDiffusion::load(runtime, std::move(base), id, std::move(vae_file));
  return model;
}

std::vector<std::string> problems_of(const DrapeRequest& request) {
  Problems problems;
  for (const auto& [field, value] : {std::pair{"width", request.width}, {"height", request.height}})
    if (value < 64 || value > 2048 || value % 8)
      problems.add(std::string(field) + " is " + std::to_string(value) +
                   ", expected a multiple of 8 from 64 to 2048");
  problems.range("steps", request.steps, 1, 1000);
  problems.range("cfg", request.cfg, 1.0, 30.0);
  problems.range("eta", request.eta, 0.0, 1.0);
  problems.range("seed", request.seed, uint64_t{0}, uint64_t{4294967295});
  return problems.take();
}

Image run_drape(DrapeModel& model, const DrapeRequest& request, const DrapeInputs& inputs,
                const Progress& progress) {
  refuse(problems_of(request));
  check_mask(model, inputs);
  const int width = request.width, height = request.height;
  const Image person = resize_image(to_rgb(inputs.person), width, height, ResizeMode::Crop);
  Image mask;
  if (model.needs_mask) mask = binary(resize_image(inputs.mask, width, height, ResizeMode::Crop));
  const Fitting fitting =
      fit(model, person, on_white(inputs.garment, width, height), mask, progress);
  const Tensor latent = denoise(model, request, fitting, progress);
  progress.at("decode", 0, 1);
  const Image worn = tensor_to_picture(model.networks->decode(latent, progress));
  if (!model.needs_mask || !request.repaint) return worn;
  // OpenCV's sigma for a kernel of a fiftieth of the height, as CatVTON blurs it.
  return blend_by_mask(person, worn, gaussian_blur(mask, 0.003 * height + 0.35));
}

}  // namespace pentimento
