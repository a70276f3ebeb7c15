#include "studio/model_downloads.h"

#include <algorithm>
#include <chrono>

#include "base/sha256.h"
#include "studio/coded_error.h"
#include "studio/job.h"
#include "studio/library_json.h"
#include "studio/library_scan.h"
#include "studio/loose_json.h"
#include "studio/model_notes.h"

namespace pentimento {
namespace {

using Seconds = std::chrono::duration<double>;
using Steady = std::chrono::steady_clock;

constexpr size_t kPreviewsKept = 1000;
constexpr double kSecondsBetweenNews = 0.1;

constexpr const char* kColumns =
    "id, spec, anyway, state, offer, created, finished, done_bytes, total_bytes, error_code, "
    "error, model";

ModelDownload of_row(const Statement& row) {
  return {.id = row.integer(0),
          .spec = row.text(1),
          .anyway = row.integer(2) != 0,
          .state = row.text(3),
          .stage = {},
          .offer = Json::parse(row.text(4)),
          .created = row.real(5),
          .finished = row.maybe_real(6),
          .done_bytes = row.integer(7),
          .total_bytes = row.integer(8),
          .bytes_per_s = {},
          .error_code = row.text(9),
          .error = row.text(10),
          .model = row.text(11)};
}

[[noreturn]] void conflict(const std::string& message) {
  throw CodedError(ErrorKind::InvalidArgument, "conflict", message, "id");
}

// Bytes a second over the last few seconds.
class Pacer {
 public:
  std::optional<double> at(int64_t bytes) {
    const auto now = Steady::now();
    marks_.emplace_back(now, bytes);
    while (marks_.size() > 2 && Seconds(now - marks_.front().first).count() > 5) marks_.pop_front();
    const double seconds = Seconds(now - marks_.front().first).count();
    if (seconds < 0.5) return std::nullopt;
    return static_cast<double>(bytes - marks_.front().second) / seconds;
  }

