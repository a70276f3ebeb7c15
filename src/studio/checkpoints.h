// Where interrupted jobs go on: one checkpoint file for each job that has begun and may go on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "studio/checkpoint_file.h"

namespace pentimento {

// Thread contract: share freely; one thread at a time works with a job's open file.
class Checkpoints {
 public:
  explicit Checkpoints(std::filesystem::path folder);

  // Throws as CheckpointFile does.
  std::unique_ptr<CheckpointFile> open(int64_t job, const std::string& key) const;
  size_t steps_kept(int64_t job) const;  // 0: it begins anew
  void remove(int64_t job) const;
  // Removes the files of all jobs that `keep` does not want.
  void sweep(const std::function<bool(int64_t job)>& keep) const;

 private:
  std::filesystem::path file_of(int64_t job) const;
  std::filesystem::path folder_;
};

}  // namespace pentimento
