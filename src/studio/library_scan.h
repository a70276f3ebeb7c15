// Bringing the library's table up to date with what was found on disk.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/progress.h"
#include "studio/database.h"
#include "studio/model_catalog.h"
#include "studio/model_folders.h"

namespace pentimento {

std::span<const char* const> library_migrations();

// A row of the table as a model, from these columns in this order.
extern const char* const kModelColumns;
constexpr int kRootColumn = 2;
CatalogModel model_of_row(const Statement& row);

// Thread contract: one thread at a time.
class LibraryScan {
 public:
  LibraryScan(Database& db, double now) : db_(db), now_(now) {}

  struct Report {
    int looked_into = 0, moved = 0, missing = 0;
  };
  // `roots`: the folders that were looked through; what is known of others is left alone.
  Report run(const FoundModels& found, std::span<const std::filesystem::path> roots,
             const Progress& progress);
  bool changed_anything() const { return changed_; }

 private:
  struct Known;
  using Lost = std::multimap<std::pair<int64_t, int64_t>, Known*>;  // by size and time
  std::map<std::string, Known> known() const;
  void add(const FoundModel& found, Lost& lost);
  void update(const FoundModel& found, const Known& known);
  void insert(const FoundModel& found);
  void move(const FoundModel& found, const Known& from);
  void store_facts(int64_t id, const FoundModel& found);
  void store_notes(int64_t id, const FoundModel& found);

  Database& db_;
  double now_;
  Report report_;
  bool changed_ = false;
};

}  // namespace pentimento
