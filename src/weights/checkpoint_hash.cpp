// The hash of a model, remembered by path, size and time of change: hashing gigabytes takes
// seconds.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/paths.h"
#include "base/sha256.h"
#include "weights/checkpoint.h"
#include "weights/config_fields.h"
#include "weights/parts.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCacheName = "model_hashes.json";
constexpr size_t kMostRemembered = 4096;

// A cache that cannot be read or written costs time, never an error.
nlohmann::json read_cache(const fs::path& path) {
  try {
    return read_config(path).value_or(nlohmann::json::object());
  } catch (const Error&) {
    return nlohmann::json::object();
  }
}

void write_cache(const fs::path& path, const nlohmann::json& cache) {
  try {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    const std::string text = cache.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
    write_file_atomically(path, std::as_bytes(std::span(text)));
  } catch (const Error&) {
  }
}

std::string file_hash(const fs::path& path, const fs::path& cache_dir, const Progress& progress) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  const auto changed = error ? fs::file_time_type{} : fs::last_write_time(path, error);
  if (error) return sha256_file(path, progress);  // names the reason

  const std::string key = fs::absolute(path).lexically_normal().string();
  const nlohmann::json stamp = {size, changed.time_since_epoch().count()};
  const fs::path cache_path = cache_dir / kCacheName;
  if (const nlohmann::json cache = read_cache(cache_path); cache.contains(key)) {
    const nlohmann::json& entry = cache[key];
    if (entry.is_object() && entry.value("stamp", nlohmann::json()) == stamp &&
        entry.contains("sha256") && entry["sha256"].is_string() &&
        entry["sha256"].get_ref<const std::string&>().size() == 64)
      return entry["sha256"];
  }
  std::string hash = sha256_file(path, progress);
  nlohmann::json cache = read_cache(cache_path);  // again: another program may have added to it
  if (cache.size() >= kMostRemembered) cache.clear();
  cache[key] = {{"stamp", stamp}, {"sha256", hash}};
  write_cache(cache_path, cache);
  return hash;
}

}  // namespace

std::string checkpoint_sha256(const fs::path& path, const fs::path& cache_dir,
                              const Progress& progress) {
  if (!fs::is_directory(path)) return file_hash(path, cache_dir, progress);
  std::string lines;
  for (const fs::path& file : weight_files(path))
    lines += file_hash(path / file, cache_dir, progress) + "  " + file.generic_string() + "\n";
  if (lines.empty())
    throw Error(ErrorKind::NotFound, path.string() + ": holds no model files that could be hashed");
  return sha256_hex(lines);
}

}  // namespace pentimento
