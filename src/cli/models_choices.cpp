// The verbs of models that keep the user's choices: what goes with one model, and which folders
// hold models.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/model_path.h"
#include "cli/models_verbs.h"
#include "studio/library_folders.h"
#include "studio/library_json.h"
#include "studio/model_library.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

struct SetArguments {
  std::string model;
  NotesChange change;
  std::vector<std::string> words;
};

void run_set(Context& context, SetArguments& a) {
  ModelLibrary& library = context.library();
  if (!a.words.empty()) a.change.trigger_words = a.words;
  const CatalogModel model = library.need("", a.model);
  library.change_notes(model.id, a.change);
  const CatalogModel now = library.details(model.id);
  if (context.json) {
    std::cout << to_json(now).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return;
  }
  std::cout << now.name << ":";
  const auto say = [](const char* what, const std::string& value) {
    if (!value.empty()) std::cout << " " << what << " " << value << ";";
  };
  say("VAE", now.said.vae);
  say("text encoder", now.said.text_encoder);
  say("clip skip", now.said.clip_skip ? std::to_string(*now.said.clip_skip) : "");
  std::string words;
  for (const std::string& word : now.trigger_words) words += (words.empty() ? "" : ", ") + word;
  say("trigger words", words);
  say("notes", now.said.notes);
  std::cout << " kept in " << now.path.parent_path().string() << "\n";
}

void add_set(CLI::App& models, Context& context) {
  auto a = std::make_shared<SetArguments>();
  CLI::App* verb = models.add_subcommand(
      "set", "choose what goes with a model; kept beside it, where A1111 keeps it, too");
  verb->add_option("model", a->model, "name, file name, hash or id")->required();
  verb->add_option("--vae", a->change.vae,
                   "checkpoint: the VAE it is used with; none: its own; automatic: no choice");
  verb->add_option("--clip-skip", a->change.clip_skip,
                   "checkpoint: for jobs that name none, 1 to 12; 0: no choice");
  verb->add_option("--text-encoder", a->change.text_encoder,
                   "UNet alone: the model that lends its text encoder; \"\": none");
  verb->add_option("--trigger-words", a->words, "words that call it up, with commas between")
      ->delimiter(',');
  verb->add_option("--weight", a->change.preferred_weight, "LoRA: its usual strength")
      ->check(CLI::Range(-10.0, 10.0));
  verb->add_option("--notes", a->change.notes, "for yourself");
  add_models_dir_option(*verb, context.model_folders);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run_set(context, *a); });
}

struct FolderArguments {
  std::vector<fs::path> add;
  std::vector<std::string> remove;
};

void run_folders(const Context& context, const FolderArguments& a) {
  std::vector<fs::path> folders = read_library_folders(context.paths.config);
  for (const fs::path& folder : a.add) {
    const fs::path path = fs::canonical(folder);
    if (std::find(folders.begin(), folders.end(), path) == folders.end()) folders.push_back(path);
  }
  for (const std::string& folder : a.remove) {
    const size_t before = folders.size();
    std::error_code ignored;
    const fs::path real = fs::weakly_canonical(folder, ignored);
    std::erase_if(folders, [&](const fs::path& f) { return f == folder || f == real; });
    if (folders.size() == before)
      throw Error(ErrorKind::NotFound,
                  folder + ": is not in the list; pentimento models folders shows it");
  }
  if (!a.add.empty() || !a.remove.empty()) write_library_folders(context.paths.config, folders);
  if (context.json) {
    Json list = Json::array();
    for (const fs::path& folder : folders) list.push_back(folder.string());
    std::cout << Json{{"folder", (context.paths.data / "models").string()}, {"folders", list}}.dump(
                     2, ' ', false, Json::error_handler_t::replace)
              << "\n";
    return;
  }
  std::cout << (context.paths.data / "models").string() << "\n";
  for (const fs::path& folder : folders) std::cout << folder.string() << "\n";
}

void add_folders(CLI::App& models, Context& context) {
  auto a = std::make_shared<FolderArguments>();
  CLI::App* verb = models.add_subcommand(
      "folders", "where models are looked for; A1111, Forge and ComfyUI folders can be added");
  verb->add_option("--add", a->add, "one more, for good; may be repeated")
      ->check(CLI::ExistingDirectory)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  verb->add_option("--remove", a->remove, "no more; the files stay as they are")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  add_json_option(*verb, context);
  verb->callback([&context, a] { run_folders(context, *a); });
}

}  // namespace

void add_models_choices(CLI::App& models, Context& context) {
  add_set(models, context);
  add_folders(models, context);
}

}  // namespace pentimento
