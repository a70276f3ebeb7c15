// The verb inspect: what a model file is, from its tensors.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "studio/result_json.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

// 859520964 -> "860 million".
std::string spoken_count(int64_t count) {
  if (count < 1'000'000) return std::to_string(count);
  if (count < 10'000'000'000) return std::to_string((count + 500'000) / 1'000'000) + " million";
  return std::to_string(count / 1'000'000'000) + " billion";
}

void run(const Context& context, const std::string& path) {
  const ModelSummary summary = summarise(path);
  if (context.json) std::cout << summary_json(path, summary) << "\n";
  if (!summary.readable) throw Error(ErrorKind::CorruptFile, summary.reason);
  if (context.json) return;
  std::cout << path << ": " << summary.kind_sentence << "\n";
  if (!summary.family.empty())
    std::cout << "  family      " << summary.family << " " << summary.variant << "\n";
  std::cout << "  parameters  " << spoken_count(summary.parameters) << " in " << summary.tensors
            << " tensors, mostly " << summary.precision << "\n";
  for (const std::string& note : summary.notes) std::cout << "  note        " << note << "\n";
  for (const auto& [key, value] : summary.metadata)
    std::cout << "  " << key << ": " << (value.size() > 200 ? value.substr(0, 200) + "…" : value)
              << "\n";
  if (!summary.usable && !summary.reason.empty())
    std::cout << "  cannot be used: " << summary.reason << "\n";
  if (summary.usable && summary.kind == "checkpoint")
    std::cout << "try: pentimento img2img photo.jpg --model \"" << path
              << "\" --prompt \"a watercolour\"\n";
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* verb =
      app.add_subcommand("inspect", "say what a model file is and whether it can be used");
  verb->add_option("model", *path, "a .safetensors or .ckpt file, or a diffusers folder")
      ->required();
  add_json_option(*verb, context);
  verb->callback([&context, path] { run(context, *path); });
}

}  // namespace pentimento
