// What painting only the masked region saves: a mask over a tenth of a 768x768 picture, painted
// once as a region and once with the whole picture, in one run, warm. Prints a JSON object.
//   edit_bench MODEL [--steps 10] [--rounds 3] [--precision auto] [--cache DIR]
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "measure.h"
#include "pipelines/inpaint.h"

namespace {

using namespace pentimento;
using bench::median;
using bench::seconds;

constexpr int kEdgePx = 768;
constexpr double kShare = 0.1;

struct Options : bench::Options {
  std::string model;
  int steps = 10;
};

// A photograph's worth of different pixels, and a white square over a tenth of them.
InputImage picture() {
  InputImage input{Image(kEdgePx, kEdgePx, 3), "waves", "waves"};
  for (size_t i = 0; i < input.image.pixels.size(); ++i)
    input.image.pixels[i] =
        static_cast<uint8_t>(127 + 120 * std::sin(static_cast<double>(i) * 0.01));
  return input;
}

InputImage square_mask() {
  InputImage mask{Image(kEdgePx, kEdgePx, 1), "square", "square"};
  const int edge = static_cast<int>(std::lround(kEdgePx * std::sqrt(kShare)));
  const int begin = (kEdgePx - edge) / 2;
  for (int y = begin; y < begin + edge; ++y)
    for (int x = begin; x < begin + edge; ++x) *mask.image.at(x, y) = 255;
  return mask;
}

void run(const Options& options) {
  Runtime runtime(options.runtime());
  LoadedModel model = load_model(runtime, options.model, {}, options.cache, {});
  const InputImage source = picture(), mask = square_mask();
  InpaintRequest request;
  request.base.steps = options.steps;
  request.base.strength = 1;
  request.base.cfg = 1;  // guidance would double both alike
  request.base.seed = 1;
  InpaintRequest whole = request;
  whole.base.width = whole.base.height = kEdgePx;
  request.only_masked = true;

  InpaintPlan plan;
  const auto paint = [&](const InpaintRequest& r) {
    model.remembered->forget();  // every run pays for its own encoding
    plan = plan_inpaint(model, r, source, mask, 1, nullptr);
    run_inpaint(model, r, plan, source, mask, {}, {});
  };
  paint(request);  // compiles
  const std::string sentence = plan.describe();
  paint(whole);
  std::vector<double> parts, wholes;
  for (int i = 0; i < options.rounds; ++i) {
    parts.push_back(seconds([&] { paint(request); }));
    wholes.push_back(seconds([&] { paint(whole); }));
  }
  std::cout << "{\"plan\": \"" << sentence << "\",\n \"precision\": \""
            << to_string(runtime.precision()) << "\", \"steps\": " << options.steps
            << ", \"region_seconds\": " << median(parts)
            << ", \"whole_seconds\": " << median(wholes)
            << ", \"ratio\": " << median(parts) / median(wholes) << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  return bench::main_of(
      argc, argv, "What painting only the masked region saves",
      [&](CLI::App& app) {
        app.add_option("model", options.model, "checkpoint")->required();
        app.add_option("--steps", options.steps, "of the schedule");
        options.declare(app);
      },
      [&] { run(options); });
}
