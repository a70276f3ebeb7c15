#include "studio/diffusion_tools.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <random>

#include "image/codec.h"
#include "pipelines/loras.h"
#include "pipelines/pixels.h"
#include "runtime/version.h"
#include "studio/chinese.h"
#include "studio/coded_error.h"
#include "studio/content_store.h"
#include "studio/control_json.h"
#include "studio/pictures.h"
#include "weights/vae_choice.h"

namespace pentimento {

uint64_t drawn_seed() {
  static std::mutex mutex;
  static std::mt19937_64 engine{std::random_device{}()};
  std::lock_guard lock(mutex);
  return std::uniform_int_distribution<uint64_t>(0, 4294967295ull)(engine);
}

namespace {

constexpr int kPreviewEdgePx = 256;

// What the four channels of a Stable Diffusion latent mean in colour, fitted once by linear
// regression (webui: "Approx cheap").
constexpr float kLatentColours[4][3] = {{0.298f, 0.207f, 0.208f},
                                        {0.187f, 0.286f, 0.173f},
                                        {-0.158f, 0.189f, 0.264f},
                                        {-0.184f, -0.271f, -0.473f}};

}  // namespace

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

std::string memory_key(const LoadedModel& model, const std::string& version) {
  return version + "\n" + model.sha256 + "\n" + model.vae_sha256 + "\n" + model.text_sha256 + "\n" +
         model.runtime.device + "\n" + to_string(model.runtime.precision);
}

std::string DiffusionTools::unavailable() const {
  const auto models = catalog->list("checkpoint");
  const bool any =
      std::any_of(models.begin(), models.end(), [](const CatalogModel& m) { return !m.problem; });
  return any ? ""
             : "there is no model yet: put a Stable Diffusion checkpoint (.safetensors or .ckpt) "
               "into the models folder";
}

namespace {

constexpr size_t kMostLoras = 32;
// The work of one picture of the largest size with the most steps: no request may cost more.
constexpr int64_t kMostPixelSteps = int64_t{2048} * 2048 * 150;

}  // namespace

void refuse_too_much(int64_t asked) {
  if (asked <= kMostPixelSteps) return;
  throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                   "width x height x batch x steps is " + std::to_string(asked) +
                       ", more than max_pixel_steps, " + std::to_string(kMostPixelSteps) +
                       "; ask for fewer pictures at a time",
                   "request.batch")
      .with_limit("max_pixel_steps");
}

namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_automatic(const std::string& vae) { return vae.empty() || lower(vae) == "automatic"; }

std::vector<std::filesystem::path> vae_files(const ModelCatalog& catalog) {
  std::vector<std::filesystem::path> files;
  for (const CatalogModel& vae : catalog.list("vae")) files.push_back(vae.path);
  return files;
}

// "a VAE at that path", for the holder's key.
CatalogModel file_at(const ModelCatalog& catalog, const std::string& type,
                     const std::filesystem::path& path) {
  for (const CatalogModel& model : catalog.list(type))
    if (model.path == path) return model;
  CatalogModel file;
  file.path = path;
  return file;
}

}  // namespace

void DiffusionTools::check_vae(const std::string& vae) const {
  if (!is_automatic(vae) && lower(vae) != "none") catalog->need("vae", vae);
}

bool DiffusionTools::loads_quickly(const Json& request) const {
  const auto model = catalog->find("checkpoint", request.value("model", ""));
  if (!model || !model->sha256) return false;
  const auto vae = vae_for(*model, request.value("vae", ""));
  return (!vae || vae->sha256) && request.value("text_encoder", "").empty();
}

std::optional<CatalogModel> DiffusionTools::vae_for(const CatalogModel& model,
                                                    const std::string& vae) const {
  if (lower(vae) == "none") return std::nullopt;
  if (!is_automatic(vae)) return catalog->need("vae", vae);
  const auto own = vae_of_model(model.path, vae_files(*catalog));
  return own ? std::optional(file_at(*catalog, "vae", *own)) : std::nullopt;
}

// What a model chooses for itself is looked up again when it is loaded; only what the settings
// decide is written down.
void DiffusionTools::decide(Img2ImgRequest& r, ModelChoice& choice) const {
  refuse_too_much(int64_t{r.width} * r.height * r.batch * r.steps.value_or(20));
  if (lora_tags(r.prompt).size() > kMostLoras)
    throw CodedError(
        ErrorKind::InvalidArgument, "out_of_range",
        "the prompt names more than max_loras, " + std::to_string(kMostLoras) + ", LoRAs",
        "request.prompt")
        .with_limit("max_loras");
  const auto setting = [&](const char* name) {
    return settings ? settings->value(name).get<std::string>() : std::string();
  };
  if (choice.model.empty()) choice.model = setting("model");
  const CatalogModel model = catalog->need("checkpoint", choice.model);
  choice.model = model.name;
  if (is_automatic(choice.vae)) {
    const bool chosen = keeps_own_vae(model.path) || vae_of_model(model.path, vae_files(*catalog));
    choice.vae = chosen ? "" : setting("vae");
  }
  if (lower(choice.vae) == "none")
    choice.vae = "none";
  else if (!choice.vae.empty())
    choice.vae = catalog->need("vae", choice.vae).file;
  if (choice.text_encoder.empty()) choice.text_encoder = model.said.text_encoder;
  if (!choice.text_encoder.empty())
    choice.text_encoder = catalog->need_text_encoder(choice.text_encoder).name;
  if (!r.clip_skip) r.clip_skip = model.said.clip_skip.value_or(1);
  if (!r.seed) r.seed = drawn_seed();
  if (!r.subseed) r.subseed = drawn_seed();
}

