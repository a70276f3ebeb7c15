#include "cli/context.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/model_path.h"
#include "studio/library_folders.h"
#include "studio/model_library.h"

namespace pentimento {
namespace {

// Fewer new files than this are looked into in no time.
constexpr int kFilesWorthSaying = 50;

// Folders known without the library, should it not open.
std::shared_ptr<const ExtraFiles> usual_folders(const Paths& paths) {
  const std::filesystem::path models = paths.data / "models";
  return extra_files_in({models / "Lora", models / "LyCORIS", models / "loras"},
                        {models / "embeddings", paths.data / "embeddings"});
}

// Opens the library when a prompt is read for the first time.
class LibraryFiles : public ExtraFiles {
 public:
  explicit LibraryFiles(const Context& context) : context_(context) {}
  std::vector<File> loras() const override { return files().loras(); }
  std::vector<File> embeddings() const override { return files().embeddings(); }
  std::string alias(const File& lora) const override { return files().alias(lora); }
  std::optional<File> lora_of_hash(const std::string& digits) const override {
    return files().lora_of_hash(digits);
  }

 private:
  const ExtraFiles& files() const {
    if (files_) return *files_;
    try {
      context_.library();
      files_ = extra_files_of(context_.opened_library);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Cancelled) throw;
      Terminal(context_.talk()).say(std::string("note: the model library: ") + error.what());
      files_ = usual_folders(context_.paths);
    }
    // A1111 keeps embeddings beside the models folder, too.
    files_ = joined(extra_files_in({}, {context_.paths.data / "embeddings"}), files_);
    return *files_;
  }
  const Context& context_;
  mutable std::shared_ptr<const ExtraFiles> files_;
};

}  // namespace

RuntimeOptions Context::runtime_options() const {
  RuntimeOptions options = runtime;
  options.precision = parse_precision(precision_text);
  options.cache_dir = paths.cache / "networks";
  return options;
}

ModelLibrary& Context::library() const {
  if (opened_library) return *opened_library;
  Terminal terminal(talk());
  LibraryOptions options{.data = paths.data,
                         .cache = paths.cache,
                         .folders = all_model_folders(paths, model_folders),
                         .built_in = paths.assets / "models"};
  options.progress.cancel = cancel;
  options.progress.report = [&, shown = terminal.progress(cancel)](const ProgressEvent& event) {
    if (event.stage == "identify" && event.total >= kFilesWorthSaying) shown.report(event);
  };
  opened_library = std::make_shared<ModelLibrary>(std::move(options));
  terminal.finish();
  for (const std::string& problem : opened_library->state().problems)
    terminal.say("note: " + problem);
  return *opened_library;
}

std::shared_ptr<const ExtraFiles> Context::extra_files() const {
  std::vector<std::filesystem::path> loras(lora_folders.begin(), lora_folders.end());
  std::vector<std::filesystem::path> embeddings(embedding_folders.begin(), embedding_folders.end());
  return joined(std::make_shared<LibraryFiles>(*this),
                extra_files_in(std::move(loras), std::move(embeddings)));
}

void add_extra_file_options(CLI::App& verb, Context& context) {
  const char* group = "Models";
  add_models_dir_option(verb, context.model_folders);
  verb.get_option("--models-dir")->group(group);
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
