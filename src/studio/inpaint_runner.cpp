#include "studio/inpaint_runner.h"

#include "pipelines/inpaint.h"
#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/inpaint_json.h"

namespace pentimento {
namespace {

class InpaintRunner : public DiffusionRunner {
 public:
  using DiffusionRunner::DiffusionRunner;

  JobKind describe() const override {
    JobKind kind{.kind = "inpaint",
                 .what = "repaint the masked part of a picture",
                 .inputs = {{"source", "the picture", true}, {"mask", "white = repaint", true}},
                 .fields = inpaint_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    InpaintJob job = inpaint_job_from_json(request);
    tools_.decide(job.request.base, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/true);
    validate(job.request);
    return inpaint_job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const InpaintJob job = inpaint_job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const InputImage picture = input_of(inputs, "source").value();
    const InputImage mask = input_of(inputs, "mask").value();
    const Timings timings(tools_.timings_file);
    const InpaintPlan plan =
        plan_inpaint(*model, job.request, picture, mask, *job.request.base.seed, &timings);
    PlanReport report = report_of(plan.img2img);
    report.width = plan.result_width;
    report.height = plan.result_height;
    report.sentence = plan.describe();
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const InpaintJob job = inpaint_job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const InputImage picture = input_of(inputs, "source").value();
    const InputImage mask = input_of(inputs, "mask").value();
    const InpaintPlan plan =
        plan_inpaint(*run.model, job.request, picture, mask, *job.request.base.seed, &run.timings);
    run.options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture finished = tools_.picture(job.request.base, *run.model, made);
      InpaintJob single = job;
      single.request.base = single_of(job.request.base, plan.img2img, index);
      finished.request = inpaint_job_to_json(single);
      port.picture(static_cast<int>(index), std::move(finished));
    };
    run_inpaint(*run.model, job.request, plan, picture, mask, run.options, port.progress);
  }
};

}  // namespace

std::unique_ptr<JobRunner> make_inpaint_runner(DiffusionTools tools) {
  return std::make_unique<InpaintRunner>(std::move(tools));
}

}  // namespace pentimento
