#include "studio/img2img_runner.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/memory.h"
#include "pipelines/img2img.h"
#include "pipelines/pixels.h"
#include "runtime/version.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "studio/request_json.h"
#include "weights/vae_choice.h"

namespace pentimento {

uint64_t drawn_seed() {
  static std::mutex mutex;
  static std::mt19937_64 engine{std::random_device{}()};
  std::lock_guard lock(mutex);
  return std::uniform_int_distribution<uint64_t>(0, 4294967295ull)(engine);
}

std::shared_ptr<LoadedModel> ResidentModel::get(const CatalogModel& model,
                                                const std::optional<CatalogModel>& vae,
                                                const Progress& progress) {
  std::lock_guard lock(mutex_);
  const std::string key = model.path.string() + "\n" + (vae ? vae->path.string() : "");
  if (model_ && key == key_) return model_;
  model_.reset();  // never two at once in memory
  model_ = std::make_shared<LoadedModel>(load_model(
      runtime_, model.path, vae ? std::optional(vae->path) : std::nullopt, cache_, progress));
  model_->extras = extra_files_of(catalog_);
  key_ = key;
  catalog_->learn_hash(model.path, model_->sha256);
  return model_;
}

void ResidentModel::drop() {
  std::lock_guard lock(mutex_);
  model_.reset();
}

namespace {

constexpr int kPreviewEdgePx = 256;

// What the four channels of a Stable Diffusion latent mean in colour, fitted once by linear
// regression (webui: "Approx cheap").
constexpr float kLatentColours[4][3] = {{0.298f, 0.207f, 0.208f},
                                        {0.187f, 0.286f, 0.173f},
                                        {-0.158f, 0.189f, 0.264f},
                                        {-0.184f, -0.271f, -0.473f}};

Image coloured(const Tensor& latent) {
  const auto& shape = latent.shape;
  const int height = static_cast<int>(shape[2]), width = static_cast<int>(shape[3]);
  const size_t plane = static_cast<size_t>(height) * static_cast<size_t>(width);
  Image image(width, height, 3);
  for (size_t i = 0; i < plane; ++i) {
    for (size_t rgb = 0; rgb < 3; ++rgb) {
      float value = 0;
      for (size_t c = 0; c < 4; ++c) value += latent.data[c * plane + i] * kLatentColours[c][rgb];
      image.pixels[i * 3 + rgb] =
          static_cast<uint8_t>(std::clamp((value + 1) * 127.5f, 0.0f, 255.0f));
    }
  }
  return image;
}

}  // namespace

std::optional<Image> quick_look(LoadedModel& model, const Tensor& latent) {
  const VaeConfig& vae = model.config().vae;
  if (vae.tiny) {
    const Image whole = tensor_to_picture(model.networks->decode(latent, {}));
    const double scale =
        std::min(1.0, kPreviewEdgePx / static_cast<double>(std::max(whole.width, whole.height)));
    return resize(whole, std::max(1, static_cast<int>(whole.width * scale)),
                  std::max(1, static_cast<int>(whole.height * scale)), Filter::Box);
  }
  if (vae.latent_channels == 4) return coloured(latent);
  return std::nullopt;
}

namespace {

class Img2ImgRunner : public JobRunner {
 public:
  Img2ImgRunner(Img2ImgRunnerDeps deps, bool with_picture)
      : deps_(std::move(deps)), with_picture_(with_picture) {}

  JobKind describe() const override {
    JobKind kind{.kind = with_picture_ ? "img2img" : "txt2img",
                 .what = with_picture_ ? "repaint a picture as the prompt says"
                                       : "paint what the prompt says",
                 .fields = img2img_fields(with_picture_)};
    if (with_picture_) kind.inputs = {{"source", "the picture to start from", true}};
    const auto models = deps_.catalog->list("checkpoint");
    if (std::none_of(models.begin(), models.end(),
                     [](const CatalogModel& m) { return !m.problem; }))
      kind.unavailable =
          "there is no model yet: put a Stable Diffusion checkpoint (.safetensors or .ckpt) into "
          "the models folder";
    return kind;
  }

