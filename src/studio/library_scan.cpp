#include "studio/library_scan.h"

#include <algorithm>
#include <map>
#include <set>

#include "studio/job.h"
#include "studio/model_facts.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFirst = R"sql(
CREATE TABLE model (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL UNIQUE, root TEXT NOT NULL, place TEXT NOT NULL,
  bytes INTEGER NOT NULL, changed_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  added REAL NOT NULL, missing REAL, look INTEGER NOT NULL,
  sha256 TEXT, autov3 TEXT,
  kind TEXT NOT NULL, type TEXT NOT NULL, family TEXT,
  precision TEXT NOT NULL, parameters INTEGER NOT NULL,
  facts TEXT NOT NULL, metadata TEXT NOT NULL,
  beside_stamp TEXT NOT NULL, said TEXT NOT NULL
);
CREATE INDEX model_sha256 ON model (sha256);
CREATE TABLE download (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  spec TEXT NOT NULL, anyway INTEGER NOT NULL, state TEXT NOT NULL, offer TEXT NOT NULL,
  created REAL NOT NULL, finished REAL,
  done_bytes INTEGER NOT NULL DEFAULT 0, total_bytes INTEGER NOT NULL DEFAULT 0,
  error_code TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT ''
);
)sql";

constexpr const char* kMigrations[] = {kFirst};

constexpr int kRowsInATransaction = 200;

// Many rows in one transaction, and no transaction so long that others wait for it.
class Batches {
 public:
  explicit Batches(Database& db) : db_(db) {}
  void step() {
    if (rows_++ % kRowsInATransaction != 0) return;
    commit();
    transaction_.emplace(db_);
  }
  void commit() {
    if (transaction_) transaction_->commit();
    transaction_.reset();
  }

 private:
  Database& db_;
  int rows_ = 0;
  std::optional<Database::Transaction> transaction_;
};

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::span<const char* const> library_migrations() { return kMigrations; }

const char* const kModelColumns =
    "id, path, root, bytes, changed_ns, added, missing, sha256, autov3, kind, type, family, "
    "precision, parameters, facts, said";

CatalogModel model_of_row(const Statement& row) {
  CatalogModel model;
  model.id = public_id('m', row.integer(0));
  model.path = row.text(1);
  model.file = model.path.filename().string();
  model.relative = model.path.lexically_relative(row.text(kRootColumn)).generic_string();
  model.bytes = row.integer(3);
  model.changed_s = static_cast<double>(row.integer(4)) * 1e-9;
  model.added_s = row.real(5);
  model.missing_s = row.maybe_real(6);
  model.sha256 = row.maybe_text(7);
  model.autov3 = row.maybe_text(8);
  model.kind = row.text(9);
  model.type = row.text(10);
  model.family = row.maybe_text(11);
  model.precision = row.text(12);
  model.parameters = row.integer(13);
  facts_from_json(Json::parse(row.text(14)), model);
  model.said = notes_from_json(Json::parse(row.text(15)));
  for (const auto field : {&ModelNotes::title, &ModelNotes::description, &ModelNotes::base_model,
                           &ModelNotes::licence, &ModelNotes::creator})
    if ((model.said.*field).empty()) model.said.*field = model.claimed.*field;
  std::vector<std::string> words = model.said.trigger_words;  // people's own before the file's
  for (const std::string& word : model.trigger_words)
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  model.trigger_words = std::move(words);
  // A UNet alone is a whole model once it has been told whose text encoder to use.
  if (model.kind == "unet" && !model.said.text_encoder.empty() && model.native_size_px)
    model.problem.reset();
  if (model.missing_s) model.problem = "the file is not there any more; it was " + model.relative;
  return model;
}

struct LibraryScan::Known {
  int64_t id = 0;
  std::string path, root, place, beside_stamp;
  int64_t bytes = 0, changed_ns = 0;
  uint64_t inode = 0;
  int look = 0;
  bool missing = false, seen = false;

  bool is_as(const FoundModel& found) const {
    return !missing && same_file(found) && beside_stamp == found.beside_stamp &&
           root == found.root.string() && place == found.place;
  }
  bool same_file(const FoundModel& found) const {
    return bytes == found.bytes && changed_ns == found.changed_ns && look == kLookVersion;
  }
};

std::map<std::string, LibraryScan::Known> LibraryScan::known() const {
  std::map<std::string, Known> known;
  const auto lock = db_.lock();
  Statement rows = db_.query(
      "SELECT id, path, root, place, beside_stamp, bytes, changed_ns, inode, look, "
      "missing IS NOT NULL FROM model");
  while (rows.next())
    known[rows.text(1)] = {.id = rows.integer(0),
                           .path = rows.text(1),
                           .root = rows.text(2),
                           .place = rows.text(3),
                           .beside_stamp = rows.text(4),
                           .bytes = rows.integer(5),
                           .changed_ns = rows.integer(6),
                           .inode = static_cast<uint64_t>(rows.integer(7)),
                           .look = static_cast<int>(rows.integer(8)),
                           .missing = rows.integer(9) != 0};
  return known;
}

