// What people draw over a picture (strokes, crops, sketches), kept as the page gives it. A document
// has a revision; who saves over one they have not seen is told, and nothing is written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "studio/clock.h"
#include "studio/database.h"

namespace pentimento {

struct Document {
  int64_t id = 0;
  std::optional<std::string> input;  // SHA-256 of the picture it belongs to
  std::string name;
  int64_t revision = 1;
  double updated = 0;
  std::string content;  // JSON text; empty in lists
  int64_t bytes = 0;
};

// Thread contract: share freely.
class Documents {
 public:
  Documents(Database& db, Clock clock) : db_(db), clock_(std::move(clock)) {}
  Document add(std::optional<std::string> input, const std::string& name,
               const std::string& content);
  Document get(int64_t id) const;  // throws NotFound
  std::vector<Document> list(std::optional<std::string> input, int limit, int64_t offset) const;
  // nullopt: the stored revision is another; ask get() for it.
  std::optional<Document> save(int64_t id, int64_t revision, const std::string& content);
  void remove(int64_t id);

 private:
  Database& db_;
  Clock clock_;
};

}  // namespace pentimento
