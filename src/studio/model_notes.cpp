#include "studio/model_notes.h"

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/paths.h"
#include "image/codec.h"
#include "studio/loose_json.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kLongestFile = 4 << 20;
constexpr const char* kCivitai = "https://civitai.com";
constexpr int kPreviewEdgePx = 512;

std::string read_some(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kLongestFile + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes.size() > kLongestFile ? std::string() : bytes;
}

// "a, b" -> {"a", "b"}: A1111's activation text is one line.
std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    const size_t first = word.find_first_not_of(" \t\n"), last = word.find_last_not_of(" \t\n");
    if (first != std::string::npos) words.push_back(word.substr(first, last - first + 1));
    word.clear();
  };
  for (const char c : text)
    if (c == ',')
      end_word();
    else
      word += c;
  end_word();
  return words;
}

void add_words(std::vector<std::string>& words, const std::vector<std::string>& more) {
  for (const std::string& word : more)
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

void fill(std::string& field, const std::string& value) {
  if (field.empty()) field = value;
}

// The user's own words come first, so they win.
void read_a1111(const Json& json, ModelNotes& notes) {
  fill(notes.description, loose::text(json, "description", 20'000));
  fill(notes.notes, loose::text(json, "notes", 20'000));
  if (const std::string base = loose::text(json, "sd version", 60); base != "Unknown")
    fill(notes.base_model, base);
  fill(notes.licence, loose::text(json, "licence", 300));
  fill(notes.source, loose::text(json, "source", 2000));
  fill(notes.creator, loose::text(json, "creator", 120));
  fill(notes.negative_text, loose::text(json, "negative text"));
  add_words(notes.trigger_words, split_words(loose::text(json, "activation text")));
  const double weight = loose::number(json, "preferred weight");
  if (weight != 0 && std::abs(weight) <= 10) notes.preferred_weight = weight;
  if (const std::string vae = loose::text(json, "vae", 300); vae != "Automatic") notes.vae = vae;
  notes.text_encoder = loose::text(json, "text encoder", 300);
  if (const int64_t skip = loose::integer(json, "clip skip"); skip >= 1 && skip <= 12)
    notes.clip_skip = static_cast<int>(skip);
}

void read_civitai(const Json& json, ModelNotes& notes) {
  const CivitaiVersion version = civitai_version(json);
  fill(notes.title, version.name);
  fill(notes.description, version.description);
  fill(notes.base_model, version.base_model);
  fill(notes.licence, version.licence);
  fill(notes.creator, version.creator);
  fill(notes.source, version.page(kCivitai));
  add_words(notes.trigger_words, version.trigger_words);
  add_words(notes.tags, version.tags);
}

void read_stability_matrix(const Json& json, ModelNotes& notes) {
  fill(notes.title, loose::text(json, "ModelName", 300));
  fill(notes.description, text_of_html(loose::text(json, "ModelDescription", 200'000)));
  fill(notes.base_model, loose::text(json, "BaseModel", 60));
  add_words(notes.trigger_words, loose::texts(json, "TrainedWords"));
  const int64_t model = loose::integer(json, "ModelId");
  if (model > 0) fill(notes.source, kCivitai + ("/models/" + std::to_string(model)));
}

bool is_preview(const std::string& name) {
  for (const char* extension : {".png", ".jpg", ".jpeg", ".webp", ".gif"})
    if (name.ends_with(extension)) return true;
  return false;
}

void write_text(const fs::path& path, const std::string& text) {
  write_file_atomically(path, as_bytes(text));
}

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

fs::path beside(const fs::path& model, const char* suffix) {
  std::error_code ignored;  // a folder's name is no stem and extension
  const fs::path name = fs::is_directory(model, ignored) ? model.filename() : model.stem();
  return model.parent_path() / (name.string() + suffix);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

ModelNotes read_model_notes(const fs::path& folder, const std::vector<std::string>& names) {
  ModelNotes notes;
  const auto each = [&](const char* suffix, auto read) {
    for (const std::string& name : names)
      if (name.ends_with(suffix)) read(read_some(folder / name));
  };
  for (const std::string& name : names)
    if (name.ends_with(".json") && !name.ends_with(".cm-info.json"))
      read_a1111(loose::parse(read_some(folder / name)), notes);
  each(".civitai.info",
       [&](const std::string& bytes) { read_civitai(loose::parse(bytes), notes); });
  each(".cm-info.json",
       [&](const std::string& bytes) { read_stability_matrix(loose::parse(bytes), notes); });
  each(".txt",
       [&](const std::string& bytes) { fill(notes.description, loose::clean(bytes, 20'000)); });
  const auto preview = std::find_if(names.begin(), names.end(), is_preview);
  if (preview != names.end()) notes.preview = *preview;
  return notes;
}

void change_model_notes(const fs::path& model, const NotesChange& change) {
  const fs::path path = beside(model, ".json");
  Json json = loose::parse(read_some(path));
  if (!json.is_object()) json = Json::object();
  if (change.trigger_words) json["activation text"] = joined(*change.trigger_words);
  if (change.preferred_weight) json["preferred weight"] = *change.preferred_weight;
  if (change.notes) json["notes"] = *change.notes;
  if (change.negative_text) json["negative text"] = *change.negative_text;
  const auto choose = [&](const char* key, const auto& value, bool none) {
    if (none)
      json.erase(key);
    else
      json[key] = value;
  };
  if (change.vae) choose("vae", *change.vae, change.vae->empty());
  if (change.text_encoder)
    choose("text encoder", *change.text_encoder, change.text_encoder->empty());
  if (change.clip_skip) choose("clip skip", *change.clip_skip, *change.clip_skip == 0);
  write_text(path, dumped(json));
}

void write_model_notes(const fs::path& model, const std::string& version_json,
                       const CivitaiVersion& version, const std::string& preview) {
  write_text(beside(model, ".civitai.info"), version_json);
  std::error_code ignored;
  if (!fs::exists(beside(model, ".json"), ignored)) {
    Json json = {{"description", version.description},
                 {"sd version", family_of_base_model(version.base_model)},
                 {"activation text", joined(version.trigger_words)},
                 {"preferred weight", 0},
                 {"notes", ""}};
    if (!version.licence.empty()) json["licence"] = version.licence;
    write_text(beside(model, ".json"), dumped(json));
  }
  if (preview.empty()) return;
  try {
    write_picture(beside(model, ".preview.png"),
                  at_most(decode_upload(as_bytes(preview), "the preview").image, kPreviewEdgePx));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Io) throw;
  }
}

}  // namespace pentimento
