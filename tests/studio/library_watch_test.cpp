// Folders that tell when something changes in them, and a library that listens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "studio/folder_watch.h"
#include "studio/model_library.h"
#include "support/golden.h"
#include "support/model_files.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

void write(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class Watch : public ::testing::Test {
 protected:
  bool changes() { return watch_.wait(/*timeout_ms=*/400, /*quiet_ms=*/20); }
  testing::TempDir folder_;
  FolderWatch watch_;
};

TEST_F(Watch, TellsOfFilesThatAreWholeOfLinksAndOfFolders) {
  EXPECT_TRUE(watch_.watch(std::vector{folder_.path()}));
  EXPECT_FALSE(watch_.watch(std::vector{folder_.path()})) << "known already";
  EXPECT_FALSE(changes());
  {
    std::ofstream file(folder_ / "copied");
    file << "the first half" << std::flush;
    EXPECT_FALSE(changes()) << "a file that is being copied is not there yet";
  }
  EXPECT_TRUE(changes());
  fs::create_hard_link(folder_ / "copied", folder_ / "hard");
  EXPECT_TRUE(changes());
  fs::create_symlink(folder_ / "copied", folder_ / "soft");
  EXPECT_TRUE(changes());
  fs::rename(folder_ / "hard", folder_ / "renamed");
  EXPECT_TRUE(changes());
  fs::remove(folder_ / "renamed");
  EXPECT_TRUE(changes());
  fs::create_directory(folder_ / "sub");
  EXPECT_TRUE(changes());
  EXPECT_TRUE(watch_.tells_of_all());
  EXPECT_FALSE(changes());
}

TEST_F(Watch, SaysWhenItCannotTellOfAll) {
  watch_.watch(std::vector{folder_.path(), folder_ / "absent"});
  EXPECT_FALSE(watch_.tells_of_all());
  watch_.watch(std::vector{folder_.path()});
  EXPECT_TRUE(watch_.tells_of_all());
}

TEST_F(Watch, ForgetsFoldersThatAreNotAskedForAnyMore) {
  fs::create_directory(folder_ / "a");
  fs::create_directory(folder_ / "b");
  watch_.watch(std::vector{folder_ / "a", folder_ / "b"});
  watch_.watch(std::vector{folder_ / "b"});
  write(folder_ / "a" / "x", "1");
  EXPECT_FALSE(changes());
  fs::remove_all(folder_ / "b");
  EXPECT_TRUE(changes());
  fs::create_directory(folder_ / "b");
  EXPECT_TRUE(watch_.watch(std::vector{folder_ / "b"})) << "a new folder of the old name";
}

TEST_F(Watch, StopsWaitingWhenAsked) {
  watch_.watch(std::vector{folder_.path()});
  std::thread other([&] { watch_.stop(); });
  EXPECT_FALSE(watch_.wait(/*timeout_ms=*/60'000));
  other.join();
  write(folder_ / "x", "1");
  EXPECT_FALSE(watch_.wait(/*timeout_ms=*/60'000)) << "for good";
}

class WatchingLibrary : public ::testing::Test {
 protected:
  WatchingLibrary() {
    fs::create_directories(models_ / "Lora");
    library_ = std::make_unique<ModelLibrary>(LibraryOptions{.data = folder_ / "data",
                                                             .cache = folder_ / "cache",
                                                             .folders = {folder_ / "later"},
                                                             .watch = true,
                                                             .on_change = [this] { ++news_; }});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CatalogModel& model : library_->list()) names.push_back(model.name);
    return names;
  }
  // Waits for it, a few seconds on a busy computer.
  bool comes_to(const std::vector<std::string>& expected) const {
    for (int i = 0; i < 1000; ++i) {
      if (names() == expected) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  testing::TempDir folder_;
  const fs::path models_ = folder_ / "data" / "models";
  std::atomic<int> news_ = 0;
  std::unique_ptr<ModelLibrary> library_;
};

TEST_F(WatchingLibrary, FilesAppearAndGoWithoutBeingAskedFor) {
  EXPECT_TRUE(names().empty());
  write(models_ / "Lora" / "a.safetensors", testing::lora_file("a"));
  EXPECT_TRUE(comes_to({"a"}));
  for (int i = 0; i < 400 && news_ == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GE(news_, 1);
  write(models_ / "Lora" / "new" / "deep" / "b.safetensors", testing::lora_file("b"));
  EXPECT_TRUE(comes_to({"a", "b"})) << "in folders that were not there before";
  write(models_ / "Lora" / "a.json", R"({"activation text": "sks"})");
  for (int i = 0; i < 1000 && library_->list()[0].trigger_words.empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_THAT(library_->list()[0].trigger_words, ElementsAre("sks"));
  fs::remove(models_ / "Lora" / "a.safetensors");
  EXPECT_TRUE(comes_to({"b"}));
  EXPECT_EQ(library_->missing().size(), 1u);
}

}  // namespace
}  // namespace pentimento
