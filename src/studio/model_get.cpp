#include "studio/model_get.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/paths.h"
#include "base/sha256.h"
#include "studio/loose_json.h"
#include "studio/model_facts.h"
#include "studio/model_notes.h"
#include "studio/pictures.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 150;

bool has_weight_extension(const std::string& name) {
  static const std::set<std::string> kKnown = {".safetensors", ".ckpt", ".pt",   ".pth",
                                               ".bin",         ".gguf", ".onnx", ".param"};
  return kKnown.contains(fs::path(name).extension().string());
}

// Before gigabytes are fetched in vain.
void refuse_unrunnable(const ModelOffer& offer) {
  const bool needs_base = offer.type == "checkpoint" || offer.type == "lora" ||
                          offer.type == "embedding" || offer.type == "controlnet";
  if (offer.source != "civitai" || !needs_base || offer.base_model.empty() ||
      !offer.family.empty() || offer.base_model == "Other")
    return;
  throw CodedError(ErrorKind::Unsupported, "not_runnable",
                   offer.name + " is for " + offer.base_model +
                       ", which this program does not run; it runs SD 1.x, SD 2.x and SDXL "
                       "(fetch it all the same with --anyway)");
}

// The file in `folder` that has this hash already.
std::optional<fs::path> same_file_in(const fs::path& folder, const std::string& name,
                                     const std::string& sha256, const Progress& progress) {
  const fs::path path = folder / name;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  return sha256_file(path, progress) == sha256 ? std::optional(path) : std::nullopt;
}

// NAME, "NAME (2)", … : files of one name from two makers live side by side.
fs::path free_path(const fs::path& folder, const std::string& name) {
  const fs::path base(name);
  std::error_code error;
  for (int i = 1;; ++i) {
    const std::string number = i == 1 ? "" : " (" + std::to_string(i) + ")";
    fs::path path = folder / (base.stem().string() + number + base.extension().string());
    if (!fs::exists(path, error)) return path;
  }
}

// Also where the folder of a kind is a link to another disk.
void move_to(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return;
  fs::path partial = to;
  partial += ".part";
  fs::copy(from, partial, fs::copy_options::recursive);
  fs::rename(partial, to);
}

// One program at a time writes into a quarantine.
class QuarantineLock {
 public:
  explicit QuarantineLock(const fs::path& folder) {
    fs::create_directories(folder);
    fd_ = ::open((folder / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd_);
      throw CodedError(ErrorKind::InvalidArgument, "conflict",
                       "this model is being fetched already, by this program or another");
    }
  }
  ~QuarantineLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  QuarantineLock(const QuarantineLock&) = delete;
  QuarantineLock& operator=(const QuarantineLock&) = delete;

 private:
  int fd_ = -1;
};

class Getting {
 public:
  Getting(const ModelSources& sources, const std::string& spec, const GetOptions& options,
          const Progress& progress)
      : sources_(sources), options_(options), progress_(progress) {
    options_.on_progress("resolve", 0, 0);
    offer_ = sources.resolve(spec, progress);
    if (offer_.files.empty())
      throw CodedError(ErrorKind::NotFound, "not_found", offer_.name + ": has no file to fetch");
    options_.on_offer(offer_);
    if (!options.anyway) refuse_unrunnable(offer_);
    // One quarantine for each offer: an interrupted one goes on in it.
    quarantine_ = options.models / ".downloads" / sha256_hex(offer_.spec).substr(0, 16);
  }

  GotModel run() {
    const QuarantineLock lock(quarantine_);
    const bool folder = offer_.files.size() > 1;
    std::string name = safe_file_name(folder ? offer_.name : offer_.files[0].path);
    if (!folder && !has_weight_extension(name)) name += ".safetensors";
    const fs::path inside = quarantine_ / name;
    std::string sha256;
    int64_t before = 0, total = 0;
    for (const OfferedFile& file : offer_.files) total += file.bytes;
    for (const OfferedFile& file : offer_.files) {
      const fs::path target = folder ? inside / fs::path(file.path).lexically_normal() : inside;
      sha256 = fetch(file, target, before, std::max(total, offer_.bytes));
      before += file.bytes;
    }
    return place(inside, name, folder ? std::string() : sha256);
  }