void DiffusionTools::decide(std::vector<ControlUnit>& controls, const JobInputs& inputs,
                            bool from_picture) const {
  for (size_t i = 0; i < controls.size(); ++i) {
    const std::string field = "request.control[" + std::to_string(i) + "]";
    if (const auto problems = problems_of(controls[i]); !problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), field);
    controls[i].network = catalog->need("controlnet", controls[i].network).name;
    if (!inputs.contains(control_role(i)) && !from_picture)
      throw CodedError(ErrorKind::InvalidArgument, "missing_field",
                       "ControlNet " + std::to_string(i + 1) +
                           " has nothing to look at; give it a picture, the input " +
                           control_role(i),
                       "inputs." + control_role(i));
  }
}

Controls DiffusionTools::controls(const std::vector<ControlUnit>& units,
                                  const JobInputs& inputs) const {
  if (!units.empty() && !add_ons)
    throw Error(ErrorKind::Internal, "there is nothing to load ControlNets with");
  Controls controls;
  for (size_t i = 0; i < units.size(); ++i)
    controls.add(units[i], catalog->need("controlnet", units[i].network).path,
                 input_of(inputs, control_role(i)));
  return controls;
}

void DiffusionTools::unload() const {
  holder->drop();
  if (add_ons) add_ons->drop();
}

std::function<void(const std::string&)> notes_to(const RunnerPort& port) {
  return [&port, notes = std::vector<std::string>()](const std::string& note) mutable {
    if (std::find(notes.begin(), notes.end(), note) != notes.end()) return;
    notes.push_back(note);
    if (port.result) port.result({{"notes", notes}, {"notes_zh", all_in_chinese(notes)}});
  };
}

std::shared_ptr<LoadedModel> DiffusionTools::load(const ModelChoice& choice,
                                                  const Progress& progress) const {
  const CatalogModel found = catalog->need("checkpoint", choice.model);
  ModelFiles files{.model = found, .vae = {}, .text = {}};
  files.vae = vae_for(found, choice.vae);
  const std::string& lender =
      choice.text_encoder.empty() ? found.said.text_encoder : choice.text_encoder;
  if (!lender.empty()) files.text = catalog->need_text_encoder(lender);
  return holder->get(files, progress);
}

Img2ImgOptions DiffusionTools::options(LoadedModel& model, Timings& timings,
                                       const RunnerPort& port) const {
  Img2ImgOptions options;
  options.version = version_text();
  options.timings = &timings;
  const int every = settings ? settings->value("preview_every_steps").get<int>() : 1;
  if (port.wants_previews && every > 0)
    options.on_latent = [&model, &port, every, step = 0](const Tensor& latent) mutable {
      if (++step % every != 0) return;
      if (const auto look = quick_look(model, latent)) port.preview(*look);
    };
  options.on_note = notes_to(port);
  if (port.memory) options.memory = port.memory(memory_key(model, options.version));
  if (port.has_picture)
    options.is_done = [&port](size_t index) { return port.has_picture(static_cast<int>(index)); };
  return options;
}

RunnerPicture DiffusionTools::picture(const Img2ImgRequest& request, const LoadedModel& model,
                                      const Img2ImgPicture& made) const {
  return {.image = made.image,
          .infotext = format_infotext(made.infotext),
          .prompt = request.prompt,
          .negative_prompt = request.negative_prompt,
          .model = model.name,
          .seed = static_cast<int64_t>(made.seed)};
}

std::optional<InputImage> input_of(const JobInputs& inputs, const std::string& role) {
  const auto it = inputs.find(role);
  if (it == inputs.end()) return std::nullopt;
  const std::string bytes = read_whole_file(it->second.file);
  return InputImage{decode_picture(as_bytes(bytes), it->second.name).image, it->second.name,
                    it->second.sha256};
}

Img2ImgRequest single_of(const Img2ImgRequest& request, const Img2ImgPlan& plan, size_t index) {
  Img2ImgRequest single = request;
  single.batch = 1;
  single.seed = plan.seeds.at(index);
  if (index < plan.subseeds.size()) single.subseed = plan.subseeds[index];
  return single;
}

PlanReport report_of(const Img2ImgPlan& plan) {
  return {.steps = plan.steps,
          .steps_that_run = plan.model_calls,
          .width = plan.width,
          .height = plan.height,
          .pictures = static_cast<int>(plan.seeds.size()),
          .seconds = plan.seconds,
          .memory_bytes = plan.memory_bytes,
          .sentence = plan.describe()};
}

}  // namespace pentimento
