#include "studio/library_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LibraryFolders, AreKeptInTheConfigurationAndJoinedByOthers) {
  testing::TempDir dir;
  const Paths paths{.data = dir / "data", .cache = {}, .config = dir / "config", .assets = {}};
  EXPECT_THAT(read_library_folders(paths.config), IsEmpty());
  write_library_folders(paths.config, {"/a/webui", "/模型"});
  EXPECT_THAT(read_library_folders(paths.config), ElementsAre("/a/webui", "/模型"));
  EXPECT_THAT(all_model_folders(paths, {"/b/../c/", "/a/webui"}),
              ElementsAre("/a/webui", "/模型", "/c"));
}

TEST(LibraryFolders, AreRefusedWhenTheyCannotBeUnderstood) {
  testing::TempDir dir;
  for (const char* bad : {"", "[", R"({"folders": "x"})", "[1]"}) {
    std::ofstream(dir / "model-folders.json") << bad;
    try {
      read_library_folders(dir.path());
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr("model-folders.json: expected {\"folders\""));
    }
  }
  std::ofstream(dir / "model-folders.json") << R"({"folders": [3, "/x", null]})";
  EXPECT_THAT(read_library_folders(dir.path()), ElementsAre("/x"));
}

}  // namespace
}  // namespace pentimento
