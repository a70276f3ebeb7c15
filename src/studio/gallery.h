// Every picture that was made or brought in: durable files by content hash, rows to find them by.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "studio/clock.h"
#include "studio/content_store.h"
#include "studio/database.h"
#include "studio/fields.h"
#include "studio/job.h"

namespace pentimento {

struct GalleryPicture {
  int64_t id = 0;
  std::string sha256, kind, format;
  int width = 0, height = 0;
  int64_t bytes = 0;
  double created = 0;
  std::optional<int64_t> job;
  int index = 0;
  bool favourite = false;
  std::optional<double> trashed;
  std::vector<std::string> tags;
  std::string prompt, negative_prompt, model;
  std::optional<int64_t> seed;
  std::string infotext;
  Json request = Json::object();  // makes this picture again
  InputHashes inputs;
};

struct NewPicture {
  std::string file_bytes, format, kind, infotext;
  int width = 0, height = 0;
  std::optional<int64_t> job;
  int index = 0;
  std::string prompt, negative_prompt, model;
  std::optional<int64_t> seed;
  Json request = Json::object();
  InputHashes inputs;
  std::optional<double> created;  // now, unless it is older
};

struct PictureFilter {
  std::string text, kind, model, tag, input;
  std::optional<int64_t> job;
  std::optional<bool> favourite;
  bool trashed = false;
  std::optional<double> from, to;
  int limit = 50;
  std::string cursor;
};

struct PicturePage {
  std::vector<GalleryPicture> items;
  std::optional<std::string> next;
};

struct Relation {
  bool is_input = false;  // else a picture
  std::string id;         // SHA-256, or "p42"
  int depth = 1;
};
struct Lineage {
  std::vector<Relation> ancestors, descendants;
};

// Thread contract: share freely.
class Gallery {
 public:
  Gallery(Database& db, const std::filesystem::path& folder, Clock clock);

  struct Added {
    GalleryPicture picture;
    bool is_new = true;
  };
  // The file is on disk before the row is. Picture `index` of a job is one row however often it is
  // made. Throws CodedError "disk_full".
  Added add(const NewPicture& picture);
  GalleryPicture get(int64_t id) const;  // throws NotFound
  std::optional<GalleryPicture> with_hash(const std::string& sha256) const;
  PicturePage list(const PictureFilter& filter) const;
  std::vector<GalleryPicture> of_job(int64_t job) const;
  std::filesystem::path file(const GalleryPicture& picture) const {
    return store_.path(picture.sha256, picture.format);
  }

  GalleryPicture set_favourite(int64_t id, bool favourite);
  GalleryPicture set_tags(int64_t id, std::vector<std::string> tags);  // throws InvalidArgument
  std::vector<std::pair<std::string, int64_t>> tags() const;
  // Each returns the ids that changed.
  std::vector<int64_t> trash(const std::vector<int64_t>& ids);
  std::vector<int64_t> restore(const std::vector<int64_t>& ids);
  std::vector<int64_t> erase(const std::vector<int64_t>& ids);  // only from the trash
  Lineage lineage(int64_t id) const;

  // Makes files and rows agree: rows without a file are hidden until it comes back, files without a
  // row move to `recovered`. For the start of the program.
  struct Reconciled {
    int missing = 0, recovered = 0;
  };
  Reconciled reconcile(const std::filesystem::path& recovered);

 private:
  void index_words(int64_t id);
  std::vector<int64_t> mark(const std::vector<int64_t>& ids, const char* sql,
                            std::optional<double> time);
  Database& db_;
  ContentStore store_;
  Clock clock_;
};

}  // namespace pentimento
