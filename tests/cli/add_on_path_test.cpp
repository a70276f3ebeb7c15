#include "cli/add_on_path.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "support/golden.h"
#include "support/refusal.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using testing::refusal;
using testing::TempDir;

struct Home {
  TempDir folder;
  Paths paths{.data = folder.path()};

  fs::path put(const std::string& file) {
    const fs::path path = folder.path() / "models" / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    return path;
  }
};

TEST(AddOnPath, IsAFileOrANameInItsFolder) {
  Home home;
  const fs::path canny = home.put("ControlNet/canny.pth");
  EXPECT_EQ(find_add_on(home.paths, kControlNets, canny.string()), canny);
  EXPECT_EQ(find_add_on(home.paths, kControlNets, "canny.pth"), canny);
  EXPECT_EQ(find_add_on(home.paths, kControlNets, "canny"), canny);
  EXPECT_EQ(find_add_on(home.paths, kControlNets, ""), canny);
  home.put("ControlNet/notes.txt");
  EXPECT_EQ(find_add_on(home.paths, kControlNets, ""), canny);
  const fs::path folder = home.put("clip_vision/vit-h/config.json").parent_path();
  EXPECT_EQ(find_add_on(home.paths, kImageEncoders, "vit-h"), folder);
}

TEST(AddOnPath, SaysWhereToPutWhatIsMissing) {
  Home home;
  EXPECT_FALSE(has_add_on(home.paths, kIpAdapters));
  EXPECT_NE(refusal(ErrorKind::NotFound, [&] { find_add_on(home.paths, kIpAdapters, ""); })
                .find("models/ipadapter"),
            std::string::npos);
  home.put("ipadapter/a.bin");
  home.put("ipadapter/b.safetensors");
  EXPECT_TRUE(has_add_on(home.paths, kIpAdapters));
  EXPECT_NE(refusal(ErrorKind::InvalidArgument, [&] { find_add_on(home.paths, kIpAdapters, ""); })
                .find("a, b"),
            std::string::npos);
  EXPECT_NE(refusal(ErrorKind::NotFound, [&] { find_add_on(home.paths, kIpAdapters, "c"); })
                .find("c: no such IP-Adapter"),
            std::string::npos);
}

}  // namespace
}  // namespace pentimento
