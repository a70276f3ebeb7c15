// The verb bench: how fast a model runs on this computer, part by part.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/memory.h"
#include "cli/context.h"
#include "cli/model_path.h"
#include "pipelines/conditioning.h"
#include "pipelines/loaded_model.h"
#include "studio/result_json.h"

namespace pentimento {
namespace {

struct Arguments {
  std::string model;
  int width = 0, height = 0, runs = 3;
};

class Bench {
 public:
  Bench(int runs, Terminal& terminal) : runs_(runs), terminal_(terminal) {}
  // The first call compiles; the median of the following ones is what a long run sees.
  template <typename Function>
  void time(const std::string& part, Function function) {
    terminal_.say("measuring " + part);
    BenchRow row{.part = part, .first_seconds = once(function), .seconds = {}};
    for (int i = 0; i < runs_; ++i) row.seconds.push_back(once(function));
    std::sort(row.seconds.begin(), row.seconds.end());
    rows_.push_back(std::move(row));
  }
  std::vector<BenchRow> take() { return std::move(rows_); }

 private:
  template <typename Function>
  static double once(Function function) {
    const auto began = std::chrono::steady_clock::now();
    function();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }
  int runs_;
  Terminal& terminal_;
  std::vector<BenchRow> rows_;
};

void run(Context& context, const Arguments& a) {
  Terminal terminal(context.talk());
  const Progress progress = terminal.progress(context.cancel);
  Runtime runtime(context.runtime_options());
  LoadedModel model =
      load_model(runtime, find_model(context, a.model), {}, context.paths.cache, progress);
  const ModelConfig& config = model.config();
  const int factor = config.vae.scale_factor;
  const int width = (a.width ? a.width : config.native_size_px) / factor * factor;
  const int height = (a.height ? a.height : config.native_size_px) / factor * factor;

  Bench bench(a.runs, terminal);
  StableDiffusion& networks = *model.networks;
  const ConditioningOptions options{.width = width, .height = height};
  EncodedPrompt prompt;
  bench.time("text", [&] {
    prompt =
        encode_prompt(networks, *model.tokenizer, "a cat", PromptRole::Positive, options, progress);
  });
  const auto& entry = prompt.parts[0].entries[0];
  const int h = height / factor, w = width / factor;
  const Tensor latent({1, config.vae.latent_channels, h, w}, 0.1f);
  UnetCondition condition{.context = entry.context, .added = entry.added, .concat = {}};
  if (const int extra = config.unet.in_channels - config.vae.latent_channels; extra > 0)
    condition.concat = Tensor({1, extra, h, w});
  const auto prepared = networks.prepare(condition, h, w, progress);
  const std::vector<std::shared_ptr<const StableDiffusion::Prepared>> both{prepared, prepared};
  bench.time("unet step with guidance", [&] { networks.predict(latent, 500, both, progress); });
  bench.time("decode", [&] { networks.decode(latent, progress); });
  bench.time("encode", [&] { networks.encode(Tensor({1, 3, height, width}), progress); });
  terminal.finish();

  const auto rows = bench.take();
  if (context.json) {
    std::cout << bench_json(rows, width, height, to_string(model.runtime.precision),
                            networks.compile_records())
              << "\n";
    return;
  }
  std::printf("%s, %dx%d, %s on %s\n", model.name.c_str(), width, height,
              to_string(model.runtime.precision), model.runtime.device.c_str());
  for (const BenchRow& row : rows)
    std::printf("  %-24s first %7.2f s   then %7.3f s (%.3f to %.3f)\n", row.part.c_str(),
                row.first_seconds, row.seconds[row.seconds.size() / 2], row.seconds.front(),
                row.seconds.back());
  std::printf("  peak memory %.2f GB\n", static_cast<double>(peak_memory_bytes()) / 1e9);
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("bench", "measure a model on this computer");
  verb->add_option("-m,--model", a->model, "checkpoint, or its name in the models folder");
  verb->add_option("--width", a->width, "pixels; default: the model's native size")
      ->check(CLI::Range(64, 8192));
  verb->add_option("--height", a->height, "pixels")->check(CLI::Range(64, 8192));
  verb->add_option("--runs", a->runs, "measurements of each part")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_models_dir_option(*verb, context.model_folders);
  add_runtime_options(*verb, context);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
