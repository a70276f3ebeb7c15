#include "studio/blend_runner.h"

#include "pipelines/blend.h"
#include "studio/add_on_choice.h"
#include "studio/coded_error.h"
#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/json_visitor.h"
#include "weights/clip_file.h"
#include "weights/ip_adapter_file.h"

namespace pentimento {
namespace {

constexpr const char* kRoles[] = {"source", "second", "third", "fourth", "fifth"};
// The first is what `auto` has become when nothing was decided.
constexpr Word<BlendMethod> kMethods[] = {{"latents", BlendMethod::Latents},
                                          {"image-prompt", BlendMethod::ImagePrompt},
                                          {"style", BlendMethod::Style}};
constexpr Word<BlendMode> kModes[] = {{"merge", BlendMode::Merge}, {"mix", BlendMode::Mix}};
constexpr Word<BlendFocus> kFocuses[] = {{"everything", BlendFocus::Everything},
                                         {"style", BlendFocus::Style},
                                         {"layout", BlendFocus::Layout}};
constexpr Word<PictureFit> kFits[] = {
    {"crop", PictureFit::Crop}, {"pad", PictureFit::Pad}, {"squash", PictureFit::Squash}};

struct BlendJob {
  BlendRequest request;
  ModelChoice choice;
  std::string adapter, encoder;
  int start_from = 0;  // counted from 1; 0: from noise
};

template <typename Visitor, typename Job>
void visit(Visitor& field, Job& job) {
  auto& r = job.request;
  field.word("method", kMethods, r.method);
  field("weights", r.weights);
  field.word("mode", kModes, r.mode);
  field.word("focus", kFocuses, r.focus);
  field("scale", r.scale);
  field.word("fit", kFits, r.fit);
  field("start_from", job.start_from);
  field("ip_adapter", job.adapter);
  field("image_encoder", job.encoder);
}

BlendJob job_from_json(const Json& json) {
  BlendJob job;
  job.request.image.strength = 0.6;
  read_img2img(json, job.request.image, job.choice);
  Reader reader(json);
  visit(reader, job);
  job.request.start_from = job.start_from - 1;
  return job;
}

Json job_to_json(const BlendJob& job) {
  Json json = img2img_to_json(job.request.image, job.choice);
  Writer writer;
  visit(writer, job);
  json.update(writer.json);
  return json;
}

// Pictures count without gaps: a third needs a second.
std::vector<InputImage> pictures_of(const JobInputs& inputs) {
  std::vector<InputImage> pictures;
  for (const char* role : kRoles)
    if (auto picture = input_of(inputs, role)) pictures.push_back(std::move(*picture));
  return pictures;
}

size_t count_of(const JobInputs& inputs) {
  size_t count = 0;
  for (const char* role : kRoles) count += inputs.contains(role);
  return count;
}

class BlendRunner : public DiffusionRunner {
 public:
  BlendRunner(DiffusionTools tools, Runtime& runtime, std::filesystem::path painting)
      : DiffusionRunner(std::move(tools)), runtime_(runtime), painting_(std::move(painting)) {}

  JobKind describe() const override {
    JobKind kind{.kind = "blend",
                 .what = "one picture out of two to five",
                 .inputs = {{"source", "the first picture", true},
                            {"second", "the second picture", true},
                            {"third", "a third picture", false},
                            {"fourth", "a fourth picture", false},
                            {"fifth", "a fifth picture", false}},
                 .fields = blend_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    BlendJob job = job_from_json(request);
    tools_.decide(job.request.image, job.choice);
    decide_method(request.value("method", "auto"), job);
    const bool from_noise = job.request.method == BlendMethod::ImagePrompt && job.start_from == 0;
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/!from_noise);
    const auto problems = problems_of(job.request, count_of(inputs));
    if (!problems.empty())
      throw CodedError(ErrorKind::InvalidArgument, "invalid", problems.front(), "request");
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const BlendJob job = job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const Timings timings(tools_.timings_file);
    PlanReport report = report_of(
        plan_blend(*model, job.request, pictures_of(inputs), *job.request.image.seed, &timings));
    report.sentence =
        std::string("blending by ") + to_string(job.request.method) + "; " + report.sentence;
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const BlendJob job = job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const std::vector<InputImage> pictures = pictures_of(inputs);
    const Img2ImgPlan plan =
        plan_blend(*run.model, job.request, pictures, *job.request.image.seed, &run.timings);
    const Networks networks = load(job, *run.model, port.progress);
    run.options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request.image, *run.model, made);
      BlendJob single = job;
      single.request.image = single_of(job.request.image, plan, index);
      single.request.image.width = plan.width;
      single.request.image.height = plan.height;
      picture.request = job_to_json(single);
      port.picture(static_cast<int>(index), std::move(picture));
    };
    run_blend(*run.model, networks.tools(), job.request, plan, pictures, run.options,
              port.progress);
  }

