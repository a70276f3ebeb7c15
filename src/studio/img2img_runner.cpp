#include "studio/img2img_runner.h"

#include "studio/control_json.h"
#include "studio/diffusion_run.h"

namespace pentimento {
namespace {

class Img2ImgRunner : public DiffusionRunner {
 public:
  using DiffusionRunner::DiffusionRunner;

  JobKind describe() const override {
    JobKind kind{.kind = "img2img",
                 .what = "repaint a picture as the prompt says",
                 .inputs = {{"source", "the picture to start from", true}},
                 .fields = img2img_fields(/*with_picture=*/true),
                 .unavailable = tools_.unavailable()};
    kind.fields.push_back(control_field());
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    Img2ImgJob job = img2img_job_from_json(request);
    tools_.decide(job.request, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/true);
    validate(job.request);
    return img2img_job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs& inputs) override {
    const Img2ImgJob job = img2img_job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const InputImage input = input_of(inputs, "source").value();
    const Timings timings(tools_.timings_file);
    return report_of(plan_img2img(*model, job.request, &input, *job.request.seed, &timings));
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const Img2ImgJob job = img2img_job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const InputImage input = input_of(inputs, "source").value();
    const Img2ImgPlan plan =
        plan_img2img(*run.model, job.request, &input, *job.request.seed, &run.timings);
    run.options.on_picture = [&](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request, *run.model, made);
      Img2ImgJob single{single_of(job.request, plan, index), job.choice};
      single.request.width = plan.width;
      single.request.height = plan.height;
      picture.request = img2img_job_to_json(single);
      port.picture(static_cast<int>(index), std::move(picture));
    };
    run_img2img(*run.model, job.request, plan, &input, run.options, port.progress);
  }
};

}  // namespace

std::unique_ptr<JobRunner> make_img2img_runner(DiffusionTools tools) {
  return std::make_unique<Img2ImgRunner>(std::move(tools));
}

}  // namespace pentimento
