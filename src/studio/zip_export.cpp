#include "studio/zip_export.h"

#include <zip.h>

#include <cstdio>
#include <list>

#include "studio/coded_error.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw CodedError(ErrorKind::Io, "io",
                   path.filename().string() + ": cannot be written: " + reason);
}

// An archive being written; nothing is kept unless close() succeeds.
class Archive {
 public:
  explicit Archive(const std::filesystem::path& path) : path_(path) {
    int code = 0;
    zip_ = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!zip_) fail(path_, "libzip error " + std::to_string(code));
  }
  ~Archive() {
    if (zip_) zip_discard(zip_);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  void add_file(const std::string& name, const std::filesystem::path& file) {
    add(name, zip_source_file(zip_, file.c_str(), 0, -1));
  }
  void add_bytes(const std::string& name, std::string bytes) {
    held_.push_back(std::move(bytes));  // libzip reads it when closing
    add(name, zip_source_buffer(zip_, held_.back().data(), held_.back().size(), 0));
  }
  void close() {
    if (zip_close(zip_) != 0) fail(path_, zip_strerror(zip_));
    zip_ = nullptr;
  }

 private:
  void add(const std::string& name, zip_source_t* source) {
    const zip_int64_t index =
        source ? zip_file_add(zip_, name.c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
      zip_source_free(source);
      fail(path_, zip_strerror(zip_));
    }
    // Pictures are compressed already.
    if (!name.ends_with(".json"))
      zip_set_file_compression(zip_, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  std::filesystem::path path_;
  zip_t* zip_;
  std::list<std::string> held_;
};

std::string member_name(size_t index, const GalleryPicture& picture, const std::string& format) {
  char number[24];
  std::snprintf(number, sizeof number, "%05zu", index + 1);
  return std::string(number) + (picture.seed ? "-" + std::to_string(*picture.seed) : "") + "." +
         format;
}

}  // namespace

void export_zip(const std::filesystem::path& path, const Gallery& gallery,
                const std::vector<GalleryPicture>& pictures, const std::vector<Json>& descriptions,
                Metadata metadata, const std::filesystem::path& cache) {
  Archive archive(path);
  Json about = Json::array();
  for (size_t i = 0; i < pictures.size(); ++i) {
    const std::filesystem::path file = gallery.file(pictures[i]);
    std::string format = pictures[i].format;
    if (metadata == Metadata::Keep) {
      archive.add_file(member_name(i, pictures[i], format), file);
    } else {
      std::string bytes = clean_copy_of(file, pictures[i].sha256, cache, format);
      archive.add_bytes(member_name(i, pictures[i], format), std::move(bytes));
    }
    Json entry = descriptions.at(i);
    entry["member"] = member_name(i, pictures[i], format);
    about.push_back(entry);
  }
  if (metadata == Metadata::Keep)
    archive.add_bytes("metadata.json", about.dump(1, ' ', false, Json::error_handler_t::replace));
  archive.close();
}

}  // namespace pentimento
