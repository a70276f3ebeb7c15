#include "studio/inpaint_runner.h"

#include "pipelines/inpaint.h"
#include "studio/control_json.h"
#include "studio/inpaint_json.h"

namespace pentimento {
namespace {

class InpaintRunner : public JobRunner {
 public:
  explicit InpaintRunner(DiffusionTools tools) : tools_(std::move(tools)) {}

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
    Img2ImgJob base{job.request.base, job.model, job.vae, job.text_encoder};
    tools_.decide(base);
    job.model = base.model;
    job.vae = base.vae;
    job.text_encoder = base.text_encoder;
    job.request.base = base.request;
    tools_.decide(job.controls, inputs, /*from_picture=*/true);
    validate(job.request);
    return inpaint_job_to_json(job);
  }

  bool plans_quickly(const Json& request) const override { return tools_.loads_quickly(request); }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const InpaintJob job = inpaint_job_from_json(request);
    const auto model = tools_.load({job.model, job.vae, job.text_encoder}, {});
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
    port.progress.at("load", 0, 1);
    const auto model = tools_.load({job.model, job.vae, job.text_encoder}, port.progress);
    const InputImage picture = input_of(inputs, "source").value();
    const InputImage mask = input_of(inputs, "mask").value();
    Timings timings(tools_.timings_file);
    const InpaintPlan plan =
        plan_inpaint(*model, job.request, picture, mask, *job.request.base.seed, &timings);
    const Controls controls = tools_.controls(job.controls, inputs, *model, port.progress);
    Img2ImgOptions options = tools_.options(*model, timings, port);
    controls.steer(options);
    options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture finished = tools_.picture(job.request.base, *model, made);
      InpaintJob single = job;
      single.request.base = single_of(job.request.base, plan.img2img, index);
      finished.request = inpaint_job_to_json(single);
      port.picture(static_cast<int>(index), std::move(finished));
    };
    run_inpaint(*model, job.request, plan, picture, mask, options, port.progress);
  }

  void unload() override { tools_.unload(); }

 private:
  DiffusionTools tools_;
};

}  // namespace

std::unique_ptr<JobRunner> make_inpaint_runner(DiffusionTools tools) {
  return std::make_unique<InpaintRunner>(std::move(tools));
}

}  // namespace pentimento
