#include "studio/documents.h"

#include "studio/coded_error.h"
#include "studio/job.h"

namespace pentimento {

Document Documents::add(std::optional<std::string> input, const std::string& name,
                        const std::string& content) {
  const auto lock = db_.lock();
  db_.run("INSERT INTO document (input, name, revision, updated, content) VALUES (?, ?, 1, ?, ?)",
          input, name, clock_(), content);
  return get(db_.last_id());
}

Document Documents::get(int64_t id) const {
  const auto lock = db_.lock();
  Statement row =
      db_.query("SELECT input, name, revision, updated, content FROM document WHERE id = ?", id);
  if (!row.next())
    throw CodedError(ErrorKind::NotFound, "not_found",
                     "there is no document " + public_id('d', id));
  Document document{id, row.maybe_text(0), row.text(1), row.integer(2), row.real(3), row.text(4)};
  document.bytes = static_cast<int64_t>(document.content.size());
  return document;
}

std::vector<Document> Documents::list(std::optional<std::string> input, int limit,
                                      int64_t offset) const {
  const auto lock = db_.lock();
  Statement rows = db_.query(
      "SELECT id, input, name, revision, updated, LENGTH(CAST(content AS BLOB)) FROM document "
      "WHERE ?1 IS NULL OR input = ?1 ORDER BY updated DESC, id DESC LIMIT ?2 OFFSET ?3",
      input, limit, offset);
  std::vector<Document> documents;
  while (rows.next())
    documents.push_back({rows.integer(0), rows.maybe_text(1), rows.text(2), rows.integer(3),
                         rows.real(4), "", rows.integer(5)});
  return documents;
}

std::optional<Document> Documents::save(int64_t id, int64_t revision, const std::string& content) {
  Database::Transaction transaction(db_);
  if (get(id).revision != revision) return std::nullopt;
  db_.run("UPDATE document SET revision = revision + 1, updated = ?, content = ? WHERE id = ?",
          clock_(), content, id);
  const Document saved = get(id);
  transaction.commit();
  return saved;
}

void Documents::remove(int64_t id) {
  const auto lock = db_.lock();
  get(id);
  db_.run("DELETE FROM document WHERE id = ?", id);
}

}  // namespace pentimento
