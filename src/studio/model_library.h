// The model library: every model file of a list of folders, kept in a database of its own so that
// an unchanged folder of thousands is known again in a moment. A file is looked into once (names
// and shapes only) and again when it changes; hashes are computed in the background. A file that
// moved keeps its place in the library; one that is gone is kept as missing until it is forgotten.
// Several programs may have the library open at once.
#pragma once

#include <condition_variable>
#include <functional>
#include <thread>

#include "base/progress.h"
#include "studio/clock.h"
#include "studio/database.h"
#include "studio/folder_watch.h"
#include "studio/model_catalog.h"
#include "studio/model_folders.h"

namespace pentimento {

struct LibraryOptions {
  std::filesystem::path data;                  // library.sqlite is kept here, own models in models/
  std::filesystem::path cache;                 // hashes that load_model() shares
  std::vector<std::filesystem::path> folders;  // further ones, in order
  std::filesystem::path built_in;              // models that came with the program; may be absent
  bool hash_in_background = false;
  bool watch = false;  // scan again when something changes in the folders
  Clock clock = system_clock();
  Progress progress;                        // of the first scan: stage "scan"
  std::function<void()> on_change = [] {};  // from any thread, at most every two seconds
};

// Thread contract: share freely.
class ModelLibrary : public ModelCatalog {
 public:
  // Opens the library and scans. Throws Io, CorruptFile for a damaged database.
  explicit ModelLibrary(LibraryOptions options);
  ~ModelLibrary() override;

  std::vector<CatalogModel> list(const std::string& type = {}) const override;
  std::vector<CatalogModel> missing() const override;
  CatalogModel details(const std::string& id) const override;
  void refresh() override { scan({}); }
  void learn_hash(const std::filesystem::path& path, const std::string& sha256) override;
  std::filesystem::path folder() const override { return options_.data / "models"; }
  void forget(const std::string& id) override;
  void change_notes(const std::string& id, const NotesChange& change) override;
  LibraryState state() const override;

  struct Scanned {
    int found = 0, looked_into = 0, moved = 0, missing = 0;
    bool changed = false;
  };
  Scanned scan(const Progress& progress);
  // Hashes everything that has no hash yet, now. Throws Cancelled.
  void hash_all(const Progress& progress);
  void set_on_change(std::function<void()> on_change);  // the former is not called any more

 private:
  std::vector<std::filesystem::path> roots() const;
  Scanned scan_now(const Progress& progress);
  void reload();
  std::optional<CatalogModel> next_to_hash() const;
  void hash(const CatalogModel& model, const Progress& progress);
  void store_hash(const std::string& id, const std::string& sha256, const std::string& autov3);
  void hash_until_stopped();
  void watch_until_stopped();
  bool watch_what_was_found();
  void changed();

  LibraryOptions options_;
  mutable Database db_;
  std::mutex scanning_;  // one scan at a time; guards loaded_
  bool loaded_ = false;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<CatalogModel> models_, missing_;
  std::vector<std::string> problems_;
  std::string hashing_;
  bool scan_running_ = false;
  std::function<void()> on_change_;
  double told_ = 0;
  std::condition_variable wake_;
  bool work_left_ = true, stopping_ = false;
  CancelToken cancel_;
  std::vector<std::filesystem::path> to_watch_;
  FolderWatch watch_;
  std::thread hasher_, watcher_;
};

}  // namespace pentimento
