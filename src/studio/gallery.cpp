#include "studio/gallery.h"

#include <algorithm>
#include <set>

#include "studio/coded_error.h"
#include "studio/gallery_search.h"

namespace pentimento {
namespace {

constexpr const char* kColumns =
    "picture.id, sha256, kind, format, width, height, bytes, created, job, idx, favourite, "
    "trashed, prompt, "
    "negative_prompt, model, seed, infotext, request, inputs";

GalleryPicture picture_of(const Database& db, const Statement& row) {
  GalleryPicture p;
  p.id = row.integer(0);
  p.sha256 = row.text(1);
  p.kind = row.text(2);
  p.format = row.text(3);
  p.width = static_cast<int>(row.integer(4));
  p.height = static_cast<int>(row.integer(5));
  p.bytes = row.integer(6);
  p.created = row.real(7);
  p.job = row.maybe_integer(8);
  p.index = static_cast<int>(row.integer(9));
  p.favourite = row.integer(10) != 0;
  p.trashed = row.maybe_real(11);
  p.prompt = row.text(12);
  p.negative_prompt = row.text(13);
  p.model = row.text(14);
  p.seed = row.maybe_integer(15);
  p.infotext = row.text(16);
  p.request = Json::parse(row.text(17));
  p.inputs = Json::parse(row.text(18)).get<InputHashes>();
  Statement tags = db.query("SELECT tag FROM picture_tag WHERE picture = ? ORDER BY tag", p.id);
  while (tags.next()) p.tags.push_back(tags.text(0));
  return p;
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Gallery::Gallery(Database& db, const std::filesystem::path& folder, Clock clock)
    : db_(db), store_(folder), clock_(std::move(clock)) {}

Gallery::Added Gallery::add(const NewPicture& n) {
  const std::string sha256 =
      store_.put(std::as_bytes(std::span(n.file_bytes.data(), n.file_bytes.size())), n.format);
  Database::Transaction transaction(db_);
  Statement known =
      n.job ? db_.query("SELECT id, sha256 FROM picture WHERE job = ? AND idx = ?", *n.job, n.index)
            : db_.query("SELECT id, sha256 FROM picture WHERE sha256 = ?", sha256);
  if (known.next() && known.text(1) == sha256) {
    Added same{get(known.integer(0)), /*is_new=*/false};
    transaction.commit();
    return same;
  }
  // A job that runs again and comes out differently replaces what it had made at this place.
  if (n.job) db_.run("UPDATE picture SET job = NULL WHERE job = ? AND idx = ?", *n.job, n.index);
  db_.run(
      "INSERT INTO picture (sha256, file, kind, format, width, height, bytes, created, job, idx, "
      "prompt, "
      "negative_prompt, model, seed, infotext, request, inputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?)",
      sha256, sha256 + "." + n.format, n.kind, n.format, n.width, n.height,
      static_cast<int64_t>(n.file_bytes.size()), n.created.value_or(clock_()), n.job, n.index,
      n.prompt, n.negative_prompt, n.model, n.seed, n.infotext, dumped(n.request),
      Json(n.inputs).dump());
  const int64_t id = db_.last_id();
  for (const auto& [role, hash] : n.inputs)
    db_.run("INSERT INTO picture_input (picture, role, sha256) VALUES (?, ?, ?)", id, role, hash);
  index_words(id);
  Added added{get(id), /*is_new=*/true};
  transaction.commit();
  return added;
}

void Gallery::index_words(int64_t id) {
  const GalleryPicture p = get(id);
  std::string words =
      p.prompt + "\n" + p.negative_prompt + "\n" + p.model + "\n" + p.kind + "\n" + p.infotext;
  for (const std::string& tag : p.tags) words += "\n" + tag;
  db_.run("DELETE FROM picture_text WHERE rowid = ?", id);
  db_.run("INSERT INTO picture_text (rowid, words) VALUES (?, ?)", id, words);
}

GalleryPicture Gallery::get(int64_t id) const {
  const auto lock = db_.lock();
  Statement row = db_.query(std::string("SELECT ") + kColumns + " FROM picture WHERE id = ?", id);
  if (!row.next())
    throw CodedError(ErrorKind::NotFound, "not_found", "there is no picture " + public_id('p', id));
  return picture_of(db_, row);
}

std::optional<GalleryPicture> Gallery::with_hash(const std::string& sha256) const {
  const auto lock = db_.lock();
  Statement row = db_.query(
      std::string("SELECT ") + kColumns + " FROM picture WHERE sha256 = ? ORDER BY id LIMIT 1",
      sha256);
  if (!row.next()) return std::nullopt;
  return picture_of(db_, row);
}

std::vector<GalleryPicture> Gallery::of_job(int64_t job) const {
  const auto lock = db_.lock();
  std::vector<GalleryPicture> pictures;
  Statement rows = db_.query(
      std::string("SELECT ") + kColumns + " FROM picture WHERE job = ? ORDER BY idx", job);
  while (rows.next()) pictures.push_back(picture_of(db_, rows));
  return pictures;
}

PicturePage Gallery::list(const PictureFilter& filter) const {
  const PictureQuery query = picture_query(filter);
  const auto lock = db_.lock();
  Statement rows = db_.query(std::string("SELECT ") + kColumns + " FROM picture WHERE " +
                             query.where + " ORDER BY created DESC, picture.id DESC LIMIT " +
                             std::to_string(filter.limit + 1));
  for (size_t i = 0; i < query.values.size(); ++i)
    std::visit([&](const auto& value) { rows.bind(static_cast<int>(i) + 1, value); },
               query.values[i]);
  PicturePage page;
  while (rows.next()) page.items.push_back(picture_of(db_, rows));
  if (static_cast<int>(page.items.size()) > filter.limit) {
    page.items.pop_back();
    page.next = cursor_after(page.items.back().created, page.items.back().id);
  }
  return page;
}

GalleryPicture Gallery::set_favourite(int64_t id, bool favourite) {
  const auto lock = db_.lock();
  get(id);
  db_.run("UPDATE picture SET favourite = ? WHERE id = ?", favourite, id);
  return get(id);
}

GalleryPicture Gallery::set_tags(int64_t id, std::vector<std::string> tags) {
  for (const std::string& tag : tags)
    if (tag.empty() || tag.size() > 100)
      throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                       "a tag is " + std::to_string(tag.size()) + " bytes long, expected 1 to 100",
                       "tags");
  if (tags.size() > 50)
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "tags is " + std::to_string(tags.size()) + " items long, expected at most 50",
                     "tags");
  Database::Transaction transaction(db_);
  get(id);
  db_.run("DELETE FROM picture_tag WHERE picture = ?", id);
  for (const std::string& tag : std::set<std::string>(tags.begin(), tags.end()))
    db_.run("INSERT INTO picture_tag (picture, tag) VALUES (?, ?)", id, tag);
  index_words(id);
  GalleryPicture changed = get(id);
  transaction.commit();
  return changed;
}

std::vector<std::pair<std::string, int64_t>> Gallery::tags() const {
  const auto lock = db_.lock();
  std::vector<std::pair<std::string, int64_t>> tags;
  Statement rows = db_.query(
      "SELECT tag, COUNT(*) FROM picture_tag JOIN picture ON picture.id = picture WHERE trashed IS "
      "NULL "
      "GROUP BY tag ORDER BY COUNT(*) DESC, tag LIMIT 1000");
  while (rows.next()) tags.emplace_back(rows.text(0), rows.integer(1));
  return tags;
}

std::vector<int64_t> Gallery::mark(const std::vector<int64_t>& ids, const char* sql,
                                   std::optional<double> time) {
  Database::Transaction transaction(db_);
  std::vector<int64_t> changed;
  for (const int64_t id : ids) {
    db_.run(sql, time, id);
    if (db_.changes() > 0) changed.push_back(id);
  }
  transaction.commit();
  return changed;
}

std::vector<int64_t> Gallery::trash(const std::vector<int64_t>& ids) {
  return mark(ids, "UPDATE picture SET trashed = ? WHERE id = ? AND trashed IS NULL", clock_());
}

std::vector<int64_t> Gallery::restore(const std::vector<int64_t>& ids) {
  return mark(ids, "UPDATE picture SET trashed = ? WHERE id = ? AND trashed IS NOT NULL",
              std::nullopt);
}

// Rows first, then files: what is cut short in between is finished by reconcile().
std::vector<int64_t> Gallery::erase(const std::vector<int64_t>& ids) {
  std::vector<int64_t> erased;
  std::vector<GalleryPicture> files;
  Database::Transaction transaction(db_);
  for (const int64_t id : ids) {
    Statement row = db_.query(
        std::string("SELECT ") + kColumns + " FROM picture WHERE id = ? AND trashed IS NOT NULL",
        id);
    if (!row.next()) continue;
    const GalleryPicture picture = picture_of(db_, row);
    db_.run("DELETE FROM picture_text WHERE rowid = ?", id);
    db_.run("DELETE FROM picture WHERE id = ?", id);
    erased.push_back(id);
    if (with_hash(picture.sha256)) continue;
    db_.run("INSERT OR IGNORE INTO doomed_file (sha256, extension) VALUES (?, ?)", picture.sha256,
            picture.format);
    files.push_back(picture);
  }
  transaction.commit();
  for (const GalleryPicture& picture : files) {
    store_.remove(picture.sha256, picture.format);
    const auto lock = db_.lock();
    db_.run("DELETE FROM doomed_file WHERE sha256 = ?", picture.sha256);
  }
  return erased;
}

Lineage Gallery::lineage(int64_t id) const {
  const auto lock = db_.lock();
  Lineage lineage;
  std::set<std::string> seen = {public_id('p', id)};
  struct Visit {
    int64_t picture;
    int depth;
  };
  constexpr int kDeepest = 100;
  std::vector<Visit> todo = {{id, 0}};
  while (!todo.empty()) {  // upwards: inputs, and the pictures these are copies of
    const Visit visit = todo.back();
    todo.pop_back();
    Statement rows = db_.query(
        "SELECT picture_input.sha256, parent.id FROM picture_input LEFT JOIN picture AS parent ON "
        "parent.sha256 = picture_input.sha256 WHERE picture_input.picture = ?",
        visit.picture);
    while (rows.next()) {
      const auto parent = rows.maybe_integer(1);
      const std::string name = parent ? public_id('p', *parent) : rows.text(0);
      if (!seen.insert(name).second) continue;
      lineage.ancestors.push_back({!parent, name, visit.depth + 1});
      if (parent && visit.depth < kDeepest) todo.push_back({*parent, visit.depth + 1});
    }
  }
  todo = {{id, 0}};
  while (!todo.empty()) {  // downwards: what was made with this picture as an input
    const Visit visit = todo.back();
    todo.pop_back();
    Statement rows = db_.query(
        "SELECT DISTINCT child.id FROM picture AS mine JOIN picture_input ON picture_input.sha256 "
        "= mine.sha256 "
        "JOIN picture AS child ON child.id = picture_input.picture WHERE mine.id = ?",
        visit.picture);
    while (rows.next()) {
      const std::string name = public_id('p', rows.integer(0));
      if (!seen.insert(name).second) continue;
      lineage.descendants.push_back({false, name, visit.depth + 1});
      if (visit.depth < kDeepest) todo.push_back({rows.integer(0), visit.depth + 1});
    }
  }
  return lineage;
}

Gallery::Reconciled Gallery::reconcile(const std::filesystem::path& recovered) {
  Reconciled result;
  Database::Transaction transaction(db_);
  Statement doomed = db_.query("SELECT sha256, extension FROM doomed_file");
  while (doomed.next())
    if (!with_hash(doomed.text(0))) store_.remove(doomed.text(0), doomed.text(1));
  db_.run("DELETE FROM doomed_file");

  std::set<std::string> known;
  Statement rows = db_.query("SELECT id, sha256, format, missing FROM picture");
  std::vector<std::pair<int64_t, bool>> changes;
  while (rows.next()) {
    known.insert(rows.text(1));
    const bool missing = !store_.has(rows.text(1), rows.text(2));
    result.missing += missing;
    if (missing != (rows.integer(3) != 0)) changes.emplace_back(rows.integer(0), missing);
  }
  for (const auto& [id, missing] : changes)
    db_.run("UPDATE picture SET missing = ? WHERE id = ?", missing, id);
  store_.sweep([&](const std::string& sha256, const std::string& extension) {
    if (known.contains(sha256)) return;
    std::error_code error;
    std::filesystem::create_directories(recovered, error);
    std::filesystem::rename(store_.path(sha256, extension), recovered / (sha256 + "." + extension),
                            error);
    if (!error) ++result.recovered;
  });
  transaction.commit();
  return result;
}

}  // namespace pentimento
