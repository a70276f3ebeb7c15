#include "studio/outpaint_runner.h"

#include "pipelines/outpaint.h"
#include "studio/diffusion_run.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<OutpaintFill> kFills[] = {{"blur", OutpaintFill::Blur},
                                         {"edge", OutpaintFill::Edge},
                                         {"mirror", OutpaintFill::Mirror},
                                         {"noise", OutpaintFill::Noise},
                                         {"patches", OutpaintFill::Patches}};

struct OutpaintJob {
  OutpaintRequest request;
  ModelChoice choice;
};

template <typename Visitor, typename Request>
void visit(Visitor& field, Request& r) {
  field("aspect", r.aspect);
  field.word("fill", kFills, r.fill);
  field("noise_detail", r.noise_detail);
  field("noise_colour", r.noise_colour);
  field("overlap", r.overlap_px);
  field("feather", r.feather_px);
  field("match_tone", r.match_tone);
}

OutpaintJob job_from_json(const Json& json) {
  OutpaintJob job;
  read_img2img(json, job.request.base, job.choice);
  Reader reader(json);
  visit(reader, job.request);
  const auto side = [&](const char* name, Extent& extent) {
    const std::string text = json.value(name, "0");
    extent = parse_extent(text.empty() ? "0" : text);
  };
  side("left", job.request.left);
  side("right", job.request.right);
  side("top", job.request.top);
  side("bottom", job.request.bottom);
  return job;
}

Json job_to_json(const OutpaintJob& job) {
  Json json = img2img_to_json(job.request.base, job.choice);
  Writer writer;
  visit(writer, job.request);
  json.update(writer.json);
  json["left"] = to_string(job.request.left);
  json["right"] = to_string(job.request.right);
  json["top"] = to_string(job.request.top);
  json["bottom"] = to_string(job.request.bottom);
  return json;
}

class OutpaintRunner : public DiffusionRunner {
 public:
  using DiffusionRunner::DiffusionRunner;

  JobKind describe() const override {
    return {.kind = "outpaint",
            .what = "let a picture grow beyond its borders",
            .inputs = {{"source", "the picture", true}},
            .fields = outpaint_fields(),
            .unavailable = tools_.unavailable()};
  }

  Json resolve(Json request, const JobInputs&) const override {
    OutpaintJob job = job_from_json(request);
    tools_.decide(job.request.base, job.choice);
    validate(job.request);
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const OutpaintJob job = job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const InputImage source = input_of(inputs, "source").value();
    const Timings timings(tools_.timings_file);
    const OutpaintPlan plan =
        plan_outpaint(*model, job.request, source, *job.request.base.seed, &timings);
    PlanReport report = report_of(plan.img2img);
    report.width = plan.result_width;
    report.height = plan.result_height;
    report.seconds = plan.seconds;
    report.sentence = plan.describe();
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const OutpaintJob job = job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const InputImage source = input_of(inputs, "source").value();
    const OutpaintPlan plan =
        plan_outpaint(*run.model, job.request, source, *job.request.base.seed, &run.timings);
    run.join_runs();  // of all passes of all pictures
    run.options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request.base, *run.model, made);
      OutpaintJob single = job;
      single.request.base = single_of(job.request.base, plan.img2img, index);
      picture.request = job_to_json(single);
      port.picture(static_cast<int>(index), std::move(picture));
    };
    run_outpaint(*run.model, job.request, plan, source, run.options, port.progress);
  }
};

Field side_field(const char* name) {
  return {.name = name,
          .default_value = "0",
          .what = "how far this side grows: pixels (\"128\") or percent (\"25%\")",
          .maximum = 12};
}

}  // namespace

std::vector<Field> outpaint_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  for (Field& field : fields)
    if (field.name == "strength") field.default_value = 0.8;
  const std::vector<Field> more = {
      side_field("left"),
      side_field("right"),
      side_field("top"),
      side_field("bottom"),
      {.name = "aspect",
       .type = FieldType::Number,
       .default_value = 0,
       .what = "width / height that the result should have; 0: as the sides say",
       .minimum = 0,
       .maximum = 100},
      {.name = "fill",
       .default_value = "patches",
       .what = "what lies in the new part before it is painted",
       .choices = words(kFills)},
      {.name = "noise_detail",
       .type = FieldType::Number,
       .default_value = 1,
       .what = "of the fill noise: the lower, the more details",
       .minimum = 0,
       .maximum = 4},
      {.name = "noise_colour",
       .type = FieldType::Number,
       .default_value = 0.05,
       .what = "of the fill noise: how much it varies in colour",
       .minimum = 0,
       .maximum = 1},
      {.name = "overlap",
       .type = FieldType::Integer,
       .default_value = 32,
       .what = "pixels that the model repaints of what is known",
       .minimum = 16,
       .maximum = 256},
      {.name = "feather",
       .type = FieldType::Integer,
       .default_value = 16,
       .what = "pixels of that which are mixed into the result, 0..overlap",
       .minimum = 0,
       .maximum = 256},
      {.name = "match_tone",
       .type = FieldType::Boolean,
       .default_value = true,
       .what = "take out a shift of colour where old and new meet"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::unique_ptr<JobRunner> make_outpaint_runner(DiffusionTools tools) {
  return std::make_unique<OutpaintRunner>(std::move(tools));
}

}  // namespace pentimento
