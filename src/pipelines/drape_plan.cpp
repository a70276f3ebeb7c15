// Try-on by CatVTON: what can be asked, what will run, how long.
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "image/mask.h"
#include "pipelines/drape.h"
#include "pipelines/memory_available.h"
#include "pipelines/problems.h"

namespace pentimento {
namespace {

[[noreturn]] void refuse_input(const std::string& what) {
  throw Error(ErrorKind::InvalidArgument, "try-on: " + what);
}

void expect_size(const char* what, const Image& mask, const char* whose, const Image& picture) {
  if (mask.width == picture.width && mask.height == picture.height) return;
  refuse_input(std::string(what) + " of " + std::to_string(mask.width) + "x" +
               std::to_string(mask.height) + ", expected " + whose + " size of " +
               std::to_string(picture.width) + "x" + std::to_string(picture.height));
}

bool is_empty(const Image& mask) {
  const Image grey = mask_from_image(mask, MaskRounding::Keep);
  return std::ranges::none_of(grey.pixels, [](uint8_t v) { return v > 127; });
}

void check_inputs(const DrapeModel& model, const DrapeInputs& inputs) {
  if (!inputs.garment || !inputs.person)
    refuse_input("CatVTON dresses a person; it needs a picture of one beside the garment's");
  if (inputs.garment_mask) {
    expect_size("a garment mask", inputs.garment_mask->image, "the garment picture's",
                inputs.garment->image);
    if (is_empty(inputs.garment_mask->image))
      refuse_input("the garment mask is empty; paint the garment white");
  }
  if (!model.needs_mask && inputs.mask)
    refuse_input("the mask-free weights take no mask; leave it out");
  if (!model.needs_mask) return;
  if (!inputs.mask)
    refuse_input(
        "these weights need a mask of where the garment goes on the person, white; the mask-free "
        "weights need none");
  expect_size("a mask", inputs.mask->image, "the person's", inputs.person->image);
  if (is_empty(inputs.mask->image))
    refuse_input("the mask is empty; paint white where the garment goes");
}

}  // namespace

std::string DrapeModel::timing_key(const char* what) const {
  return std::string(what) + " " + std::to_string(networks->config().unet.block_out_channels[0]) +
         " " + to_string(runtime.precision) + " " + runtime.device;
}

std::vector<std::string> problems_of(const DrapeRequest& request) {
  Problems problems;
  for (const auto& [field, value] : {std::pair{"width", request.width}, {"height", request.height}})
    if (value < 64 || value > 2048 || value % 8)
      problems.add(std::string(field) + " is " + std::to_string(value) +
                   ", expected a multiple of 8 from 64 to 2048");
  problems.range("steps", request.steps, 1, 1000);
  problems.range("cfg", request.cfg, 1.0, 30.0);
  problems.range("eta", request.eta, 0.0, 1.0);
  problems.range("seed", request.seed.value_or(0), uint64_t{0}, uint64_t{4294967295});
  return problems.take();
}

std::string DrapePlan::describe() const {
  char text[160];
  std::snprintf(text, sizeof text, "drapes the garment by CatVTON%s: %d steps at %dx%d",
                needs_mask ? "" : " (mask-free)", steps, width, height);
  std::string line = text;
  if (seconds) {
    std::snprintf(text, sizeof text, *seconds < 10 ? ", about %.1f s" : ", about %.0f s", *seconds);
    line += text;
  }
  return line;
}

DrapePlan plan_drape(const DrapeModel& model, const DrapeRequest& request,
                     const DrapeInputs& inputs, uint64_t random_seed, const Timings* timings) {
  refuse(problems_of(request));
  check_inputs(model, inputs);
  DrapePlan plan{.width = request.width,
                 .height = request.height,
                 .steps = request.steps,
                 .needs_mask = model.needs_mask,
                 .seed = request.seed.value_or(random_seed),
                 .memory_bytes = 0,
                 .seconds = {}};
  // Person and garment are one picture of twice the size.
  plan.memory_bytes = model.networks->estimate_bytes(plan.width, 2 * plan.height);
  const Img2ImgPlan needs{
      .width = plan.width, .height = plan.height, .memory_bytes = plan.memory_bytes};
  check_memory(needs, memory_available_to(*model.networks));
  const double pixels = double(plan.width) * plan.height * (request.cfg == 1 ? 1 : 2);
  if (timings)
    if (const auto call = timings->seconds(model.timing_key("drape"), pixels))
      plan.seconds = std::max(1, plan.steps - 1) * *call;  // as many calls as DDIM makes
  return plan;
}

}  // namespace pentimento
