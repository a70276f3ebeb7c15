// The folder everything durable lives in, held by one process at a time.
//   studio.sqlite   inputs/ab/<sha256>.<ext>   results/ab/<sha256>.<ext>   recovered/   models/
//   checkpoints/<job>.steps   lock
#pragma once

#include <filesystem>

namespace pentimento {

// Thread contract: immutable after construction.
class DataFolder {
 public:
  // Creates the folder if needed and locks it. Throws Io, or CodedError "conflict" when another
  // process holds it.
  explicit DataFolder(std::filesystem::path root);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path database() const { return root_ / "studio.sqlite"; }
  std::filesystem::path inputs() const { return root_ / "inputs"; }
  std::filesystem::path results() const { return root_ / "results"; }
  std::filesystem::path recovered() const { return root_ / "recovered"; }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }

 private:
  std::filesystem::path root_;
  int lock_fd_ = -1;
};

}  // namespace pentimento
