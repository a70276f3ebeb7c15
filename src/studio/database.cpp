#include "studio/database.h"

#include <sqlite3.h>

#include "studio/coded_error.h"

namespace pentimento {
namespace {

[[noreturn]] void fail(sqlite3* db, int code) {
  const std::string reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL:
      throw CodedError(ErrorKind::Io, "disk_full",
                       "the database cannot grow: the disk is full; free some space and try again");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      throw CodedError(ErrorKind::CorruptFile, "corrupt_file",
                       "the database is damaged (" + reason +
                           "); restore it from a copy, or move it away to start anew");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw CodedError(ErrorKind::Io, "io", "the database cannot be used: " + reason);
    default:
      throw Error(ErrorKind::Internal, "database: " + reason);
  }
}

}  // namespace

Statement::Statement(sqlite3* db, std::string_view sql) : db_(db) {
  check(sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &stmt_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(stmt_); }

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(db_, code);
}

void Statement::bind(int index, int64_t value) { check(sqlite3_bind_int64(stmt_, index, value)); }
void Statement::bind(int index, double value) { check(sqlite3_bind_double(stmt_, index, value)); }
void Statement::bind(int index, std::string_view value) {
  check(
      sqlite3_bind_text64(stmt_, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}
void Statement::bind(int index, std::nullopt_t) { check(sqlite3_bind_null(stmt_, index)); }

bool Statement::next() {
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(db_, code);
  return false;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}
int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }
double Statement::real(int column) const { return sqlite3_column_double(stmt_, column); }
std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(stmt_, column)))
              : std::string();
}
std::optional<int64_t> Statement::maybe_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}
std::optional<double> Statement::maybe_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}
std::optional<std::string> Statement::maybe_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

Database::Database(const std::filesystem::path& path, std::span<const char* const> migrations)
    : path_(path) {
  const int code =
      sqlite3_open_v2(path.c_str(), &db_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  if (code != SQLITE_OK) {
    const std::string reason = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
    sqlite3_close(db_);
    throw CodedError(ErrorKind::Io, "io", path.string() + ": cannot be opened: " + reason);
  }
  try {
    sqlite3_busy_timeout(db_, 5000);
    script(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;");
    migrate(migrations);
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

Database::~Database() { sqlite3_close_v2(db_); }

void Database::script(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(db_, code);
}

int64_t Database::last_id() const { return sqlite3_last_insert_rowid(db_); }
int64_t Database::changes() const { return sqlite3_changes64(db_); }

// PRAGMA user_version counts the migrations that have been applied, each in its own transaction.
void Database::migrate(std::span<const char* const> migrations) {
  int64_t version = 0;
  {
    Statement statement = query("PRAGMA user_version");
    if (statement.next()) version = statement.integer(0);
  }
  if (version > static_cast<int64_t>(migrations.size()))
    throw CodedError(ErrorKind::CorruptFile, "corrupt_file",
                     path_.string() + ": written by a newer version of this program (schema " +
                         std::to_string(version) + ", this one knows " +
                         std::to_string(migrations.size()) +
                         "); use that version, or another data folder");
  for (size_t i = static_cast<size_t>(version); i < migrations.size(); ++i) {
    Transaction transaction(*this);
    script(migrations[i]);
    script(("PRAGMA user_version=" + std::to_string(i + 1)).c_str());
    transaction.commit();
  }
}

Database::Transaction::Transaction(Database& db)
    : db_(db), lock_(db.lock()), outermost_(db.depth_ == 0) {
  if (outermost_) db_.script("BEGIN IMMEDIATE");
  ++db_.depth_;
}

Database::Transaction::~Transaction() {
  if (!open_) return;
  --db_.depth_;
  if (outermost_) sqlite3_exec(db_.db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::Transaction::commit() {
  if (outermost_) db_.script("COMMIT");  // when it throws, the destructor rolls back
  --db_.depth_;
  open_ = false;
}

}  // namespace pentimento
