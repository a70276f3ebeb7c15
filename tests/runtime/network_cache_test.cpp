#include "runtime/network_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/mapped_file.h"
#include "support/golden.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> blob(size_t size, int value) {
  return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

TEST(NetworkCache, ReturnsWhatWasStored) {
  testing::TempDir folder;
  const NetworkCache cache(folder / "networks", 1 << 20);
  EXPECT_FALSE(cache.find("a").file);
  cache.put("a", blob(1000, 7));
  const auto found = cache.find("a");
  ASSERT_TRUE(found.file);
  EXPECT_TRUE(std::ranges::equal(found.blob, blob(1000, 7)));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(found.blob.data()) % 64, 0u);
  EXPECT_FALSE(cache.find("b").file);
}

TEST(NetworkCache, LetsTheLeastRecentlyUsedGoFirst) {
  testing::TempDir folder;
  const NetworkCache cache(folder.path(), 3500);
  for (const char* key : {"a", "b", "c"}) {
    cache.put(key, blob(1000, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  cache.find("a");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  cache.put("d", blob(1000, 1));
  EXPECT_TRUE(cache.find("a").file);
  EXPECT_FALSE(cache.find("b").file);
  EXPECT_TRUE(cache.find("c").file);
  EXPECT_TRUE(cache.find("d").file);
  EXPECT_LE(cache.bytes(), 3500u);
}

TEST(NetworkCache, NeverStoresWhatExceedsTheLimitAlone) {
  testing::TempDir folder;
  const NetworkCache cache(folder.path(), 500);
  cache.put("a", blob(1000, 1));
  EXPECT_FALSE(cache.find("a").file);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(NetworkCache, DropsDamagedEntries) {
  testing::TempDir folder;
  const NetworkCache cache(folder.path(), 1 << 20);
  for (const char* kind : {"flipped", "truncated", "empty"}) {
    cache.put(kind, blob(1000, 1));
    const fs::path path = fs::directory_iterator(folder.path())->path();
    if (kind == std::string("flipped")) {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(600);
      file.put('x');
    } else {
      fs::resize_file(path, kind == std::string("truncated") ? 300 : 0);
    }
    EXPECT_FALSE(cache.find(kind).file) << kind;
    EXPECT_TRUE(fs::is_empty(folder.path())) << kind;
  }
}

TEST(NetworkCache, ClearRemovesItsOwnFilesOnly) {
  testing::TempDir folder;
  const NetworkCache cache(folder.path(), 1 << 20);
  cache.put("a", blob(10, 1));
  std::ofstream(folder / "letter.txt") << "keep me";
  EXPECT_GT(cache.bytes(), 0u);
  cache.clear();
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_TRUE(fs::exists(folder / "letter.txt"));
}

TEST(NetworkCache, DoesNothingWithoutAFolder) {
  const NetworkCache cache({}, 1 << 20);
  cache.put("a", blob(10, 1));
  EXPECT_FALSE(cache.find("a").file);
  EXPECT_EQ(cache.bytes(), 0u);
  cache.clear();
}

TEST(NetworkCache, SurvivesAFolderThatCannotBeWritten) {
  testing::TempDir folder;
  std::ofstream(folder / "file") << "not a folder";
  const NetworkCache cache(folder / "file" / "below", 1 << 20);
  cache.put("a", blob(10, 1));
  EXPECT_FALSE(cache.find("a").file);
}

}  // namespace
}  // namespace pentimento
