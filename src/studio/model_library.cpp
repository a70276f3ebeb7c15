#include "studio/model_library.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "studio/coded_error.h"
#include "studio/job.h"
#include "studio/library_scan.h"
#include "studio/model_facts.h"
#include "studio/model_hash.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr double kSecondsBetweenNews = 2;
// How often folders are looked at that tell nothing of themselves (network drives, absent ones).
constexpr int kLookEvery_ms = 20'000;
constexpr int kHour_ms = 3'600'000;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Names by which models of one type are told apart: the stem, or as much of the path as it takes.
void name_apart(std::vector<CatalogModel>& models) {
  const auto choices = [](const CatalogModel& m) {
    const std::string stem = fs::path(m.relative).replace_extension().generic_string();
    return std::array<std::string, 4>{m.path.stem().string(), stem, m.relative, m.path.string()};
  };
  std::map<std::pair<std::string, std::string>, int> uses;
  for (const CatalogModel& model : models)
    for (const std::string& name : choices(model)) ++uses[{model.type, name}];
  for (CatalogModel& model : models) {
    const auto names = choices(model);
    // A model in the folder itself offers one name several times.
    for (const std::string& name : names) {
      model.name = name;
      const auto own = std::count(names.begin(), names.end(), name);
      if (uses[{model.type, name}] == own) break;
    }
  }
}

// Choices that make sense for the model, with names as AUTOMATIC1111 writes them.
NotesChange checked(const ModelCatalog& catalog, const CatalogModel& model, NotesChange change) {
  const bool chooses = change.vae || change.clip_skip || change.text_encoder;
  if (chooses && model.type != "checkpoint")
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     model.name + " is of the type " + model.type +
                         "; VAE, text encoder and clip skip are chosen for checkpoints",
                     "id");
  if (change.vae) {
    const std::string word = lower(*change.vae);
    if (word.empty() || word == "automatic")
      change.vae = "";
    else if (word == "none")
      change.vae = "None";
    else
      change.vae = catalog.need("vae", *change.vae).file;
  }
  if (change.text_encoder && !change.text_encoder->empty())
    change.text_encoder = catalog.need_text_encoder(*change.text_encoder).name;
  if (change.clip_skip && (*change.clip_skip < 0 || *change.clip_skip > 12))
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "clip skip is " + std::to_string(*change.clip_skip) +
                         ", expected 1 to 12, or 0 for no choice",
                     "clip_skip");
  return change;
}

// A root as the database knows it.
fs::path plain(const fs::path& root) {
  const fs::path path = fs::absolute(root).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

fs::path prepared(const fs::path& data) {
  std::error_code error;
  fs::create_directories(data / "models", error);
  if (error)
    throw CodedError(ErrorKind::Io, "io",
                     (data / "models").string() + ": cannot be created: " + error.message() +
                         "; choose another data folder");
  return data;
}

}  // namespace

ModelLibrary::ModelLibrary(LibraryOptions options)
    : options_(std::move(options)),
      db_(prepared(options_.data) / "library.sqlite", library_migrations()),
      on_change_(options_.on_change) {
  scan(options_.progress);
  if (options_.hash_in_background) hasher_ = std::thread([this] { hash_until_stopped(); });
  if (options_.watch) watcher_ = std::thread([this] { watch_until_stopped(); });
}

ModelLibrary::~ModelLibrary() {
  cancel_.cancel();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  watch_.stop();
  if (hasher_.joinable()) hasher_.join();
  if (watcher_.joinable()) watcher_.join();
}

std::vector<fs::path> ModelLibrary::roots() const {
  std::vector<fs::path> roots = {folder()};
  roots.insert(roots.end(), options_.folders.begin(), options_.folders.end());
  std::error_code error;
  if (fs::is_directory(options_.built_in, error)) roots.push_back(options_.built_in);
  std::ranges::transform(roots, roots.begin(), plain);
  return roots;
}

void ModelLibrary::changed() {
  std::lock_guard lock(mutex_);
  const double now = options_.clock();
  if (now - told_ < kSecondsBetweenNews) return;
  told_ = now;
  on_change_();
}

void ModelLibrary::set_on_change(std::function<void()> on_change) {
  std::lock_guard lock(mutex_);
  on_change_ = std::move(on_change);
}

// --- scanning ------------------------------------------------------------------------------------

