#include "studio/drape_runner.h"

#include <algorithm>
#include <mutex>

#include "runtime/version.h"
#include "studio/add_on_choice.h"
#include "studio/coded_error.h"
#include "studio/json_visitor.h"
#include "weights/catvton_file.h"

namespace pentimento {
namespace {

constexpr Word<RngSource> kRngs[] = {{"cpu", RngSource::Cpu}, {"nv", RngSource::Nv}};

struct DrapeJob {
  DrapeRequest request;
  std::string model, vae, catvton;  // names in the library
};

template <typename Visitor, typename Job>
void visit(Visitor& field, Job& job) {
  auto& r = job.request;
  field("model", job.model);
  field("vae", job.vae);
  field("catvton", job.catvton);
  field("width", r.width);
  field("height", r.height);
  field("steps", r.steps);
  field("cfg", r.cfg);
  field("eta", r.eta);
  field("seed", r.seed);
  field.word("rng", kRngs, r.rng);
  field("overlay", r.repaint);
}

DrapeJob job_from_json(const Json& json) {
  DrapeJob job;
  Reader reader(json);
  visit(reader, job);
  return job;
}

Json job_to_json(const DrapeJob& job) {
  Writer writer;
  visit(writer, job);
  return std::move(writer.json);
}

// The pictures of a job, kept while the pipeline looks at them.
struct DrapePictures {
  explicit DrapePictures(const JobInputs& files)
      : garment(input_of(files, "source").value()),
        person(input_of(files, "person").value()),
        person_mask(input_of(files, "person_mask")),
        garment_mask(input_of(files, "garment_mask")) {}
  DrapeInputs inputs() const {
    const auto maybe = [](const std::optional<InputImage>& image) {
      return image ? &*image : nullptr;
    };
    return {.garment = &garment,
            .person = &person,
            .mask = maybe(person_mask),
            .garment_mask = maybe(garment_mask)};
  }
  InputImage garment, person;
  std::optional<InputImage> person_mask, garment_mask;
};

std::string key_of(const CatalogModel& model) {
  return model.path.string() + "\n" + std::to_string(model.bytes) + " " +
         std::to_string(model.changed_s) + "\n";
}

bool wants_mask(const CatalogModel& base) { return base.variant == "inpaint"; }

class DrapeRunner : public JobRunner {
 public:
  DrapeRunner(DiffusionTools tools, Runtime& runtime, std::filesystem::path cache_dir)
      : tools_(std::move(tools)), runtime_(runtime), cache_dir_(std::move(cache_dir)) {}

