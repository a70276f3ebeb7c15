#include "cli/context.h"

#include <CLI/CLI.hpp>

namespace pentimento {

RuntimeOptions Context::runtime_options() const {
  RuntimeOptions options = runtime;
  options.precision = parse_precision(precision_text);
  options.cache_dir = paths.cache / "networks";
  return options;
}

std::shared_ptr<const ExtraFiles> Context::extra_files() const {
  const std::filesystem::path models = paths.data / "models";
  std::vector<std::filesystem::path> loras = {models / "Lora", models / "LyCORIS",
                                              models / "loras"};
  std::vector<std::filesystem::path> embeddings = {models / "embeddings",
                                                   paths.data / "embeddings"};
  loras.insert(loras.end(), lora_folders.begin(), lora_folders.end());
  embeddings.insert(embeddings.end(), embedding_folders.begin(), embedding_folders.end());
  return extra_files_in(std::move(loras), std::move(embeddings));
}

void add_extra_file_options(CLI::App& verb, Context& context) {
  const char* group = "Models";
  verb.add_option("--lora-dir", context.lora_folders,
                  "folder of LoRAs for <lora:NAME:0.8> in the prompt; may be repeated")
      ->group(group)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--embeddings-dir", context.embedding_folders,
                  "folder of textual inversions, words for the prompt; may be repeated")
      ->group(group)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_runtime_options(CLI::App& verb, Context& context) {
  const char* group = "Computer";
  verb.add_option("--precision", context.precision_text,
                  "auto, f32, bf16 or f16; auto takes bf16 where this processor is fast at it")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--device", context.runtime.device,
                  "CPU, GPU, NPU or AUTO (see: pentimento devices)")
      ->group(group)
      ->capture_default_str();
  verb.add_option("--threads", context.runtime.threads, "processor threads; 0 lets OpenVINO choose")
      ->group(group)
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void add_json_option(CLI::App& verb, Context& context) {
  verb.add_flag("--json", context.json, "print one JSON object with the result, nothing else")
      ->group("Output");
}

}  // namespace pentimento
