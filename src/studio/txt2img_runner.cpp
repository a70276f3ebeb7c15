#include "studio/txt2img_runner.h"

#include "studio/control_json.h"
#include "studio/diffusion_run.h"
#include "studio/txt2img_json.h"

namespace pentimento {
namespace {

class Txt2ImgRunner : public DiffusionRunner {
 public:
  Txt2ImgRunner(DiffusionTools tools, Enlarge enlarge)
      : DiffusionRunner(std::move(tools)), enlarge_(std::move(enlarge)) {}

  JobKind describe() const override {
    JobKind kind{.kind = "txt2img",
                 .what = "paint what the prompt says",
                 .fields = txt2img_fields(),
                 .unavailable = tools_.unavailable()};
    add_control_inputs(kind.inputs);
    return kind;
  }

  Json resolve(Json request, const JobInputs& inputs) const override {
    Txt2ImgJob job = txt2img_job_from_json(request);
    tools_.decide(job.request.base, job.choice);
    tools_.decide(job.choice.controls, inputs, /*from_picture=*/false);
    if (job.hires)
      validate(job.request);
    else
      validate(job.request.base);
    return txt2img_job_to_json(job);
  }

  PlanReport plan(const Json& request, const JobInputs&) override {
    const Txt2ImgJob job = txt2img_job_from_json(request);
    const auto model = tools_.load(job.choice, {});
    const Timings timings(tools_.timings_file);
    const uint64_t seed = *job.request.base.seed;
    if (!job.hires)
      return report_of(plan_img2img(*model, job.request.base, nullptr, seed, &timings));
    const HiresPlan plan = plan_hires(*model, job.request, seed, &timings);
    PlanReport report = report_of(plan.second);
    report.pictures = static_cast<int>(plan.first.seeds.size());
    report.steps_that_run = plan.first.model_calls + plan.second.model_calls;
    report.seconds.reset();
    if (plan.first.seconds && plan.second.seconds)
      report.seconds = *plan.first.seconds + *plan.second.seconds * report.pictures;
    report.sentence = plan.describe();
    return report;
  }

  void run(const Json& request, const JobInputs& inputs, const RunnerPort& port) override {
    const Txt2ImgJob job = txt2img_job_from_json(request);
    DiffusionRun run(tools_, job.choice, inputs, port);
    const uint64_t seed = *job.request.base.seed;
    if (job.hires) {
      const HiresPlan plan = plan_hires(*run.model, job.request, seed, &run.timings);
      run.options.on_picture = reporter(job, *run.model, plan.first, port);
      run_hires(*run.model, job.request, plan, enlarge_, run.options, port.progress);
    } else {
      const Img2ImgPlan plan =
          plan_img2img(*run.model, job.request.base, nullptr, seed, &run.timings);
      run.options.on_picture = reporter(job, *run.model, plan, port);
      run_img2img(*run.model, job.request.base, plan, nullptr, run.options, port.progress);
    }
  }

 private:
  // Everything it refers to outlives the run.
  std::function<void(size_t, const Img2ImgPicture&)> reporter(const Txt2ImgJob& job,
                                                              const LoadedModel& model,
                                                              const Img2ImgPlan& plan,
                                                              const RunnerPort& port) const {
    return [this, &job, &model, plan, &port](size_t index, const Img2ImgPicture& made) {
      RunnerPicture picture = tools_.picture(job.request.base, model, made);
      Txt2ImgJob single = job;
      single.request.base = single_of(job.request.base, plan, index);
      single.request.base.width = plan.width;
      single.request.base.height = plan.height;
      picture.request = txt2img_job_to_json(single);
      port.picture(static_cast<int>(index), std::move(picture));
    };
  }

  Enlarge enlarge_;
};

}  // namespace

std::unique_ptr<JobRunner> make_txt2img_runner(DiffusionTools tools, Enlarge enlarge) {
  return std::make_unique<Txt2ImgRunner>(std::move(tools), std::move(enlarge));
}

}  // namespace pentimento
