// SQLite (https://www.sqlite.org), as thin as it can be: one connection, typed binding,
// transactions. The file is in WAL mode with synchronous=FULL: what was committed survives a power
// cut. Limitations: one connection; callers take turns by holding lock().
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace pentimento {

// One prepared statement with its parameters bound. Rows are read in order while next() is true.
class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept
      : db_(other.db_), stmt_(std::exchange(other.stmt_, nullptr)) {}
  Statement& operator=(Statement&&) = delete;

  void bind(int index, int64_t value);
  void bind(int index, int value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, bool value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, const char* value) { bind(index, std::string_view(value)); }
  void bind(int index, std::nullopt_t);
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value)
      bind(index, *value);
    else
      bind(index, std::nullopt);
  }
  template <typename... Args>
  Statement& with(const Args&... args) {
    int index = 0;
    (bind(++index, args), ...);
    return *this;
  }

  bool next();  // one row further; false at the end
  bool is_null(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::optional<int64_t> maybe_integer(int column) const;
  std::optional<double> maybe_real(int column) const;
  std::optional<std::string> maybe_text(int column) const;

 private:
  void check(int code) const;
  sqlite3* db_;
  sqlite3_stmt* stmt_ = nullptr;
};

// Thread contract: hold lock() around every use; it may be taken again by the same thread.
class Database {
 public:
  // Creates or opens the file and brings it to the newest schema. Throws Io, or CorruptFile when
  // the file is no database or comes from a newer program.
  Database(const std::filesystem::path& path, std::span<const char* const> migrations);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::unique_lock<std::recursive_mutex> lock() const { return std::unique_lock(mutex_); }

  template <typename... Args>
  Statement query(std::string_view sql, const Args&... args) const {
    Statement statement(db_, sql);
    statement.with(args...);
    return statement;
  }
  template <typename... Args>
  void run(std::string_view sql, const Args&... args) {
    Statement statement(db_, sql);
    statement.with(args...);
    while (statement.next()) {
    }
  }
  void script(const char* sql);  // several statements, no parameters
  int64_t last_id() const;
  int64_t changes() const;

  // Everything between begin and commit happens or nothing does. Nested ones join the outer one.
  class Transaction {
   public:
    explicit Transaction(Database& db);
    ~Transaction();  // rolls back what was not committed
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

   private:
    Database& db_;
    std::unique_lock<std::recursive_mutex> lock_;
    bool outermost_, open_ = true;
  };

 private:
  void migrate(std::span<const char* const> migrations);
  std::filesystem::path path_;
  sqlite3* db_ = nullptr;
  int depth_ = 0;
  mutable std::recursive_mutex mutex_;
};

}  // namespace pentimento
