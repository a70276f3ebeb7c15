#include "pipelines/loopback.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "pipelines/problems.h"

namespace pentimento {
namespace {

const char* name_of(LoopCurve curve) {
  switch (curve) {
    case LoopCurve::Aggressive:
      return "Aggressive";
    case LoopCurve::Linear:
      return "Linear";
    case LoopCurve::Lazy:
      return "Lazy";
  }
  return "Linear";
}

// Loop `index` of chain `chain`: one picture, every choice pinned.
Img2ImgRequest request_of_loop(const LoopbackRequest& r, const Img2ImgPlan& plan, size_t chain,
                               int index) {
  Img2ImgRequest loop = r.base;
  const auto number = chain * static_cast<size_t>(r.loops) + static_cast<size_t>(index);
  loop.batch = 1;
  loop.seed = (plan.seeds.at(0) + number) & 0xffffffff;
  loop.subseed = plan.subseeds.at(0);
  loop.strength = strength_of_loop(r, index);
  loop.width = plan.width;
  loop.height = plan.height;
  if (index > 0) loop.resize_mode = ResizeMode::Stretch;  // it has its size already
  return loop;
}

bool is_done(const Img2ImgOptions& options, size_t first, size_t count) {
  if (!options.is_done) return false;
  for (size_t index = first; index < first + count; ++index)
    if (!options.is_done(index)) return false;
  return true;
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

std::vector<std::string> problems_of(const LoopbackRequest& r) {
  Problems problems(problems_of(r.base));
  problems.range("loops", r.loops, 1, 32);
  problems.range("final_strength", r.final_strength, 0.0, 1.0);
  return problems.take();
}

void validate(const LoopbackRequest& request) { refuse(problems_of(request)); }

double strength_of_loop(const LoopbackRequest& r, int index) {
  if (index == 0 || r.loops < 2) return r.base.strength;
  const double p = static_cast<double>(index) / (r.loops - 1);
  const double quarter = std::numbers::pi / 2;
  const double share = r.curve == LoopCurve::Aggressive ? std::sin(quarter * p)
                       : r.curve == LoopCurve::Lazy     ? 1 - std::cos(quarter * p)
                                                        : p;
  return std::clamp(r.base.strength + (r.final_strength - r.base.strength) * share, 0.0, 1.0);
}

Img2ImgPlan plan_loopback(const LoadedModel& model, const LoopbackRequest& r,
                          const InputImage& picture, uint64_t random_seed, const Timings* timings) {
  validate(r);
  Img2ImgPlan plan = plan_img2img(model, r.base, &picture, random_seed, timings);
  if (plan.seconds) *plan.seconds *= r.loops;
  return plan;
}

std::vector<Img2ImgPicture> run_loopback(LoadedModel& model, const LoopbackRequest& r,
                                         const Img2ImgPlan& plan, const InputImage& picture,
                                         const Img2ImgOptions& options, const Progress& progress) {
  const size_t loops = static_cast<size_t>(r.loops);
  std::vector<Img2ImgPicture> pictures;
  for (size_t chain = 0; chain < static_cast<size_t>(r.base.batch); ++chain) {
    if (is_done(options, chain * loops, loops)) continue;
    std::optional<JoinedRuns> memory;
    if (options.memory) memory.emplace(*options.memory);
    Img2ImgOptions one = options;
    one.memory = memory ? &*memory : nullptr;
    one.is_done = {};
    one.on_picture = {};
    InputImage source = picture;
    for (int index = 0; index < r.loops; ++index) {
      const Img2ImgRequest loop = request_of_loop(r, plan, chain, index);
      const Img2ImgPlan loop_plan = plan_img2img(model, loop, &source, *loop.seed, options.timings);
      auto made = run_img2img(model, loop, loop_plan, &source, one, progress);
      made[0].infotext.set("Final denoising strength", shown(r.final_strength));
      made[0].infotext.set("Denoising curve", name_of(r.curve));
      if (options.on_picture)
        options.on_picture(chain * loops + static_cast<size_t>(index), made[0]);
      source.image = made[0].image;
      pictures.push_back(std::move(made[0]));
    }
  }
  return pictures;
}

}  // namespace pentimento