 private:
  std::deque<std::pair<Steady::time_point, int64_t>> marks_;
};

}  // namespace

ModelDownloads::ModelDownloads(DownloadsOptions options, std::shared_ptr<ModelCatalog> catalog)
    : options_(std::move(options)), catalog_(std::move(catalog)) {
  if (!options_.web)
    options_.web = [config = options_.paths.config] {
      WebOptions web;
      web.sources = read_source_settings(config);
      return web;
    };
}

ModelDownloads::~ModelDownloads() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    cancel_.cancel();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ModelSources ModelDownloads::sources() const { return ModelSources(options_.web()); }

// What ran when the program ended is interrupted; what waited still waits, but only begins when
// something new is asked for or it is retried: nothing is contacted unless asked.
Database& ModelDownloads::db() const {
  if (!db_) {
    std::filesystem::create_directories(options_.paths.data);
    db_ = std::make_unique<Database>(options_.paths.data / "library.sqlite", library_migrations());
    db_->run("UPDATE download SET state = 'interrupted' WHERE state IN ('running', 'queued')");
  }
  return *db_;
}

ModelDownload ModelDownloads::add(const std::string& spec, bool anyway) {
  parse_model_spec(spec, options_.web().sources);
  int64_t id = 0;
  {
    std::lock_guard lock(mutex_);
    Database& database = db();
    database.run(
        "INSERT INTO download (spec, anyway, state, offer, created) VALUES (?, ?, 'queued', "
        "'null', ?)",
        spec, anyway, options_.clock());
    id = database.last_id();
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  wake_.notify_all();
  ModelDownload download = get(id);
  on_change(download);
  return download;
}

std::vector<ModelDownload> ModelDownloads::list() const {
  std::lock_guard lock(mutex_);
  std::vector<ModelDownload> downloads;
  Statement rows =
      db().query(std::string("SELECT ") + kColumns + " FROM download ORDER BY id DESC LIMIT 200");
  while (rows.next()) {
    downloads.push_back(of_row(rows));
    if (running_ && running_->id == downloads.back().id) downloads.back() = *running_;
  }
  return downloads;
}

ModelDownload ModelDownloads::get(int64_t id) const {
  std::lock_guard lock(mutex_);
  if (running_ && running_->id == id) return *running_;
  Statement row = db().query(std::string("SELECT ") + kColumns + " FROM download WHERE id = ?", id);
  if (!row.next())
    throw CodedError(ErrorKind::NotFound, "not_found", "there is no download " + public_id('w', id),
                     "id");
  return of_row(row);
}

ModelDownload ModelDownloads::cancel(int64_t id) {
  get(id);
  {
    std::lock_guard lock(mutex_);
    if (running_ && running_->id == id)
      cancel_.cancel();
    else
      db().run("UPDATE download SET state = 'cancelled' WHERE id = ? AND state = 'queued'", id);
  }
  ModelDownload download = get(id);
  on_change(download);
  return download;
}

ModelDownload ModelDownloads::retry(int64_t id) {
  const ModelDownload before = get(id);
  if (before.state == "queued" || before.state == "running")
    conflict("this download is under way already");
  if (before.state == "done") conflict("this download is done");
  {
    std::lock_guard lock(mutex_);
    db().run(
        "UPDATE download SET state = 'queued', error = '', error_code = '', finished = NULL "
        "WHERE id = ?",
        id);
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  wake_.notify_all();
  ModelDownload download = get(id);
  on_change(download);
  return download;
}

void ModelDownloads::remove(int64_t id) {
  if (get(id).state == "running") conflict("this download is running; cancel it first");
  std::lock_guard lock(mutex_);
  db().run("DELETE FROM download WHERE id = ?", id);
}

void ModelDownloads::store(const ModelDownload& d) {
  std::lock_guard lock(mutex_);
  db().run(
      "UPDATE download SET state = ?, offer = ?, finished = ?, done_bytes = ?, total_bytes = ?, "
      "error_code = ?, error = ?, model = ? WHERE id = ?",
      d.state, d.offer.dump(-1, ' ', false, Json::error_handler_t::replace), d.finished,
      d.done_bytes, d.total_bytes, d.error_code, d.error, d.model, d.id);
}

void ModelDownloads::show(const ModelDownload& download) {
  {
    std::lock_guard lock(mutex_);
    running_ = download;
  }
  on_change(download);
}

void ModelDownloads::work() {
  for (;;) {
    std::optional<ModelDownload> next;
    {
      std::unique_lock lock(mutex_);
      const auto waiting = [&] {
        Statement row = db().query(std::string("SELECT ") + kColumns +
                                   " FROM download WHERE state = 'queued' ORDER BY id LIMIT 1");
        if (row.next()) next = of_row(row);
        return next.has_value();
      };
      wake_.wait(lock, [&] { return stopping_ || waiting(); });
      if (stopping_) return;
      cancel_ = CancelToken();
      next->state = "running";
      running_ = *next;
    }
    run(*next);
  }
}

void ModelDownloads::run(ModelDownload d) {
  store(d);
  show(d);
  try {
    Pacer pacer;
    auto told = Steady::now() - std::chrono::hours(1);
    GetOptions get{.models = options_.paths.data / "models",
                   .anyway = d.anyway,
                   .download = options_.download};
    get.on_offer = [&](const ModelOffer& offer) {
      d.offer = to_json(offer);
      store(d);
    };
    get.on_progress = [&](const std::string& stage, int64_t done, int64_t total) {
      const bool news = stage != d.stage;
      d.stage = stage;
      if (stage == "download") {
        d.done_bytes = done;
        d.total_bytes = total;
      }
      if (!news && Seconds(Steady::now() - told).count() < kSecondsBetweenNews) {
        std::lock_guard lock(mutex_);  // whoever asks sees every byte, watchers ten times a second
        running_->done_bytes = done;
        return;
      }
      told = Steady::now();
      if (stage == "download") d.bytes_per_s = pacer.at(done);
      show(d);
    };
    Progress progress;
    progress.cancel = cancel_;
    const GotModel got = get_model(sources(), d.spec, get, progress);
    catalog_->refresh();
    d.state = "done";
    d.model = got.path.filename().string();
  } catch (const CodedError& error) {
    d.state = "failed";
    d.error_code = error.code();
    d.error = error.what();
  } catch (const Error& error) {
    d.state = error.kind() == ErrorKind::Cancelled ? "cancelled" : "failed";
    d.error_code = error_name(error.kind());
    d.error = d.state == "failed" ? error.what() : "";
  } catch (const std::exception& error) {
    d.state = "failed";
    d.error_code = "io";
    d.error = error.what();
  }
  d.stage.clear();
  d.bytes_per_s.reset();
  d.finished = options_.clock();
  {
    std::lock_guard lock(mutex_);
    if (stopping_ && d.state == "cancelled") d.state = "interrupted";
  }
  store(d);
  {
    std::lock_guard lock(mutex_);
    running_.reset();
  }
  on_change(d);
}

std::string ModelDownloads::preview_id(const ModelOffer& offer) {
  return offer.preview_url.empty() ? "" : sha256_hex(offer.preview_url).substr(0, 20);
}

std::vector<ModelOffer> ModelDownloads::search(const ModelQuery& query, const Progress& progress) {
  auto offers = sources().search(query, progress);
  std::lock_guard lock(mutex_);
  for (const ModelOffer& offer : offers)
    if (!offer.preview_url.empty()) previews_.emplace_back(preview_id(offer), offer.preview_url);
  while (previews_.size() > kPreviewsKept) previews_.pop_front();
  return offers;
}

std::string ModelDownloads::preview(const std::string& id, const Progress& progress) {
  std::string url;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [known, address] : previews_)
      if (known == id) url = address;
  }
  if (url.empty())
    throw CodedError(ErrorKind::NotFound, "not_found", "no search has found this preview", "id");
  return sources().picture(url, progress);
}

void ModelDownloads::look_up(const CatalogModel& model, const Progress& progress) {
  const ModelSources from = sources();
  const ModelOffer offer = from.known_to_civitai(model.sha256.value_or(""), progress);
  std::string preview;
  if (!offer.preview_url.empty() && model.said.preview.empty()) try {
      preview = from.picture(offer.preview_url, progress);
    } catch (const WebError&) {  // words without a picture are welcome too
    }
  write_model_notes(model.path, offer.civitai_json,
                    civitai_version(loose::parse(offer.civitai_json)), preview);
  catalog_->refresh();
}

}  // namespace pentimento
