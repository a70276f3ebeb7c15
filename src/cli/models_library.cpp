// The verbs of models that look through the library, and get more models.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "cli/model_path.h"
#include "cli/models_verbs.h"
#include "studio/library_json.h"
#include "studio/model_downloads.h"
#include "studio/model_library.h"
#include "studio/source_settings.h"

namespace pentimento {
namespace {

struct Arguments {
  std::string type, model, spec;
  ModelQuery query;
  bool missing = false, hash = false, anyway = false;
};

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

// Text of strangers on a terminal: no escape sequences.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < ' ' || c == 0x7F ? ' ' : c;
  return out;
}

std::string padded(std::string text, size_t width) {
  size_t shown = 0;
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + plain(word);
  return text;
}

WebOptions web_options(const Context& context) {
  WebOptions options;
  options.sources = read_source_settings(context.paths.config);
  return options;
}

CatalogModel named(const ModelLibrary& library, const std::string& word) {
  if (const auto model = library.find("", word)) return *model;
  for (const CatalogModel& model : library.missing())
    if (model.id == word || model.name == word || model.file == word) return model;
  return library.need("", word);  // says which names are near
}

// --- list, rescan, show, forget ------------------------------------------------------------------

void list(const Context& context, const Arguments& a) {
  ModelLibrary& library = context.library();
  auto models = a.missing ? library.missing() : library.list(a.type);
  if (a.missing && !a.type.empty())
    std::erase_if(models, [&](const CatalogModel& m) { return m.type != a.type; });
  if (context.json) {
    Json items = Json::array();
    for (const CatalogModel& model : models) items.push_back(to_json(model));
    std::cout << dumped({{"models", items}, {"folder", library.folder().string()}}) << "\n";
    return;
  }
  for (const CatalogModel& m : models) {
    std::cout << padded(m.type, 11) << padded(m.family.value_or("-"), 7)
              << padded(spoken_bytes(m.bytes), 9) << plain(m.name);
    if (!m.trigger_words.empty())
      std::cout << "  [" << joined(m.trigger_words).substr(0, 80) << "]";
    if (m.problem) std::cout << "  (cannot be used: pentimento models show " << m.id << ")";
    std::cout << "\n";
  }
  if (models.empty())
    std::cout << (a.missing ? "nothing is missing\n"
                            : "no models in " + library.folder().string() +
                                  "; try: pentimento models search anime --kind lora\n");
}

void rescan(const Context& context, const Arguments& a) {
  Terminal terminal(context.talk());
  ModelLibrary& library = context.library();
  const ModelLibrary::Scanned scanned = library.scan(terminal.progress(context.cancel));
  if (a.hash) library.hash_all(terminal.progress(context.cancel));
  terminal.finish();
  const LibraryState state = library.state();
  if (context.json)
    std::cout << dumped(to_json(state)) << "\n";
  else
    std::cout << scanned.found << " models, " << state.missing << " missing"
              << (state.to_hash ? ", " + std::to_string(state.to_hash) + " without a hash" : "")
              << "\n";
}

void show(const Context& context, const Arguments& a) {
  ModelLibrary& library = context.library();
  const CatalogModel m = library.details(named(library, a.model).id);
  if (context.json) {
    Json json = to_json(m);
    json["path"] = m.path.string();
    json["metadata"] = m.metadata;
    json["description"] = m.said.description;
    std::cout << dumped(json) << "\n";
    return;
  }
  const auto line = [](const char* key, const std::string& value) {
    if (!value.empty()) std::cout << "  " << padded(key, 14) << plain(value) << "\n";
  };
  std::cout << plain(m.name) << "\n";
  line("file", m.path.string());
  line("what", m.type + (m.method.empty() ? "" : " (" + m.method + ")"));
  line("for", m.family.value_or("") + (m.said.base_model.empty() ? "" : "  " + m.said.base_model));
  line("size", spoken_bytes(m.bytes) + (m.precision.empty() ? "" : ", mostly " + m.precision));
  line("SHA-256", m.sha256.value_or("not known yet: pentimento models rescan --hash"));
  line("AutoV3", m.autov3.value_or(""));
  line("trigger words", joined(m.trigger_words));
  line("trained on", joined(m.tags));
  line("licence", m.said.licence);
  line("creator", m.said.creator);
  line("from", m.said.source);
  line("VAE", m.said.vae);
  line("text encoder", m.said.text_encoder);
  line("clip skip", m.said.clip_skip ? std::to_string(*m.said.clip_skip) : "");
  line("notes", m.said.notes);
  line("problem", m.problem.value_or(""));
}

void forget(const Context& context, const Arguments& a) {
  ModelLibrary& library = context.library();
  const CatalogModel model = named(library, a.model);
  library.forget(model.id);
  std::cout << "forgotten: " << plain(model.name) << "\n";
}

// --- search, get, look-up ------------------------------------------------------------------------

void search(const Context& context, const Arguments& a) {
  Progress progress;
  progress.cancel = context.cancel;
  const auto offers = ModelSources(web_options(context)).search(a.query, progress);
  if (context.json) {
    Json items = Json::array();
    for (const ModelOffer& offer : offers) {
      items.push_back(to_json(offer));
      items.back()["preview_url"] = offer.preview_url;
    }
    std::cout << dumped({{"found", items}}) << "\n";
    return;
  }
  for (const ModelOffer& o : offers) {
    std::cout << plain(o.name) << (o.version.empty() ? "" : "  " + plain(o.version)) << "\n  "
              << padded(o.type.empty() ? "?" : o.type, 11)
              << padded(o.base_model.empty() ? "?" : plain(o.base_model), 14)
              << padded(o.bytes > 0 ? spoken_bytes(o.bytes) : "", 9) << o.downloads << " downloads"
              << (o.licence.empty() ? "" : "  licence: " + plain(o.licence))
              << "\n  pentimento models get " << plain(o.spec) << "\n";
    if (o.source == "civitai" && !o.base_model.empty() && o.family.empty())
      std::cout << "  (this program does not run " << plain(o.base_model) << ")\n";
  }
  if (offers.empty()) std::cout << "nothing found\n";
}

void get(const Context& context, const Arguments& a) {
  Terminal terminal(context.talk());
  Progress progress = terminal.progress(context.cancel);
  GetOptions options{.models = context.paths.data / "models", .anyway = a.anyway};
  options.on_offer = [&](const ModelOffer& offer) {
    terminal.say(plain(offer.name) + (offer.version.empty() ? "" : " " + plain(offer.version)) +
                 (offer.base_model.empty() ? "" : ", for " + plain(offer.base_model)) +
                 (offer.bytes > 0 ? ", " + spoken_bytes(offer.bytes) : "") +
                 (offer.licence.empty() ? "" : ", licence: " + plain(offer.licence)));
  };
  options.on_progress = [&](const std::string& stage, int64_t done, int64_t total) {
    if (stage == "download")
      progress.at("download", static_cast<int>(done >> 20), static_cast<int>(total >> 20));
  };
  const GotModel got = get_model(ModelSources(web_options(context)), a.spec, options, progress);
  terminal.finish();
  ModelLibrary& library = context.library();
  if (context.json) {
    std::cout << dumped({{"path", got.path.string()},
                         {"type", got.type},
                         {"kind", got.kind},
                         {"sha256", got.sha256},
                         {"was_there", got.was_there}})
              << "\n";
    return;
  }
  std::cout << (got.was_there ? "was there already: " : "") << got.path.string() << "\n";
  for (const CatalogModel& model : library.list(got.type)) {
    if (model.path != got.path) continue;
    if (model.problem) std::cout << "note: " << plain(*model.problem) << "\n";
    if (model.type == "lora")
      std::cout << "use it in a prompt: <lora:" << plain(model.name) << ":1> "
                << joined(model.trigger_words) << "\n";
    if (model.type == "checkpoint" && !model.problem)
      std::cout << "try: pentimento img2img photo.jpg --model \"" << plain(model.name)
                << "\" --prompt \"a watercolour\"\n";
  }
}

void look_up(const Context& context, const Arguments& a) {
  Terminal terminal(context.talk());
  ModelLibrary& library = context.library();
  Progress progress = terminal.progress(context.cancel);
  CatalogModel model = named(library, a.model);
  if (!model.sha256) {
    library.hash_all(progress);
    model = library.details(model.id);
  }
  ModelDownloads({.paths = context.paths}, context.opened_library).look_up(model, progress);
  terminal.finish();
  show(context, a);
}

CLI::App* sub(CLI::App& models, const char* name, const char* what) {
  CLI::App* verb = models.add_subcommand(name, what);
  return verb;
}

void add_library_verbs(CLI::App& models, Context& context, const std::shared_ptr<Arguments>& a) {
  const CLI::IsMember types(
      {"checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler", "other"});
  CLI::App* verb = sub(models, "list", "the models there are");
  verb->add_option("--kind", a->type, "only these")->check(types);
  verb->add_flag("--missing", a->missing, "those whose file is gone");
  add_models_dir_option(*verb, context.model_folders);
  add_json_option(*verb, context);
  verb->callback([&context, a] { list(context, *a); });

  verb = sub(models, "rescan", "look for models again");
  verb->add_flag("--hash", a->hash, "compute the hashes that are not known yet, too");
  add_models_dir_option(*verb, context.model_folders);
  add_json_option(*verb, context);
  verb->callback([&context, a] { rescan(context, *a); });

  verb = sub(models, "show", "everything that is known of a model");
  verb->add_option("model", a->model, "name, file name, hash or id")->required();
  add_models_dir_option(*verb, context.model_folders);
  add_json_option(*verb, context);
  verb->callback([&context, a] { show(context, *a); });

  verb = sub(models, "forget", "forget a model whose file is gone");
  verb->add_option("model", a->model, "name, file name or id")->required();
  verb->callback([&context, a] { forget(context, *a); });
}

void add_network_verbs(CLI::App& models, Context& context, const std::shared_ptr<Arguments>& a) {
  CLI::App* verb = sub(models, "search", "ask Civitai or Hugging Face for models");
  verb->add_option("query", a->query.text, "words to search for");
  verb->add_option("--source", a->query.source, "civitai or hf")
      ->check(CLI::IsMember({"civitai", "hf"}))
      ->capture_default_str();
  verb->add_option("--kind", a->query.type,
                   "checkpoint, lora, embedding, vae, controlnet or upscaler");
  verb->add_option("--base", a->query.family, "SD1, SD2 or SDXL");
  verb->add_option("--limit", a->query.limit, "how many")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb->add_flag("--nsfw", a->query.nsfw, "these too");
  add_json_option(*verb, context);
  verb->callback([&context, a] { search(context, *a); });

  verb = sub(models, "get", "fetch a model, check it, and put it where it belongs");
  verb->add_option("spec", a->spec,
                   "civitai:NUMBER[@VERSION], hf:owner/name[:file], or an https address")
      ->required();
  verb->add_flag("--anyway", a->anyway, "also what this program is known not to run");
  add_json_option(*verb, context);
  verb->callback([&context, a] { get(context, *a); });

  verb = sub(models, "look-up",
             "ask Civitai about a model by its hash; trigger words and preview go beside the file");
  verb->add_option("model", a->model, "name, file name, hash or id")->required();
  add_models_dir_option(*verb, context.model_folders);
  add_json_option(*verb, context);
  verb->callback([&context, a] { look_up(context, *a); });
}

}  // namespace

void add_models_library(CLI::App& models, Context& context) {
  auto a = std::make_shared<Arguments>();
  add_library_verbs(models, context, a);
  add_network_verbs(models, context, a);
}

}  // namespace pentimento
