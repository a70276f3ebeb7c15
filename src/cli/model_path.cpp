#include "cli/model_path.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "studio/model_library.h"
#include "weights/model_card.h"
#include "weights/vae_choice.h"

namespace pentimento {

namespace fs = std::filesystem;

namespace {

bool is_hash(const std::string& text) {
  return text.size() >= 8 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

// The user's only usable checkpoint; the program's own where the user has none.
CatalogModel only_model(const ModelLibrary& library) {
  const CatalogModel* only = nullptr;
  std::string names;
  auto models = library.list("checkpoint");
  std::erase_if(models, [](const CatalogModel& model) { return model.problem.has_value(); });
  const bool own = std::ranges::any_of(models, [](const CatalogModel& m) { return !m.built_in; });
  if (own) std::erase_if(models, [](const CatalogModel& model) { return model.built_in; });
  for (const CatalogModel& model : models) {
    names += (names.empty() ? "" : ", ") + model.name;
    if (only && names.size() > 400)
      throw Error(ErrorKind::InvalidArgument,
                  "several models are installed, choose one with --model: " + names +
                      " …; pentimento models list --kind checkpoint shows all");
    only = &model;
  }
  if (!only)
    throw Error(ErrorKind::NotFound,
                "no model: put a Stable Diffusion checkpoint (.safetensors or .ckpt) into " +
                    library.folder().string() +
                    ", name a folder of models with --models-dir, or a file with --model FILE; "
                    "painting styles need none: pentimento stylize");
  if (only->name != names)
    throw Error(ErrorKind::InvalidArgument,
                "several models are installed, choose one with --model: " + names);
  return *only;
}

// A hash may be one that is not known yet.
std::optional<CatalogModel> find_by_hash(const Context& context, ModelLibrary& library,
                                         const std::string& digits) {
  if (auto found = library.find("checkpoint", digits)) return found;
  Terminal terminal(context.talk());
  for (const CatalogModel& model : library.list("checkpoint")) {
    if (model.sha256) continue;
    const std::string sha256 =
        checkpoint_sha256(model.path, context.paths.cache, terminal.progress(context.cancel));
    library.learn_hash(model.path, sha256);
    if (auto found = library.find("checkpoint", digits)) {
      terminal.finish();
      return found;
    }
  }
  terminal.finish();
  return std::nullopt;
}

}  // namespace

void add_models_dir_option(CLI::App& verb, std::vector<fs::path>& folders) {
  verb.add_option("--models-dir,--models", folders,
                  "one more folder of models, or a whole A1111, Forge or ComfyUI folder; may be "
                  "given several times (for good: pentimento models folders --add)")
      ->check(CLI::ExistingDirectory)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->expected(1, -1)
      ->allow_extra_args(false);
}

fs::path find_model(const Context& context, const std::string& text) {
  std::error_code error;
  if (!text.empty() && fs::exists(text, error)) return text;
  ModelLibrary& library = context.library();
  if (text.empty()) return only_model(library).path;
  if (const auto model = library.find("checkpoint", text)) return model->path;
  if (is_hash(text))
    if (const auto model = find_by_hash(context, library, text)) return model->path;
  try {
    return library.need("checkpoint", text).path;
  } catch (const Error& near) {
    throw Error(ErrorKind::NotFound, text + ": no such model file, and " + near.what() +
                                         "; pentimento models list shows what there is");
  }
}

std::optional<fs::path> find_vae(const Context& context, const std::string& text,
                                 const fs::path& model) {
  std::error_code error;
  if (!text.empty() && fs::exists(text, error)) return text;
  std::vector<fs::path> files;
  try {
    ModelLibrary& library = context.library();
    for (const CatalogModel& vae : library.list("vae")) files.push_back(vae.path);
    const auto named = text.empty() ? std::nullopt : library.find("vae", text);
    if (named) return named->path;
  } catch (const Error&) {
    // Without a data folder a model is used with what lies beside it.
    if (!text.empty()) throw;
  }
  return choose_vae(text, model, files);
}

fs::path find_text_encoder(const Context& context, const std::string& text) {
  std::error_code error;
  if (fs::exists(text, error)) return text;
  const auto alone = context.library().find("other", text);
  return alone && alone->kind == "text_encoder" ? alone->path : find_model(context, text);
}

fs::path find_model_for(const Context& context, const std::string& text, const std::string& need,
                        const std::function<bool(const fs::path&)>& fits) {
  if (!text.empty()) return find_model(context, text);
  std::vector<CatalogModel> fitting = context.library().list("checkpoint");
  std::erase_if(fitting, [&](const CatalogModel& m) { return m.problem || !fits(m.path); });
  if (fitting.size() == 1) return fitting[0].path;
  if (fitting.empty())
    throw Error(ErrorKind::NotFound, need + " checkpoint; put one into " +
                                         context.library().folder().string() +
                                         ", or name it with --model FILE");
  std::string names;
  for (const CatalogModel& m : fitting) names += (names.empty() ? "" : ", ") + m.name;
  throw Error(ErrorKind::InvalidArgument,
              "several models would do, choose one with --model: " + names);
}

fs::path find_model_by_hash(const Context& context, const std::string& name,
                            const std::string& hash) {
  ModelLibrary& library = context.library();
  const auto by_name = library.find("checkpoint", name);
  if (by_name && (hash.empty() || !by_name->sha256 || by_name->sha256->starts_with(hash)))
    return by_name->path;
  if (!hash.empty())
    if (const auto model = find_by_hash(context, library, hash)) return model->path;
  if (by_name) return by_name->path;  // another version of it: the comparison will tell
  throw Error(ErrorKind::NotFound, "the picture was made with the model '" + name + "' (" + hash +
                                       "), which is not in " + library.folder().string() +
                                       "; name it with --model FILE");
}

LoadedModel open_named_model(Runtime& runtime, const Context& context, const std::string& model,
                             const std::string& vae, const std::string& text,
                             const Progress& progress) {
  const fs::path path = find_model(context, model);
  const std::string lender = text.empty() ? read_model_card(path).text_encoder : text;
  std::optional<fs::path> text_path;
  if (!lender.empty()) text_path = find_text_encoder(context, lender);
  LoadedModel opened = load_model(runtime, path, find_vae(context, vae, path), context.paths.cache,
                                  progress, text_path);
  opened.extras = context.extra_files();
  return opened;
}

}  // namespace pentimento
