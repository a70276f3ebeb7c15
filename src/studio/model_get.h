// Getting a model: found out what it is, fetched into a quarantine inside the models folder,
// checked against its hash, looked into, and only then put where models of its kind lie, with what
// its source says of it beside it. Nothing that has not been identified leaves the quarantine.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/progress.h"
#include "studio/file_download.h"
#include "studio/model_catalog.h"
#include "studio/model_sources.h"

namespace pentimento {

struct GetOptions {
  std::filesystem::path models;  // the library's own folder; the quarantine is MODELS/.downloads
  bool anyway = false;           // also what this program is known not to run
  DownloadOptions download;
  // What goes on: "resolve", "download", "check", "done"; bytes so far and in all (0: not known).
  std::function<void(const std::string& stage, int64_t done, int64_t total)> on_progress =
      [](const std::string&, int64_t, int64_t) {};
  std::function<void(const ModelOffer&)> on_offer = [](const ModelOffer&) {};
};

struct GotModel {
  std::filesystem::path path;
  std::string type, kind, sha256;  // sha256: of a single file
  bool was_there = false;          // the very file was there already
};

// Throws what resolving and downloading throw; CodedError "not_a_model" when what came is none that
// can be read (it is deleted), Unsupported "not_runnable" before the download when its source says
// that it is for another architecture.
GotModel get_model(const ModelSources& sources, const std::string& spec, const GetOptions& options,
                   const Progress& progress);

// A name from the network as a file name of ours: no folders, no control characters, no leading
// dots, at most 150 bytes between characters; "model" where nothing is left.
std::string safe_file_name(const std::string& name);

// "lora" -> "Lora": where models of a type lie in AUTOMATIC1111's tree.
std::filesystem::path folder_of_type(const std::string& type);

}  // namespace pentimento