LibraryScan::Report LibraryScan::run(const FoundModels& found, std::span<const fs::path> roots,
                                     const Progress& progress) {
  std::map<std::string, Known> known = this->known();
  std::vector<const FoundModel*> unknown, altered;
  for (const FoundModel& model : found.models) {
    const auto it = known.find(model.path.string());
    if (it == known.end()) {
      unknown.push_back(&model);
      continue;
    }
    it->second.seen = true;
    if (!it->second.is_as(model)) altered.push_back(&model);
  }
  // Rows of these folders whose file was not met: gone, or moved.
  Lost lost;
  std::set<std::string> looked;
  for (const fs::path& root : roots) looked.insert(root.string());
  for (auto& [path, k] : known)
    if (!k.seen && looked.contains(k.root)) lost.emplace(std::pair(k.bytes, k.changed_ns), &k);

  Batches batches(db_);
  const auto total = static_cast<int>(unknown.size() + altered.size());
  int done = 0;
  const auto step = [&] {
    progress.at("identify", done++, total);
    batches.step();
  };
  for (const FoundModel* model : altered) {
    step();
    update(*model, known.at(model->path.string()));
  }
  for (const FoundModel* model : unknown) {
    step();
    add(*model, lost);
  }
  for (const auto& [stamp, k] : lost) {
    ++report_.missing;
    if (k->missing) continue;
    batches.step();
    db_.run("UPDATE model SET missing = ? WHERE id = ?", now_, k->id);
    changed_ = true;
  }
  batches.commit();
  return report_;
}

// The same size and nanosecond, and the same inode or name: the very file, moved.
void LibraryScan::add(const FoundModel& found, Lost& lost) {
  const auto [first, last] = lost.equal_range({found.bytes, found.changed_ns});
  const auto from = std::find_if(first, last, [&](const auto& entry) {
    return entry.second->inode == found.inode ||
           fs::path(entry.second->path).filename() == found.path.filename();
  });
  if (from == last) return insert(found);
  move(found, *from->second);
  lost.erase(from);
}

// Of a file that changed nothing remains but its place; of one that did not, everything.
void LibraryScan::update(const FoundModel& found, const Known& known) {
  changed_ = true;
  const bool same_bytes = known.bytes == found.bytes && known.changed_ns == found.changed_ns;
  if (!same_bytes) db_.run("UPDATE model SET sha256 = NULL, autov3 = NULL WHERE id = ?", known.id);
  db_.run(
      "UPDATE model SET root = ?, place = ?, bytes = ?, changed_ns = ?, inode = ?, missing = NULL "
      "WHERE id = ?",
      found.root.string(), found.place, found.bytes, found.changed_ns,
      static_cast<int64_t>(found.inode), known.id);
  if (!known.same_file(found) || known.place != found.place) store_facts(known.id, found);
  if (known.beside_stamp != found.beside_stamp || known.look != kLookVersion)
    store_notes(known.id, found);
}

void LibraryScan::move(const FoundModel& found, const Known& from) {
  ++report_.moved;
  db_.run("UPDATE model SET path = ? WHERE id = ?", found.path.string(), from.id);
  update(found, from);
}

void LibraryScan::insert(const FoundModel& found) {
  changed_ = true;
  db_.run(
      "INSERT INTO model (path, root, place, bytes, changed_ns, inode, added, look, kind, type, "
      "precision, parameters, facts, metadata, beside_stamp, said) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', 'other', '', 0, '{}', '{}', '', '{}')",
      found.path.string(), found.root.string(), found.place, found.bytes, found.changed_ns,
      static_cast<int64_t>(found.inode), now_);
  const int64_t id = db_.last_id();
  store_facts(id, found);
  store_notes(id, found);
}

void LibraryScan::store_facts(int64_t id, const FoundModel& found) {
  ++report_.looked_into;
  CatalogModel model;
  model.path = found.path;
  look_into(model, found.place);
  db_.run(
      "UPDATE model SET look = ?, kind = ?, type = ?, family = ?, precision = ?, parameters = ?, "
      "facts = ?, metadata = ? WHERE id = ?",
      kLookVersion, model.kind, model.type, model.family, model.precision, model.parameters,
      dumped(facts_to_json(model)), dumped(Json(model.metadata)), id);
}

void LibraryScan::store_notes(int64_t id, const FoundModel& found) {
  const ModelNotes notes = read_model_notes(found.path.parent_path(), found.beside);
  db_.run("UPDATE model SET beside_stamp = ?, said = ? WHERE id = ?", found.beside_stamp,
          dumped(notes_to_json(notes)), id);
}

}  // namespace pentimento