  Json resolve(Json request, const JobInputs&) const override {
    Img2ImgJob job = img2img_job_from_json(request);
    if (job.model.empty()) job.model = setting("model");
    if (job.vae.empty()) job.vae = setting("vae");
    job.model = deps_.catalog->need("checkpoint", job.model).name;
    if (!job.vae.empty()) job.vae = deps_.catalog->need("vae", job.vae).file;
    if (!job.request.seed) job.request.seed = drawn_seed();
    if (!job.request.subseed) job.request.subseed = drawn_seed();
    validate(job.request);
    return img2img_job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const Img2ImgJob job = img2img_job_from_json(request);
    const auto model = load(job, {});
    const std::optional<InputImage> input = source(inputs);
    const Timings timings(deps_.timings_file);
    const Img2ImgPlan plan =
        plan_img2img(*model, job.request, input ? &*input : nullptr, *job.request.seed, &timings);
    return {.steps = plan.steps,
            .steps_that_run = plan.model_calls,
            .width = plan.width,
            .height = plan.height,
            .pictures = static_cast<int>(plan.seeds.size()),
            .seconds = plan.seconds,
            .memory_bytes = plan.memory_bytes,
            .sentence = plan.describe()};
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const Img2ImgJob job = img2img_job_from_json(request);
    port.progress.at("load", 0, 1);
    const auto model = load(job, port.progress);
    const std::optional<InputImage> input = source(inputs);
    Timings timings(deps_.timings_file);
    const Img2ImgPlan plan =
        plan_img2img(*model, job.request, input ? &*input : nullptr, *job.request.seed, &timings);
    check_memory(plan, available_memory_bytes());
    Img2ImgOptions options;
    options.version = version_text();
    options.timings = &timings;
    options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      port.picture(static_cast<int>(index), finished(job, *model, plan, made, index));
    };
    const int every = deps_.settings ? deps_.settings->value("preview_every_steps").get<int>() : 1;
    int step = 0;
    if (port.wants_previews && every > 0)
      options.on_latent = [&](const Tensor& latent) {
        if (++step % every != 0) return;
        if (const auto look = quick_look(*model, latent)) port.preview(*look);
      };
    run_img2img(*model, job.request, plan, input ? &*input : nullptr, options, port.progress);
  }

  void unload() override { deps_.resident->drop(); }

 private:
  std::string setting(const char* name) const {
    return deps_.settings ? deps_.settings->value(name).get<std::string>() : std::string();
  }

  std::shared_ptr<LoadedModel> load(const Img2ImgJob& job, const Progress& progress) const {
    const CatalogModel model = deps_.catalog->need("checkpoint", job.model);
    std::optional<CatalogModel> vae;
    if (!job.vae.empty()) {
      vae = deps_.catalog->need("vae", job.vae);
    } else if (const auto beside = vae_of_model(model.path, {deps_.catalog->folder() / "VAE"})) {
      vae = CatalogModel{};
      vae->path = *beside;
    }
    return deps_.resident->get(model, vae, progress);
  }

  static std::optional<InputImage> source(const JobInputs& inputs) {
    const auto it = inputs.find("source");
    if (it == inputs.end()) return std::nullopt;
    const std::string bytes = read_whole_file(it->second.file);
    return InputImage{decode_picture(as_bytes(bytes), it->second.name).image, it->second.name,
                      it->second.sha256};
  }

  // The request that makes this very picture: one of the batch, every choice pinned.
  static RunnerPicture finished(const Img2ImgJob& job, const LoadedModel& model,
                                const Img2ImgPlan& plan, const Img2ImgPicture& made, size_t index) {
    Img2ImgJob single = job;
    single.request.batch = 1;
    single.request.seed = made.seed;
    if (index < plan.subseeds.size()) single.request.subseed = plan.subseeds[index];
    single.request.width = plan.width;
    single.request.height = plan.height;
    return {.image = made.image,
            .infotext = format_infotext(made.infotext),
            .prompt = job.request.prompt,
            .negative_prompt = job.request.negative_prompt,
            .model = model.name,
            .seed = static_cast<int64_t>(made.seed),
            .request = img2img_job_to_json(single)};
  }

  Img2ImgRunnerDeps deps_;
  bool with_picture_;
};

}  // namespace

std::unique_ptr<JobRunner> make_img2img_runner(Img2ImgRunnerDeps deps) {
  return std::make_unique<Img2ImgRunner>(std::move(deps), /*with_picture=*/true);
}
std::unique_ptr<JobRunner> make_txt2img_runner(Img2ImgRunnerDeps deps) {
  return std::make_unique<Img2ImgRunner>(std::move(deps), /*with_picture=*/false);
}

}  // namespace pentimento