  JobKind describe() const override {
    return {.kind = "drape",
            .what = "a garment worn with natural folds, by CatVTON's weights",
            .inputs = {{"source", "the garment, best before a plain background", true},
                       {"person", "who wears it", true},
                       {"person_mask",
                        "where the garment goes on the person, white on black; the mask-free "
                        "weights take none",
                        false},
                       {"garment_mask", "where the garment is, white on black", false}},
            .fields = drape_fields(),
            .unavailable = unavailable()};
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    DrapeJob job = job_from_json(request);
    const DrapeRequest& r = job.request;
    refuse_too_much(2 * int64_t{r.width} * r.height * r.steps);
    decide_files(job, inputs.contains("person_mask"));
    if (!r.seed) job.request.seed = drawn_seed();
    const auto problems = problems_of(r);
    if (!problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
    return job_to_json(job);
  }

  bool plans_quickly(const Json& request) const override {
    const std::string weights = request.value("catvton", "");
    return tools_.loads_quickly(request) &&
           need_add_on(*tools_.catalog, "catvton", weights).sha256.has_value();
  }

  PlanReport plan(const Json& request, const JobInputs& files) override {
    const DrapeJob job = job_from_json(request);
    const auto model = load(job, {}, {});
    const DrapePictures pictures(files);
    const Timings timings(tools_.timings_file);
    const DrapePlan plan =
        plan_drape(*model, job.request, pictures.inputs(), *job.request.seed, &timings);
    return {.steps = plan.steps,
            .steps_that_run = plan.steps,
            .width = plan.width,
            .height = plan.height,
            .seconds = plan.seconds,
            .memory_bytes = plan.memory_bytes,
            .sentence = plan.describe()};
  }

  void run(const Json& request, const JobInputs& files, const RunnerPort& port) override {
    const DrapeJob job = job_from_json(request);
    port.progress.at("load", 0, 1);
    const auto note = notes_to(port);
    const auto model = load(job, note, port.progress);
    note(kCatVtonLicence);  // also when the weights were loaded before
    const DrapePictures pictures(files);
    Timings timings(tools_.timings_file);
    const DrapePlan plan =
        plan_drape(*model, job.request, pictures.inputs(), *job.request.seed, &timings);
    const Img2ImgPicture made = run_drape(*model, job.request, plan, pictures.inputs(),
                                          options(*model, timings, port), port.progress);
    port.picture(0, {.image = made.image,
                     .infotext = format_infotext(made.infotext),
                     .prompt = {},
                     .negative_prompt = {},
                     .model = job.model,
                     .seed = static_cast<int64_t>(made.seed),
                     .request = job_to_json(job)});
  }

  void unload() override {
    std::lock_guard lock(mutex_);
    held_.reset();
  }

 private:
  std::string unavailable() const {
    const auto weights = add_ons_of(*tools_.catalog, "catvton");
    if (weights.empty())
      return "natural drape needs CatVTON's weights, which are not for commercial use (CC BY-NC-SA "
             "4.0): put them into the folder catvton of the models";
    for (const CatalogModel& one : weights)
      if (base_for(one, "", false)) return "";
    return "CatVTON's weights need the checkpoint they were trained in: an SD 1.5 inpainting "
           "checkpoint, or instruct-pix2pix for the mask-free weights";
  }

  // The named checkpoint; else the first that takes the weights, one that goes with a mask, or
  // without, before others. Nothing when there is none. Throws NotFound for a name that means none.
  std::optional<CatalogModel> base_for(const CatalogModel& weights, const std::string& named,
                                       bool has_mask) const {
    const bool mask_free = says_mask_free(weights.path);
    if (!named.empty()) {
      const CatalogModel model = tools_.catalog->need("checkpoint", named);
      return takes_catvton(model, mask_free) ? std::optional(model) : std::nullopt;
    }
    std::optional<CatalogModel> other;
    for (const CatalogModel& model : tools_.catalog->list("checkpoint")) {
      if (model.problem || !takes_catvton(model, mask_free)) continue;
      if (wants_mask(model) == has_mask) return model;
      if (!other) other = model;
    }
    return other;
  }

  // Of several weights those that go with a mask, or without one, as the job has it.
  void decide_files(DrapeJob& job, bool has_mask) const {
    const ModelCatalog& catalog = *tools_.catalog;
    std::vector<CatalogModel> weights;
    if (job.catvton.empty()) weights = add_ons_of(catalog, "catvton");
    if (weights.empty()) weights = {need_add_on(catalog, "catvton", job.catvton)};
    std::ranges::stable_partition(
        weights, [&](const CatalogModel& one) { return says_mask_free(one.path) != has_mask; });
    const auto fits = std::ranges::find_if(weights, [&](const CatalogModel& one) {
      const auto base = base_for(one, job.model, has_mask);
      return base && wants_mask(*base) == has_mask;
    });
    const CatalogModel& chosen = fits == weights.end() ? weights.front() : *fits;
    const auto base = base_for(chosen, job.model, has_mask);
    if (!base)
      throw CodedError(
          ErrorKind::InvalidArgument, "invalid",
          chosen.name + " needs " +
              (says_mask_free(chosen.path) ? "an instruct-pix2pix" : "an SD 1.5 inpainting") +
              " checkpoint" +
              (job.model.empty() ? "; put one into the models folder"
                                 : ", which " + job.model + " is not"),
          "request.model");
    job.catvton = chosen.name;
    job.model = base->name;
    if (!job.vae.empty()) tools_.check_vae(job.vae);
  }

  std::shared_ptr<DrapeModel> load(const DrapeJob& job,
                                   const std::function<void(const std::string&)>& on_note,
                                   const Progress& progress) {
    const CatalogModel base = tools_.catalog->need("checkpoint", job.model);
    const CatalogModel weights = need_add_on(*tools_.catalog, "catvton", job.catvton);
    const auto vae = tools_.vae_for(base, job.vae);
    const std::string key = key_of(base) + key_of(weights) + (vae ? key_of(*vae) : "");
    std::lock_guard lock(mutex_);
    if (held_ && key_ == key) return held_;
    held_.reset();
    const DrapeFiles files{.checkpoint = base.path,
                           .attention = weights.path,
                           .vae = vae ? std::optional(vae->path) : std::nullopt};
    held_ = std::make_shared<DrapeModel>(
        load_drape_model(runtime_, files, cache_dir_, on_note, progress));
    key_ = key;
    return held_;
  }

  Img2ImgOptions options(const DrapeModel& model, Timings& timings, const RunnerPort& port) const {
    Img2ImgOptions options;
    options.version = version_text();
    options.timings = &timings;
    const int every =
        tools_.settings ? tools_.settings->value("preview_every_steps").get<int>() : 1;
    if (port.wants_previews && every > 0)
      options.on_latent = [&port, every, step = 0](const Tensor& latent) mutable {
        if (++step % every == 0) port.preview(coloured(latent));
      };
    if (port.memory)
      options.memory = port.memory(options.version + "\n" + model.base_hash + "\n" + model.sha256 +
                                   "\n" + model.vae_sha256 + "\n" + model.runtime.device + "\n" +
                                   to_string(model.runtime.precision));
    return options;
  }

  DiffusionTools tools_;
  Runtime& runtime_;
  std::filesystem::path cache_dir_;
  std::mutex mutex_;
  std::string key_;  // of what is held: its files, their sizes and times
  std::shared_ptr<DrapeModel> held_;
};

}  // namespace

bool takes_catvton(const CatalogModel& checkpoint, bool mask_free) {
  return checkpoint.family == "SD1" &&
         (checkpoint.variant == "edit" || (!mask_free && checkpoint.variant == "inpaint"));
}

std::vector<Field> drape_fields() {
  return {
      {.name = "model",
       .default_value = "",
       .what = "the checkpoint that takes the weights, by id or name: SD 1.5 inpainting, or "
               "instruct-pix2pix for the mask-free weights; empty: the first there is",
       .maximum = 300},
      {.name = "vae",
       .default_value = "",
       .what = "separate VAE, by id or name; none: the model's own; empty: the one chosen for the "
               "model, or beside it",
       .maximum = 300},
      {.name = "catvton",
       .default_value = "",
       .what = "CatVTON's weights, by id or name; empty: those that go with or without a mask",
       .maximum = 300},
      {.name = "steps",
       .type = FieldType::Integer,
       .default_value = 20,
       .what = "steps of DDIM; the paper's are 50",
       .minimum = 1,
       .maximum = 150},
      {.name = "cfg",
       .type = FieldType::Number,
       .default_value = 2.5,
       .what = "how strictly the garment is followed, and how saturated",
       .minimum = 1,
       .maximum = 30},
      {.name = "width",
       .type = FieldType::Integer,
       .default_value = 384,
       .what = "pixels, a multiple of 8; 768 x 1024 is slow and finer",
       .minimum = 64,
       .maximum = 2048},
      {.name = "height",
       .type = FieldType::Integer,
       .default_value = 512,
       .what = "pixels, a multiple of 8",
       .minimum = 64,
       .maximum = 2048},
      {.name = "seed",
       .type = FieldType::Integer,
       .what = "null: drawn when the job is stored",
       .minimum = 0,
       .maximum = 4294967295.0},
      {.name = "eta",
       .type = FieldType::Number,
       .default_value = 1,
       .what = "noise added in each step",
       .minimum = 0,
       .maximum = 1},
      {.name = "rng",
       .default_value = "cpu",
       .what = "which random numbers: torch's on the CPU, or on NVIDIA",
       .choices = words(kRngs)},
      {.name = "overlay",
       .type = FieldType::Boolean,
       .default_value = true,
       .what = "lay the person's own pixels over what the mask keeps"}};
}

std::unique_ptr<JobRunner> make_drape_runner(DiffusionTools tools, Runtime& runtime,
                                             std::filesystem::path cache_dir) {
  return std::make_unique<DrapeRunner>(std::move(tools), runtime, std::move(cache_dir));
}

}  // namespace pentimento
