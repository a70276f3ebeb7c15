#include "studio/loopback_runner.h"

#include "pipelines/loopback.h"
#include "studio/control_json.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<LoopCurve> kCurves[] = {{"linear", LoopCurve::Linear},
                                       {"aggressive", LoopCurve::Aggressive},
                                       {"lazy", LoopCurve::Lazy}};

struct LoopbackJob {
  LoopbackRequest request;
  std::string model, vae, text_encoder;
  std::vector<ControlUnit> controls = {};
};

template <typename Visitor, typename Request>
void visit(Visitor& field, Request& r) {
  field("loops", r.loops);
  field("final_strength", r.final_strength);
  field.word("curve", kCurves, r.curve);
}

LoopbackJob job_from_json(const Json& json) {
  Img2ImgJob base = img2img_job_from_json(json);
  LoopbackJob job{.model = base.model, .vae = base.vae, .text_encoder = base.text_encoder};
  job.request.base = std::move(base.request);
  job.controls = std::move(base.controls);
  Reader reader(json);
  visit(reader, job.request);
  return job;
}

Json job_to_json(const LoopbackJob& job) {
  Json json =
      img2img_job_to_json({job.request.base, job.model, job.vae, job.text_encoder, job.controls});
  Writer writer;
  visit(writer, job.request);
  json.update(writer.json);
  return json;
}

class LoopbackRunner : public JobRunner {
 public:
  explicit LoopbackRunner(DiffusionTools tools) : tools_(std::move(tools)) {}

  JobKind describe() const override {
    JobKind kind{.kind = "loopback",
                 .what = "repaint a picture again and again, each result the next one's source",
                 .inputs = {{"source", "the picture to start from", true}},
                 .fields = loopback_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    LoopbackJob job = job_from_json(request);
    Img2ImgJob base{job.request.base, job.model, job.vae, job.text_encoder};
    tools_.decide(base);
    job.model = base.model;
    job.vae = base.vae;
    job.text_encoder = base.text_encoder;
    job.request.base = base.request;
    tools_.decide(job.controls, inputs, /*from_picture=*/true);
    validate(job.request);
    return job_to_json(job);
  }

  bool plans_quickly(const Json& request) const override { return tools_.loads_quickly(request); }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const LoopbackJob job = job_from_json(request);
    const auto model = tools_.load({job.model, job.vae, job.text_encoder}, {});
    const InputImage source = input_of(inputs, "source").value();
    const Timings timings(tools_.timings_file);
    PlanReport report =
        report_of(plan_loopback(*model, job.request, source, *job.request.base.seed, &timings));
    report.pictures *= job.request.loops;
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const LoopbackJob job = job_from_json(request);
    port.progress.at("load", 0, 1);
    const auto model = tools_.load({job.model, job.vae, job.text_encoder}, port.progress);
    const InputImage source = input_of(inputs, "source").value();
    Timings timings(tools_.timings_file);
    const Img2ImgPlan plan =
        plan_loopback(*model, job.request, source, *job.request.base.seed, &timings);
    const Controls controls = tools_.controls(job.controls, inputs, *model, port.progress);
    Img2ImgOptions options = tools_.options(*model, timings, port);
    controls.steer(options);
    options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request.base, *model, made);
      picture.request = job_to_json(job);  // a loop needs those before it
      port.picture(static_cast<int>(index), std::move(picture));
    };
    run_loopback(*model, job.request, plan, source, options, port.progress);
  }

  void unload() override { tools_.unload(); }

 private:
  DiffusionTools tools_;
};

}  // namespace

std::vector<Field> loopback_fields() {
  std::vector<Field> fields = img2img_fields(/*with_picture=*/true);
  fields.push_back({.name = "loops",
                    .type = FieldType::Integer,
                    .default_value = 4,
                    .what = "how often",
                    .minimum = 1,
                    .maximum = 32});
  fields.push_back({.name = "final_strength",
                    .type = FieldType::Number,
                    .default_value = 0.5,
                    .what = "of the last loop; `strength` is that of the first",
                    .minimum = 0,
                    .maximum = 1});
  fields.push_back({.name = "curve",
                    .default_value = "linear",
                    .what = "how fast the strength gets there",
                    .choices = words(kCurves)});
  fields.push_back(control_field());
  return fields;
}

std::unique_ptr<JobRunner> make_loopback_runner(DiffusionTools tools) {
  return std::make_unique<LoopbackRunner>(std::move(tools));
}

}  // namespace pentimento
