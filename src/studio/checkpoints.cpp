#include "studio/checkpoints.h"

#include "studio/coded_error.h"
#include "studio/job.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
constexpr const char* kExtension = ".steps";

}  // namespace

Checkpoints::Checkpoints(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw CodedError(ErrorKind::Io, "io",
                     folder_.string() + ": cannot be created: " + error.message());
}

fs::path Checkpoints::file_of(int64_t job) const {
  return folder_ / (public_id('j', job) + kExtension);
}

std::unique_ptr<CheckpointFile> Checkpoints::open(int64_t job, const std::string& key) const {
  return std::make_unique<CheckpointFile>(file_of(job), key);
}

size_t Checkpoints::steps_kept(int64_t job) const { return steps_kept_in(file_of(job)); }

void Checkpoints::remove(int64_t job) const {
  std::error_code error;
  fs::remove(file_of(job), error);
}

void Checkpoints::sweep(const std::function<bool(int64_t job)>& keep) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() != kExtension) continue;
    bool wanted = false;
    try {
      wanted = keep(parse_public_id('j', entry.path().stem().string()));
    } catch (const Error&) {  // the job is gone
    }
    if (!wanted) fs::remove(entry.path(), error);
  }
}

}  // namespace pentimento