ModelLibrary::Scanned ModelLibrary::scan(const Progress& progress) {
  std::lock_guard one_at_a_time(scanning_);
  const auto say_scanning = [&](bool running) {
    std::lock_guard lock(mutex_);
    scan_running_ = running;
  };
  say_scanning(true);
  try {
    const Scanned scanned = scan_now(progress);
    say_scanning(false);
    return scanned;
  } catch (...) {
    say_scanning(false);
    throw;
  }
}

ModelLibrary::Scanned ModelLibrary::scan_now(const Progress& progress) {
  const auto all = roots();
  const FoundModels found = find_models(all, progress);
  LibraryScan work(db_, options_.clock());
  const LibraryScan::Report report = work.run(found, all, progress);
  if (work.changed_anything() || !loaded_) reload();
  loaded_ = true;
  {
    std::lock_guard lock(mutex_);
    problems_ = found.problems;
    to_watch_ = found.folders;
    to_watch_.insert(to_watch_.end(), all.begin(), all.end());  // those that are not there, too
    work_left_ = true;
    told_ = 0;
  }
  wake_.notify_all();
  return {static_cast<int>(found.models.size()), report.looked_into, report.moved, report.missing,
          work.changed_anything()};
}

// What the database holds of the folders that are looked at now.
void ModelLibrary::reload() {
  const auto all = roots();
  std::set<std::string> shown;
  for (const fs::path& root : all) shown.insert(root.string());
  const std::string built_in =
      options_.built_in.empty() ? std::string() : plain(options_.built_in).string();
  std::vector<CatalogModel> present, gone;
  {
    const auto lock = db_.lock();
    Statement rows =
        db_.query(std::string("SELECT ") + kModelColumns + " FROM model ORDER BY root, path");
    while (rows.next()) {
      CatalogModel model = model_of_row(rows);
      if (!shown.contains(rows.text(kRootColumn)) || model.type == kPicture) continue;
      model.built_in = rows.text(kRootColumn) == built_in;
      (model.missing_s ? gone : present).push_back(std::move(model));
    }
  }
  name_apart(present);
  name_apart(gone);
  std::lock_guard lock(mutex_);
  models_ = std::move(present);
  missing_ = std::move(gone);
}

// --- reading -------------------------------------------------------------------------------------

std::vector<CatalogModel> ModelLibrary::list(const std::string& type) const {
  std::lock_guard lock(mutex_);
  if (type.empty()) return models_;
  std::vector<CatalogModel> models;
  for (const CatalogModel& model : models_)
    if (model.type == type) models.push_back(model);
  return models;
}

std::vector<CatalogModel> ModelLibrary::missing() const {
  std::lock_guard lock(mutex_);
  return missing_;
}

CatalogModel ModelLibrary::details(const std::string& id) const {
  std::optional<CatalogModel> found;
  {
    std::lock_guard lock(mutex_);
    for (const auto* list : {&models_, &missing_})
      for (const CatalogModel& model : *list)
        if (model.id == id) found = model;
  }
  if (!found)
    throw CodedError(ErrorKind::NotFound, "no_model",
                     "there is no model with the id '" + id.substr(0, 40) + "'", "id");
  const auto lock = db_.lock();
  Statement row = db_.query("SELECT metadata FROM model WHERE id = ?", parse_public_id('m', id));
  if (row.next()) found->metadata = Json::parse(row.text(0)).get<decltype(found->metadata)>();
  return *found;
}

LibraryState ModelLibrary::state() const {
  std::lock_guard lock(mutex_);
  LibraryState state{.scanning = scan_running_,
                     .models = static_cast<int>(models_.size()),
                     .missing = static_cast<int>(missing_.size()),
                     .hashing = hashing_,
                     .problems = problems_};
  for (const CatalogModel& model : models_) state.to_hash += !model.sha256;
  return state;
}

// --- changing ------------------------------------------------------------------------------------

void ModelLibrary::forget(const std::string& id) {
  const CatalogModel model = details(id);
  if (!model.missing_s) ModelCatalog::forget(id);
  {
    const auto lock = db_.lock();
    db_.run("DELETE FROM model WHERE id = ? AND missing IS NOT NULL", parse_public_id('m', id));
  }
  reload();
}

void ModelLibrary::change_notes(const std::string& id, const NotesChange& change) {
  const CatalogModel model = details(id);
  change_model_notes(model.path, checked(*this, model, change));
  scan({});
}

