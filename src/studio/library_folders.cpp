#include "studio/library_folders.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "studio/content_store.h"
#include "studio/loose_json.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFolders = 200;

fs::path file_in(const fs::path& config) { return config / "model-folders.json"; }

fs::path plain(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

std::vector<fs::path> read_library_folders(const fs::path& config) {
  const fs::path file = file_in(config);
  std::error_code error;
  if (!fs::exists(file, error)) return {};
  const auto json = loose::parse(read_whole_file(file));
  if (!loose::at(json, "folders").is_array())
    throw Error(
        ErrorKind::InvalidArgument,
        file.string() + ": expected {\"folders\": [\"/path\", …]}; correct it, or remove it");
  std::vector<fs::path> folders;
  for (const auto& folder : json["folders"])
    if (folder.is_string() && folders.size() < kMostFolders)
      folders.push_back(plain(folder.get_ref<const std::string&>()));
  return folders;
}

void write_library_folders(const fs::path& config, const std::vector<fs::path>& folders) {
  auto list = nlohmann::json::array();
  for (const fs::path& folder : folders) list.push_back(folder.string());
  const std::string text = nlohmann::json{{"folders", list}}.dump(
                               2, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n";
  std::error_code error;
  fs::create_directories(config, error);
  write_file_atomically(file_in(config), as_bytes(text));
}

std::vector<fs::path> all_model_folders(const Paths& paths, const std::vector<fs::path>& more) {
  std::vector<fs::path> all;
  const auto add = [&](const fs::path& folder) {
    if (std::find(all.begin(), all.end(), folder) == all.end()) all.push_back(folder);
  };
  for (const fs::path& folder : read_library_folders(paths.config)) add(folder);
  for (const fs::path& folder : more) add(plain(folder));
  return all;
}

}  // namespace pentimento