 private:
  std::string fetch(const OfferedFile& file, const fs::path& target, int64_t before,
                    int64_t about) {
    std::error_code error;
    if (fs::is_regular_file(target, error)) {  // whole since an earlier attempt
      std::string sha256 = sha256_file(target, progress_);
      if (file.sha256.empty() || sha256 == file.sha256) return sha256;
      fs::remove(target, error);
    }
    DownloadOptions download = options_.download;
    const bool single = offer_.files.size() == 1;
    download.on_bytes = [&](int64_t done, int64_t total) {
      options_.on_progress("download", before + done, single && total > 0 ? total : about);
      options_.download.on_bytes(done, total);
    };
    return download_file(
        sources_.web(),
        {.url = file.url, .target = target, .bytes = file.bytes, .sha256 = file.sha256}, download,
        progress_);
  }

  GotModel place(const fs::path& inside, const std::string& name, const std::string& sha256) {
    options_.on_progress("check", 0, 0);
    CatalogModel model;
    model.path = inside;
    look_into(model, offer_.type);
    const bool known = model.readable && model.kind != "unknown";
    if (!known) {
      std::error_code ignored;
      fs::remove_all(quarantine_, ignored);
      throw CodedError(ErrorKind::CorruptFile, "not_a_model",
                       offer_.name +
                           ": what came is not a model that can be read, and was "
                           "deleted: " +
                           model.problem.value_or("unknown").substr(0, 500));
    }
    const fs::path folder = options_.models / folder_of_type(model.type);
    fs::create_directories(folder);
    GotModel got{.path = {}, .type = model.type, .kind = model.kind, .sha256 = sha256};
    const auto there =
        sha256.empty() ? std::nullopt : same_file_in(folder, name, sha256, progress_);
    got.was_there = there.has_value();
    got.path = there ? *there : free_path(folder, name);
    if (!there) move_to(inside, got.path);
    write_beside(got.path);
    std::error_code ignored;
    fs::remove_all(quarantine_, ignored);
    options_.on_progress("done", 0, 0);
    return got;
  }

  // Words and pictures are welcome, not needed: what fails here fails nothing.
  void write_beside(const fs::path& path) const {
    try {
      std::string preview;
      if (!offer_.preview_url.empty()) preview = sources_.picture(offer_.preview_url, progress_);
      store_beside(path, preview);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Cancelled) throw;
      store_beside(path, "");
    }
  }

  void store_beside(const fs::path& path, const std::string& preview) const {
    if (!offer_.civitai_json.empty()) {
      write_model_notes(path, offer_.civitai_json,
                        civitai_version(loose::parse(offer_.civitai_json)), preview);
      return;
    }
    const fs::path notes = path.parent_path() / (path.stem().string() + ".json");
    std::error_code ignored;
    if (fs::exists(notes, ignored)) return;
    const Json json = {{"description", offer_.description},
                       {"sd version", offer_.family},
                       {"activation text", ""},
                       {"source", offer_.page},
                       {"licence", offer_.licence},
                       {"creator", offer_.creator}};
    write_file_atomically(
        notes, as_bytes(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  }

  const ModelSources& sources_;
  const GetOptions& options_;
  const Progress& progress_;
  ModelOffer offer_;
  fs::path quarantine_;
};

}  // namespace

std::string safe_file_name(const std::string& name) {
  std::string out;
  for (const char c : loose::clean(name, 4 * kLongestName)) {
    const bool bad = c == '/' || c == '\\' || c == ':' || c == '\n' || c == '\t' || c == '"' ||
                     c == '<' || c == '>' || c == '|' || c == '?' || c == '*';
    out += bad ? '_' : c;
  }
  while (!out.empty() && (out.front() == '.' || out.front() == ' ')) out.erase(0, 1);
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  const fs::path path(out);
  const std::string extension = path.extension().string();
  if (out.size() > kLongestName && extension.size() < 16)
    out = loose::clean(path.stem().string(), kLongestName - extension.size()) + extension;
  return out.empty() ? "model" : out;
}

fs::path folder_of_type(const std::string& type) {
  static const std::map<std::string, std::string> folders = {
      {"checkpoint", "Stable-diffusion"}, {"lora", "Lora"},       {"vae", "VAE"},
      {"embedding", "embeddings"},        {"upscaler", "ESRGAN"}, {"controlnet", "ControlNet"}};
  const auto it = folders.find(type);
  return it == folders.end() ? "Other" : it->second;
}

GotModel get_model(const ModelSources& sources, const std::string& spec, const GetOptions& options,
                   const Progress& progress) {
  try {
    return Getting(sources, spec, options, progress).run();
  } catch (const fs::filesystem_error& error) {
    throw CodedError(ErrorKind::Io, "io",
                     error.path1().string() + ": " + error.code().message() +
                         "; is the models folder writable?");
  }
}

}  // namespace pentimento
