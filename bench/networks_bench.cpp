// Times the networks of a model one by one and prints a JSON object: what bench/compare.py sets
// beside other engines.
//   networks_bench MODEL [--size 512] [--rounds 3] [--precision bf16] [--cache DIR] [--batch 2]
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <string>

#include "base/memory.h"
#include "measure.h"
#include "runtime/stable_diffusion.h"

namespace {

using namespace pentimento;
using bench::seconds;

struct Options : bench::Options {
  std::string model;
  int size = 512, batch = 2;
  bool apart = false;
};

void print_list(const char* name, const std::vector<double>& values) {
  std::cout << ",\n \"" << name << "\": [";
  for (size_t i = 0; i < values.size(); ++i) std::cout << (i ? ", " : "") << values[i];
  std::cout << "]";
}

void run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Runtime runtime(options.runtime());
  const auto model = StableDiffusion::load(runtime, open_checkpoint(options.model),
                                           /*weights_id=*/"bench " + options.model);
  const ModelConfig& config = model->config();
  const int latent_edge = options.size / config.vae.scale_factor;

  Tensor context;
  const double text = seconds([&] {
    std::vector<int64_t> tokens(77, 49407);
    tokens[0] = 49406;
    for (int i = 1; i < 12; ++i) tokens[i] = 320 + 100 * i;
    int64_t width = 0;
    std::vector<Tensor> parts;
    for (size_t i = 0; i < config.text.size(); ++i) {
      parts.push_back(model->encode_text(i, tokens, 1, {}).hidden);
      width += parts.back().dim(2);
    }
    context = Tensor({1, 77, width});
    auto out = context.data.begin();
    for (int64_t t = 0; t < 77; ++t)
      for (const Tensor& part : parts)
        out = std::copy_n(part.data.begin() + t * part.dim(2), part.dim(2), out);
  });

  Tensor picture({1, 3, options.size, options.size});
  for (size_t i = 0; i < picture.size(); ++i)
    picture.data[i] = std::sin(static_cast<float>(i) * 0.001f);
  if (!options.apart)
    model->expect(std::vector<int64_t>(static_cast<size_t>(options.batch), 77), latent_edge,
                  latent_edge);
  Tensor latent;
  const double encode = seconds([&] { latent = model->encode(picture, {}); });

  UnetCondition condition{.context = context};
  if (config.unet.added_channels) condition.added = Tensor({1, config.unet.added_channels}, 0.1f);
  std::vector<std::shared_ptr<const StableDiffusion::Prepared>> conditions;
  const double prepare = seconds([&] {
    for (int i = 0; i < options.batch; ++i)
      conditions.push_back(model->prepare(condition, latent_edge, latent_edge, {}));
  });

  std::vector<double> steps, decodes;
  double mean_square = 0;
  const auto before_step = std::chrono::steady_clock::now();
  for (int i = 0; i < options.rounds + 1; ++i)
    steps.push_back(seconds([&] {
      const auto predictions = model->predict(latent, 900 - i, conditions, {});
      mean_square = 0;
      for (float v : predictions[0].data)
        mean_square += double{v} * v / static_cast<double>(predictions[0].size());
    }));
  for (int i = 0; i < options.rounds + 1; ++i)
    decodes.push_back(seconds([&] { model->decode(latent, {}); }));

  std::cout << "{\"precision\": \"" << to_string(runtime.precision())
            << "\", \"size\": " << options.size << ", \"batch\": " << options.batch
            << ",\n \"networks\": {";
  bool first = true;
  for (const auto& record : model->compile_records()) {
    std::cout << (first ? "" : ", ") << "\"" << record.network
              << "\": {\"seconds\": " << record.seconds
              << ", \"from_cache\": " << (record.from_cache ? "true" : "false") << "}";
    first = false;
  }
  // To the first step: everything before it, and by how much it took longer than the next one (the
  // UNet's compiling).
  const double to_first_step = std::chrono::duration<double>(before_step - start).count() +
                               std::max(0.0, steps[0] - steps[1]);
  std::cout << "},\n \"text\": " << text << ", \"encode\": " << encode
            << ", \"prepare\": " << prepare << ", \"to_first_step\": " << to_first_step
            << ", \"rms\": " << std::sqrt(mean_square);
  print_list("step", std::vector<double>(steps.begin() + 1, steps.end()));
  print_list("decode", std::vector<double>(decodes.begin() + 1, decodes.end()));
  std::cout << ",\n \"peak_bytes\": " << peak_memory_bytes()
            << ", \"estimated_bytes\": " << model->estimate_bytes(options.size, options.size)
            << ", \"cache_bytes\": " << runtime.cache_bytes() << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  return bench::main_of(
      argc, argv, "Times the networks of a model one by one",
      [&](CLI::App& app) {
        app.add_option("model", options.model, "checkpoint")->required();
        app.add_option("--size", options.size, "edge of the picture in pixels");
        app.add_flag("--apart", options.apart,
                     "compile the UNet after the encoding, not beside it");
        app.add_option("--batch", options.batch, "conditions evaluated together");
        options.declare(app);
      },
      [&] { run(options); });
}
