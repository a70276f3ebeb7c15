// Which models stay loaded, over the tiny model of the pipelines' tests.
#include "studio/model_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "studio/model_library.h"
#include "support/golden.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

class Holder : public ::testing::Test {
 protected:
  Holder() {
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      fs::create_directories(models_ / name);
      fs::copy(testing::golden_path("pipelines_sd1"), models_ / name,
               fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }
    catalog_->refresh();
  }
  std::shared_ptr<LoadedModel> get(const std::string& name) {
    return holder_.get({.model = catalog_->need("checkpoint", name), .vae = {}, .text = {}}, {});
  }
  testing::TempDir folder_;
  const fs::path models_ = folder_ / "data" / "models";
  std::shared_ptr<ModelLibrary> catalog_ = std::make_shared<ModelLibrary>(
      LibraryOptions{.data = folder_ / "data", .cache = folder_ / "cache"});
  Runtime runtime_{RuntimeOptions{.precision = Precision::F32}};
  ModelHolder holder_{runtime_, folder_ / "cache", catalog_};
};

TEST_F(Holder, SwitchingBackIsTheSameModel) {
  const auto a = get("a"), b = get("b");
  EXPECT_NE(a, b);
  EXPECT_EQ(get("a"), a);
  EXPECT_EQ(get("b"), b);
  EXPECT_TRUE(catalog_->need("checkpoint", "a").sha256) << "loading it told its hash";
}

TEST_F(Holder, TheFourUsedLastStay) {
  const auto a = get("a"), b = get("b");
  for (const char* name : {"c", "a", "d", "e"}) get(name);
  EXPECT_EQ(get("a"), a);
  EXPECT_NE(get("b"), b) << "used longest ago";
}

TEST_F(Holder, AFileThatChangedIsLoadedAnew) {
  const auto a = get("a");
  fs::last_write_time(models_ / "a" / "unet" / "diffusion_pytorch_model.safetensors",
                      fs::file_time_type::clock::now() + std::chrono::seconds(5));
  catalog_->refresh();
  EXPECT_NE(get("a"), a);
}

TEST_F(Holder, DroppingForgetsAll) {
  const std::weak_ptr<LoadedModel> a = get("a");
  holder_.drop();
  EXPECT_TRUE(a.expired());
}

}  // namespace
}  // namespace pentimento