  void unload() override {
    tools_.unload();
    stylizer_.reset();
  }

 private:
  struct Networks {
    std::shared_ptr<IpAdapter> adapter;
    std::shared_ptr<Clip> clip;
    Stylizer* stylizer = nullptr;
    std::string adapter_name, clip_name;
    BlendTools tools() const {
      return {adapter.get(), clip.get(), stylizer, adapter_name, clip_name};
    }
  };

  // Without adapter weights the pictures are blended as they lie, as on the command line.
  void decide_method(const std::string& asked, BlendJob& job) const {
    const bool adapter = !job.adapter.empty() || !add_ons_of(*tools_.catalog, "ip_adapter").empty();
    if (asked == "auto")
      job.request.method = adapter ? BlendMethod::ImagePrompt : BlendMethod::Latents;
    if (job.request.method != BlendMethod::ImagePrompt) return;
    job.adapter = need_add_on(*tools_.catalog, "ip_adapter", job.adapter).name;
    job.encoder = need_add_on(*tools_.catalog, "image_encoder", job.encoder).name;
  }

  Networks load(const BlendJob& job, const LoadedModel& model, const Progress& progress) {
    Networks networks;
    if (job.request.method == BlendMethod::Style) {
      if (!stylizer_) stylizer_ = std::make_unique<Stylizer>(runtime_, painting_);
      networks.stylizer = stylizer_.get();
    }
    if (job.request.method != BlendMethod::ImagePrompt) return networks;
    AddOns& add_ons = *tools_.add_ons;
    const auto path = [&](const char* kind, const std::string& name) {
      return need_add_on(*tools_.catalog, kind, name).path;
    };
    const auto adapter = path("ip_adapter", job.adapter);
    const auto encoder = path("image_encoder", job.encoder);
    networks.adapter = add_ons.ip_adapter(adapter, model, progress);
    networks.clip = add_ons.clip(encoder, progress);
    networks.adapter_name = add_ons.title_of(adapter, open_ip_adapter(adapter).path, progress);
    networks.clip_name = add_ons.title_of(encoder, open_clip(encoder).path, progress);
    return networks;
  }

  Runtime& runtime_;
  std::filesystem::path painting_;
  std::unique_ptr<Stylizer> stylizer_;  // of the computing thread
};

}  // namespace

std::vector<Field> blend_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields)
    if (field.name == "strength") {
      field.default_value = 0.6;
      field.what = "how far the start is painted over, where there is one";
    }
  const std::vector<Field> more = {
      {.name = "method",
       .default_value = "auto",
       .what = "image-prompt: an IP-Adapter reads the pictures; latents, style: no special weights",
       .choices = {"auto", "image-prompt", "latents", "style"}},
      {.name = "weights",
       .type = FieldType::Array,
       .default_value = Json::array(),
       .what = "one a picture; none: all alike",
       .maximum = std::size(kRoles),
       .items = FieldType::Number},
      {.name = "mode",
       .default_value = "merge",
       .what = "image prompts: the average of what is seen, or all of it at once",
       .choices = words(kModes)},
      {.name = "focus",
       .default_value = "everything",
       .what = "image prompts: which of the pictures' sides counts",
       .choices = words(kFocuses)},
      {.name = "scale",
       .type = FieldType::Number,
       .default_value = 1,
       .what = "image prompts: how much the pictures count against the text",
       .minimum = 0,
       .maximum = 2},
      {.name = "fit",
       .default_value = "crop",
       .what = "image prompts: how a picture meets the square encoder",
       .choices = words(kFits)},
      {.name = "start_from",
       .type = FieldType::Integer,
       .default_value = 0,
       .what = "image prompts: number of the picture to start from; 0: from noise",
       .minimum = 0,
       .maximum = std::size(kRoles)},
      {.name = "ip_adapter",
       .default_value = "",
       .what = "by id or name; empty: the only one",
       .maximum = 300},
      {.name = "image_encoder",
       .default_value = "",
       .what = "that the IP-Adapter was made with, by id or name; empty: the only one",
       .maximum = 300}};
  fields.insert(fields.end(), more.begin(), more.end());
  fields.push_back(control_field());
  return fields;
}

std::unique_ptr<JobRunner> make_blend_runner(DiffusionTools tools, Runtime& runtime,
                                             std::filesystem::path painting_assets) {
  return std::make_unique<BlendRunner>(std::move(tools), runtime, std::move(painting_assets));
}

}  // namespace pentimento