void ModelLibrary::learn_hash(const fs::path& path, const std::string& sha256) {
  std::string id;
  {
    std::lock_guard lock(mutex_);
    for (const CatalogModel& model : models_)
      if (model.path == path && !model.sha256) id = model.id;
  }
  if (!id.empty()) store_hash(id, sha256, "");
}

// --- watching -----------------------------------------------------------------------------------

bool ModelLibrary::watch_what_was_found() {
  std::vector<fs::path> folders;
  {
    std::lock_guard lock(mutex_);
    folders = to_watch_;
  }
  return watch_.watch(folders);
}

void ModelLibrary::watch_until_stopped() {
  Progress quiet;
  quiet.cancel = cancel_;
  for (;;) {
    // What came into a folder before it was watched was not told.
    const bool look = watch_what_was_found() ||
                      watch_.wait(watch_.tells_of_all() ? kHour_ms : kLookEvery_ms) ||
                      !watch_.tells_of_all();
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    if (!look) continue;
    try {
      if (scan(quiet).changed) changed();
    } catch (const Error&) {
      // Cancelled, or the database is busy: the next change wakes us again.
    }
  }
}

// --- hashing -------------------------------------------------------------------------------------

std::optional<CatalogModel> ModelLibrary::next_to_hash() const {
  std::lock_guard lock(mutex_);
  const CatalogModel* next = nullptr;  // small files first: most answers soonest
  for (const CatalogModel& model : models_)
    if (!model.sha256 && !model.unhashable && (!next || model.bytes < next->bytes)) next = &model;
  return next ? std::optional(*next) : std::nullopt;
}

void ModelLibrary::hash(const CatalogModel& model, const Progress& progress) {
  {
    std::lock_guard lock(mutex_);
    hashing_ = model.file;
  }
  try {
    const ModelHashes hashes = hash_model(model, options_.cache, progress);
    store_hash(model.id, hashes.sha256, hashes.autov3);
  } catch (const Error& error) {
    std::lock_guard lock(mutex_);
    hashing_.clear();
    if (error.kind() == ErrorKind::Cancelled) throw;
    // Gone or unreadable: not tried again before the program starts anew.
    for (CatalogModel& known : models_)
      if (known.id == model.id) known.unhashable = true;
  }
  std::lock_guard lock(mutex_);
  hashing_.clear();
}

// A missing model with the same hash has been found again: the file takes its place.
void ModelLibrary::store_hash(const std::string& id, const std::string& sha256,
                              const std::string& autov3) {
  const int64_t row_id = parse_public_id('m', id);
  bool found_again = false;
  {
    Database::Transaction transaction(db_);
    db_.run("UPDATE model SET sha256 = ?, autov3 = COALESCE(NULLIF(?, ''), autov3) WHERE id = ?",
            sha256, autov3, row_id);
    std::optional<std::pair<int64_t, double>> old;
    {
      Statement row = db_.query(
          "SELECT id, added FROM model WHERE sha256 = ? AND missing IS NOT NULL AND id <> ? "
          "ORDER BY id LIMIT 1",
          sha256, row_id);
      if (row.next()) old = {row.integer(0), row.real(1)};
    }
    if (old) {
      db_.run("DELETE FROM model WHERE id = ?", old->first);
      db_.run("UPDATE model SET id = ?, added = ? WHERE id = ?", old->first, old->second, row_id);
      found_again = true;
    }
    transaction.commit();
  }
  if (found_again) return reload();
  std::lock_guard lock(mutex_);
  for (CatalogModel& model : models_)
    if (model.id == id) {
      model.sha256 = sha256;
      if (!autov3.empty()) model.autov3 = autov3;
    }
}

void ModelLibrary::hash_all(const Progress& progress) {
  while (const auto model = next_to_hash()) hash(*model, progress);
}

void ModelLibrary::hash_until_stopped() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 19);
  Progress quiet;
  quiet.cancel = cancel_;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || work_left_; });
      if (stopping_) return;
      work_left_ = false;
    }
    try {
      while (const auto model = next_to_hash()) {
        hash(*model, quiet);
        changed();
      }
    } catch (const Error&) {
      // Cancelled, or the database is busy: the next scan wakes us again.
    }
    changed();
  }
}

}  // namespace pentimento
