// What switching between two models costs: seconds from asking for a model until its first UNet
// step can begin (prompt encoded, networks ready), for A, B, and A again: what it took until that
// step was done, less the quickest step of that model in the whole run. (Less a step of its own,
// the noise of one step decided the sign.) Prints a JSON object.
//   switch_bench A B [--limit BYTES] [--size 512] [--rounds 3] [--precision auto] [--cache DIR]
// --limit: what networks of all models may hold, so that the other model's have to leave; 0: as
// much as the computer has to give. A and B may be one file under two names.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "measure.h"
#include "pipelines/conditioning.h"
#include "pipelines/loaded_model.h"
#include "runtime/resident_memory.h"

namespace {

using namespace pentimento;
using bench::median;
using Clock = std::chrono::steady_clock;

struct Options : bench::Options {
  std::vector<std::string> models;
  uint64_t limit_bytes = 0;
  int size_px = 512;
};

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// From being asked until the first evaluation of the UNet for a new prompt, with guidance, is done;
// and what such an evaluation takes by itself.
struct Started {
  double all, step;
};

Started first_step_after(LoadedModel& model, const std::string& prompt, int size_px,
                         Clock::time_point asked) {
  const ModelConfig& config = model.config();
  const int edge = size_px / config.vae.scale_factor;
  const ConditioningOptions options{.width = size_px, .height = size_px};
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> conditions;
  for (const auto& [text, role] :
       {std::pair(prompt, PromptRole::Positive), std::pair(std::string(), PromptRole::Negative)}) {
    const EncodedPrompt encoded =
        encode_prompt(*model.networks, *model.tokenizer, text, role, options, {});
    const auto& entry = encoded.parts.at(0).entries.at(0);
    UnetCondition condition{.context = entry.context, .added = entry.added, .concat = {}};
    conditions.push_back(model.networks->prepare(condition, edge, edge, {}));
  }
  const Tensor latent({1, config.vae.latent_channels, edge, edge}, 0.1f);
  model.networks->predict(latent, 500, conditions, {});
  const double all = since(asked);
  const auto again = Clock::now();
  model.networks->predict(latent, 500, conditions, {});
  return {all, since(again)};
}

std::string list(const std::vector<double>& values) {
  std::string text = "[";
  for (const double value : values)
    text += (text.size() > 1 ? ", " : "") + std::to_string(value).substr(0, 5);
  return text + "]";
}

void run(const Options& options) {
  Runtime runtime(options.runtime());
  limit_resident_bytes(runtime, options.limit_bytes);
  std::vector<LoadedModel> models;  // held, as the server holds the last four
  std::vector<std::vector<Started>> starts(options.models.size());
  for (size_t i = 0; i < options.models.size(); ++i) {
    const auto asked = Clock::now();
    models.push_back(load_model(runtime, options.models[i], {}, options.cache, {}));
    starts[i].push_back(first_step_after(models[i], "a cat", options.size_px, asked));
  }
  for (int round = 0; round < options.rounds; ++round)
    for (size_t i = 0; i < models.size(); ++i)
      starts[i].push_back(first_step_after(models[i], "a dog, number " + std::to_string(round),
                                           options.size_px, Clock::now()));
  std::vector<double> first, back, steps;
  for (const auto& of_model : starts) {
    double quickest = of_model[0].step;
    for (const Started& start : of_model) quickest = std::min({quickest, start.step, start.all});
    steps.push_back(quickest);
    first.push_back(of_model[0].all - quickest);
    for (size_t k = 1; k < of_model.size(); ++k) back.push_back(of_model[k].all - quickest);
  }
  std::cout << "{\"precision\": \"" << to_string(runtime.precision())
            << "\", \"size_px\": " << options.size_px
            << ", \"limit_bytes\": " << options.limit_bytes
            << ", \"quickest_step_s\": " << list(steps) << ", \"first_s\": " << list(first)
            << ", \"switching_back_s\": " << list(back)
            << ", \"switching_back_median_s\": " << median(back)
            << ", \"ratio_to_first\": " << median(back) / first[0]
            << ", \"held_bytes\": " << resident_bytes(runtime) << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  return bench::main_of(
      argc, argv, "What switching between two models costs",
      [&](CLI::App& app) {
        app.add_option("models", options.models, "two checkpoints")->required()->expected(2);
        app.add_option("--limit", options.limit_bytes, "bytes that networks may hold; 0: no limit");
        app.add_option("--size", options.size_px, "edge of the picture in pixels");
        options.declare(app);
      },
      [&] { run(options); });
}
