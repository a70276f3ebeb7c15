// The models being fetched, for a page that shows them: one after another on a thread of its own,
// kept in the library's database, so that one that was interrupted can go on after a restart.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/paths.h"
#include "base/progress.h"
#include "studio/clock.h"
#include "studio/database.h"
#include "studio/fields.h"
#include "studio/model_catalog.h"
#include "studio/model_get.h"

namespace pentimento {

struct ModelDownload {
  int64_t id = 0;
  std::string spec;
  bool anyway = false;
  std::string state;  // queued running done failed cancelled interrupted
  std::string stage;  // while running: resolve download check
  Json offer;         // what the source says of it; null until asked
  double created = 0;
  std::optional<double> finished;
  int64_t done_bytes = 0, total_bytes = 0;  // total 0: not known
  std::optional<double> bytes_per_s;
  std::string error_code, error;  // when failed
  std::string model;              // file name, when done
};

struct DownloadsOptions {
  Paths paths;
  Clock clock = system_clock();
  std::function<WebOptions()> web;  // default: CONFIG/sources.json, read anew each time
  DownloadOptions download;
};

// Thread contract: share freely.
class ModelDownloads {
 public:
  ModelDownloads(DownloadsOptions options, std::shared_ptr<ModelCatalog> catalog);
  ~ModelDownloads();  // a running download is interrupted; it goes on with retry()

  ModelDownload add(const std::string& spec, bool anyway);  // throws InvalidArgument
  std::vector<ModelDownload> list() const;                  // newest first
  ModelDownload get(int64_t id) const;                      // throws NotFound
  ModelDownload cancel(int64_t id);
  ModelDownload retry(int64_t id);  // failed, cancelled, interrupted: into the queue again
  void remove(int64_t id);          // forgets one that is not running

  // Both ask the network on the calling thread, with the sources' settings of the moment.
  std::vector<ModelOffer> search(const ModelQuery& query, const Progress& progress);
  // What Civitai says of a model of the library goes beside its file.
  void look_up(const CatalogModel& model, const Progress& progress);
  // Preview pictures of what was found are fetched through here; the id is good for the last
  // thousand.
  static std::string preview_id(const ModelOffer& offer);
  std::string preview(const std::string& id, const Progress& progress);

  // Called on any thread, progress at most ten times a second.
  std::function<void(const ModelDownload&)> on_change = [](const ModelDownload&) {};

 private:
  ModelSources sources() const;
  void work();
  void run(ModelDownload download);
  void store(const ModelDownload& download);
  void show(const ModelDownload& download);

  DownloadsOptions options_;
  std::shared_ptr<ModelCatalog> catalog_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  mutable std::unique_ptr<Database> db_;  // opened at the first use
  Database& db() const;
  std::optional<ModelDownload> running_;
  CancelToken cancel_;
  bool stopping_ = false;
  std::deque<std::pair<std::string, std::string>> previews_;  // id, address
  std::thread thread_;
};

}  // namespace pentimento
