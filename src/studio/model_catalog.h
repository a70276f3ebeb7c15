// Which model files there are, and what is known of them without loading any.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/extra_files.h"
#include "studio/fields.h"
#include "studio/model_notes.h"

namespace pentimento {

struct CatalogModel {
  // id: opaque; name: file stem, or a longer piece of the path where two models of a type share it;
  // file: name with extension; relative: path below its folder, "anime/style.safetensors"
  std::string id, name, file, relative;
  std::string type = "checkpoint";  // checkpoint vae lora embedding upscaler controlnet other
  std::string kind;                 // weights' word: "lora", "tiny_vae", "flux" …
  std::filesystem::path path;
  int64_t bytes = 0;
  // family: of a checkpoint its own, of an addition the one it goes with.
  std::optional<std::string> sha256, family, variant, problem;
  std::optional<std::string> autov3;  // LoRA: Civitai's hash of the tensors alone, 12 digits
  std::optional<int> native_size_px, default_steps;
  std::optional<double> default_cfg;
  std::vector<std::string> notes;
  std::map<std::string, std::string> metadata;  // details() only

  std::string alias;      // LoRA: the name its trainer gave it, else empty
  bool built_in = false;  // came with the program: counts where the user has none
  bool readable = false;  // tensors were found in it
  std::string format;     // "safetensors", "torch", "gguf" …
  std::string method;     // of a LoRA: "LoRA", "LoHa", "DoRA" …
  std::string precision;  // "F16"
  int64_t parameters = 0;
  double added_s = 0, changed_s = 0;  // since 1970
  std::optional<double> missing_s;    // since when the file is gone
  std::vector<std::string> tags;      // what it was trained on, most frequent first
  ModelNotes said;                    // what the files beside it say, then what it claims itself
  ModelNotes claimed;                 // what its metadata claims
  // The words that call it up: the user's, the source's, those in the file.
  std::vector<std::string> trigger_words;
  bool unhashable = false;  // reading it failed while this program ran
};

// What the library is busy with.
struct LibraryState {
  bool scanning = false;
  int models = 0, missing = 0;
  int to_hash = 0;                    // files whose hash is not known yet
  std::string hashing;                // file name, or empty
  std::vector<std::string> problems;  // folders that cannot be read
};

// Thread contract: share freely.
class ModelCatalog {
 public:
  virtual ~ModelCatalog() = default;
  virtual std::vector<CatalogModel> list(const std::string& type = {}) const = 0;
  virtual void refresh() = 0;
  virtual void learn_hash(const std::filesystem::path& path, const std::string& sha256) = 0;
  virtual std::filesystem::path folder() const = 0;

  // Models that were there once: kept, with what was known of them, until they are forgotten.
  virtual std::vector<CatalogModel> missing() const { return {}; }
  // Everything about one, present or missing, its metadata too; throws CodedError "no_model".
  virtual CatalogModel details(const std::string& id) const;
  virtual void forget(const std::string& id);  // throws "no_model", or "conflict" when it is there
  virtual void change_notes(const std::string& id, const NotesChange& change);
  virtual LibraryState state() const { return {}; }

  // By id, name, file, path below its folder or the folder of its type, "file [hash]", the name its
  // trainer gave it, or hash, as AUTOMATIC1111 resolves titles; nullopt: none.
  std::optional<CatalogModel> find(const std::string& type, const std::string& word) const;
  // The same; an empty word is the first usable one, the user's before the program's. Throws
  // CodedError "no_model" naming near ones.
  CatalogModel need(const std::string& type, const std::string& word) const;
  // What can lend its text encoder: a text encoder alone, or a checkpoint. Throws as need().
  CatalogModel need_text_encoder(const std::string& word) const;
  // The name of a usable checkpoint of that family, of any when it is empty; "" when there is none.
  std::string any_model_of(const std::string& family) const;
};

// The catalog's LoRAs and embeddings, for prompts that name them.
std::shared_ptr<const ExtraFiles> extra_files_of(std::shared_ptr<const ModelCatalog> catalog);

// "file.safetensors [0123456789]", as AUTOMATIC1111 titles a checkpoint.
std::string title_of(const CatalogModel& model);

}  // namespace pentimento
