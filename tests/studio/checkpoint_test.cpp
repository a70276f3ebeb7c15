#include <gtest/gtest.h>

#include <fstream>

#include "studio/checkpoints.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

class Checkpoint : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "j1.steps"; }
  static std::string question(int step) { return RunMemory::question({1, 2}, step); }
  void keep(int steps, const std::string& key = "model") {
    CheckpointFile file(path(), key);
    for (int step = 0; step < steps; ++step)
      file.keep(question(step), {static_cast<float>(step), 0.5f});
  }
  int recalled(const std::string& key = "model") {
    CheckpointFile file(path(), key);
    int steps = 0;
    while (const auto answer = file.recall(question(steps))) {
      EXPECT_EQ(*answer, (Vec{static_cast<float>(steps), 0.5f}));
      ++steps;
    }
    return steps;
  }
  std::string bytes() { return read_whole_file(path()); }
  void write(const std::string& bytes) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  testing::TempDir folder_;
};

TEST_F(Checkpoint, GivesBackWhatItWasTold) {
  keep(5);
  EXPECT_EQ(steps_kept_in(path()), 5u);
  EXPECT_EQ(count_checkpoint_records(as_bytes(bytes())), 5u);
  EXPECT_EQ(recalled(), 5);
}

TEST_F(Checkpoint, GoesOnBehindWhatItHas) {
  keep(2);
  {
    CheckpointFile file(path(), "model");
    EXPECT_TRUE(file.recall(question(0)));
    EXPECT_TRUE(file.recall(question(1)));
    EXPECT_FALSE(file.recall(question(2)));
    file.keep(question(2), {2, 0.5f});
  }
  EXPECT_EQ(recalled(), 3);
}

TEST_F(Checkpoint, AnotherQuestionForgetsWhatFollows) {
  keep(4);
  {
    CheckpointFile file(path(), "model");
    EXPECT_TRUE(file.recall(question(0)));
    EXPECT_FALSE(file.recall(question(9)));
    EXPECT_EQ(file.steps(), 1u);
  }
  EXPECT_EQ(recalled(), 1);
}

TEST_F(Checkpoint, AnotherModelOrProgramBeginsAnew) {
  keep(4);
  EXPECT_EQ(recalled("another model"), 0);
  EXPECT_EQ(steps_kept_in(path()), 0u);
}

TEST_F(Checkpoint, TheNextPictureBeginsAnew) {
  {
    CheckpointFile file(path(), "model");
    file.begin_picture();
    file.keep(question(0), {0, 0.5f});
    file.begin_picture();
    EXPECT_EQ(file.steps(), 0u);
    file.keep(question(0), {0, 0.5f});
  }
  // After a stop the second picture begins with what was kept of it.
  CheckpointFile file(path(), "model");
  file.begin_picture();
  EXPECT_EQ(file.steps(), 1u);
}

// Power cuts: wherever the file ends, the whole records before stay and the run goes on from them.
TEST_F(Checkpoint, AFileCutAnywhereKeepsItsWholeRecords) {
  keep(3);
  const std::string whole = bytes();
  int last = 3;
  for (size_t size = whole.size(); size-- > 0;) {
    write(whole.substr(0, size));
    const int kept = recalled();
    EXPECT_LE(kept, last);
    EXPECT_LT(kept, 3);
    last = kept;
  }
  EXPECT_EQ(last, 0);
}

TEST_F(Checkpoint, ADamagedRecordAndAllBehindItAreDropped) {
  keep(3);
  const std::string whole = bytes();
  for (size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    write(damaged);
    EXPECT_LT(recalled(), 3) << at;
  }
  std::string huge = whole;  // a count that no file could hold
  for (size_t i = 0; i < 8; ++i) huge[25 + 64 + 64 + i] = '\xff';
  write(huge);
  EXPECT_EQ(recalled(), 0);
}

TEST_F(Checkpoint, LongRunsAreKeptOnlySoFar) {
  CheckpointFile file(path(), "model");
  file.keep("not a question", {1});
  EXPECT_EQ(file.steps(), 0u);
}

TEST_F(Checkpoint, FilesOfJobsThatCannotGoOnAreSwept) {
  const Checkpoints checkpoints(folder_ / "checkpoints");
  for (const int64_t job : {1, 2, 3}) checkpoints.open(job, "model")->keep(question(0), {1, 2});
  std::ofstream(folder_ / "checkpoints/strange.steps") << "x";
  checkpoints.sweep([](int64_t job) { return job == 2; });
  EXPECT_EQ(checkpoints.steps_kept(1), 0u);
  EXPECT_EQ(checkpoints.steps_kept(2), 1u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "checkpoints/strange.steps"));
  checkpoints.remove(2);
  EXPECT_EQ(checkpoints.steps_kept(2), 0u);
}

}  // namespace
}  // namespace pentimento
