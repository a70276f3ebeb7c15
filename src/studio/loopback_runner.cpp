#include "studio/loopback_runner.h"

#include "pipelines/loopback.h"
#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/json_visitor.h"

namespace pentimento {
namespace {

constexpr Word<LoopCurve> kCurves[] = {{"linear", LoopCurve::Linear},
                                       {"aggressive", LoopCurve::Aggressive},
                                       {"lazy", LoopCurve::Lazy}};

struct LoopbackJob {
  LoopbackRequest request;
  ModelChoice choice;
};

template <typename Visitor, typename Request>
void visit(Visitor& field, Request& r) {
  field("loops", r.loops);
  field("final_strength", r.final_strength);
  field.word("curve", kCurves, r.curve);
}

LoopbackJob job_from_json(const Json& json) {
  LoopbackJob job;
  read_img2img(json, job.request.base, job.choice);
  Reader reader(json);
  visit(reader, job.request);
  return job;
}

Json job_to_json(const LoopbackJob& job) {
  Json json = img2img_to_json(job.request.base, job.choice);
  Writer writer;
  visit(writer, job.request);
  json.update(writer.json);
  return json;
}

class LoopbackRunner : public DiffusionRunner {
 public:
  using DiffusionRunner::DiffusionRunner;

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
    tools_.decide(job.request.base, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/true);
    validate(job.request);
    return job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const LoopbackJob job = job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const InputImage source = input_of(inputs, "source").value();
    const Timings timings(tools_.timings_file);
    PlanReport report =
        report_of(plan_loopback(*model, job.request, source, *job.request.base.seed, &timings));
    report.pictures *= job.request.loops;
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const LoopbackJob job = job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const InputImage source = input_of(inputs, "source").value();
    const Img2ImgPlan plan =
        plan_loopback(*run.model, job.request, source, *job.request.base.seed, &run.timings);
    run.options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request.base, *run.model, made);
      picture.request = job_to_json(job);  // a loop needs those before it
      port.picture(static_cast<int>(index), std::move(picture));
    };
    run_loopback(*run.model, job.request, plan, source, run.options, port.progress);
  }
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
