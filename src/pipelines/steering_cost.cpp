#include "pipelines/steering_cost.h"

#include "pipelines/control_stack.h"
#include "pipelines/memory_available.h"

namespace pentimento {
namespace {

// Evaluations of all controls for one picture, in branches of guidance.
double evaluations(const Img2ImgPlan& plan, const std::vector<Control>& controls) {
  double count = 0;
  for (const Control& control : controls)
    for (int call = 0; call < plan.model_calls; ++call)
      if (at_work(control, call, plan.model_calls))
        count += plan.cfg == 1.0 || positive_only(control) ? 1 : 2;
  return count;
}

}  // namespace

std::string look_key(const Clip& clip, const LoadedModel& model) {
  return "look " + std::to_string(clip.vision().hidden_size) + " " +
         to_string(model.runtime.precision) + " " + model.runtime.device;
}

void count_steering(Img2ImgPlan& plan, const LoadedModel& model, const SteeringCost& cost,
                    const Timings* timings) {
  for (const Control& control : cost.controls)
    plan.memory_bytes += control.network->estimate_bytes(plan.width, plan.height);
  if (cost.adapter) plan.memory_bytes += cost.adapter->estimate_bytes();
  if (cost.clip) plan.memory_bytes += cost.clip->estimate_bytes();
  check_memory(plan, memory_available_to(*model.networks));

  const auto add = [&](std::optional<double> seconds) {
    if (!seconds)
      plan.seconds.reset();
    else if (plan.seconds)
      *plan.seconds += *seconds;
  };
  const double work = evaluations(plan, cost.controls) * plan.width * plan.height *
                      static_cast<double>(plan.seeds.size());
  if (work > 0) add(timings ? timings->seconds(model.timing_key("control"), work) : std::nullopt);
  if (cost.clip && cost.pictures > 0)
    add(timings ? timings->seconds(look_key(*cost.clip, model), static_cast<double>(cost.pictures))
                : std::nullopt);
}

}  // namespace pentimento
