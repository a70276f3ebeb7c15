// What the files beside a model say about it, in the forms other programs write them:
//   NAME.json           AUTOMATIC1111's user metadata ("activation text", "preferred weight" …)
//   NAME.civitai.info   Civitai Helper: Civitai's model version
//   NAME.cm-info.json   Stability Matrix
//   NAME.txt, NAME.description.txt   a description
//   NAME.png, NAME.preview.png, .jpg .jpeg .webp .gif   a preview
// Strangers may have written them: damaged ones say nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "studio/civitai.h"

namespace pentimento {

struct ModelNotes {
  std::string title, description, notes, negative_text;
  std::string base_model;                // in the source's words: "Pony", "SD 1.5"
  std::string licence, source, creator;  // source: address of the model's page
  std::vector<std::string> trigger_words, tags;
  std::optional<double> preferred_weight;
  // Of checkpoints, what is chosen for them (weights/model_card.h).
  std::string vae, text_encoder;
  std::optional<int> clip_skip;
  std::string preview;  // name of the file beside the model
};

// `beside`: names of files in the model's folder, as find_models() lists them.
ModelNotes read_model_notes(const std::filesystem::path& folder,
                            const std::vector<std::string>& beside);

// NAME.json with these of its fields changed; everything else in it stays. Throws Io.
struct NotesChange {
  std::optional<std::vector<std::string>> trigger_words;
  std::optional<double> preferred_weight;
  std::optional<std::string> notes, negative_text;
  // Empty, and 0: no choice any more.
  std::optional<std::string> vae, text_encoder;
  std::optional<int> clip_skip;
};
void change_model_notes(const std::filesystem::path& model, const NotesChange& change);

// NAME.civitai.info with `version_json`, NAME.json made from it where there is none, and the
// picture as NAME.preview.png (`preview`: the bytes of any picture; undecodable ones are left out).
void write_model_notes(const std::filesystem::path& model, const std::string& version_json,
                       const CivitaiVersion& version, const std::string& preview);

}  // namespace pentimento
