#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weights/checkpoint_files.h"

namespace pentimento {
namespace {

using testing::TempDir;
namespace fs = std::filesystem;

constexpr const char* kHashOfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(CheckpointHash, IsTheSha256OfTheFile) {
  TempDir dir;
  testing::write_bytes(dir / "m.safetensors", "abc");
  EXPECT_EQ(checkpoint_sha256(dir / "m.safetensors", dir / "cache"), kHashOfAbc);
}

TEST(CheckpointHash, IsRememberedUntilTheFileChanges) {
  TempDir dir;
  const fs::path path = dir / "m.safetensors", cache = dir / "cache";
  testing::write_bytes(path, "abc");
  const auto then = fs::last_write_time(path);
  int hashed = 0;
  const Progress progress{.report = [&](const ProgressEvent&) { ++hashed; }};
  checkpoint_sha256(path, cache, progress);
  EXPECT_GT(hashed, 0);
  // The same size and time: the bytes are not looked at again.
  testing::write_bytes(path, "xyz");
  fs::last_write_time(path, then);
  hashed = 0;
  EXPECT_EQ(checkpoint_sha256(path, cache, progress), kHashOfAbc);
  EXPECT_EQ(hashed, 0);
  fs::last_write_time(path, then + std::chrono::seconds(1));
  EXPECT_EQ(checkpoint_sha256(path, cache), sha256_hex(std::string("xyz")));
}

TEST(CheckpointHash, RemembersManyFiles) {
  TempDir dir;
  for (const char* name : {"a", "b", "c"}) {
    testing::write_bytes(dir / name, name);
    EXPECT_EQ(checkpoint_sha256(dir / name, dir / "cache"), sha256_hex(std::string(name)));
  }
  const auto cache = nlohmann::json::parse(testing::read_bytes(dir / "cache/model_hashes.json"));
  EXPECT_EQ(cache.size(), 3u);
}

TEST(CheckpointHash, ASpoiledCacheIsReplaced) {
  TempDir dir;
  testing::write_bytes(dir / "m", "abc");
  for (const std::string& text :
       {std::string("{"), std::string("[]"),
        std::string(R"({")") + (dir / "m").string() + R"(":7})",
        std::string(R"({")") + (dir / "m").string() + R"(":{"stamp":[3,0],"sha256":"short"}})"}) {
    testing::write_bytes(dir / "cache/model_hashes.json", text);
    EXPECT_EQ(checkpoint_sha256(dir / "m", dir / "cache"), kHashOfAbc);
    EXPECT_EQ(nlohmann::json::parse(testing::read_bytes(dir / "cache/model_hashes.json")).size(),
              1u);
  }
}

TEST(CheckpointHash, ACacheThatCannotBeWrittenIsNoError) {
  TempDir dir;
  testing::write_bytes(dir / "m", "abc");
  testing::write_bytes(dir / "file", "in the way");
  EXPECT_EQ(checkpoint_sha256(dir / "m", dir / "file/cache"), kHashOfAbc);
}

TEST(CheckpointHash, OfAFolderIsThatOfItsWeightFiles) {
  TempDir dir;
  const fs::path folder = dir / "model", cache = dir / "cache";
  fs::copy(testing::golden_path("weights_folder"), folder, fs::copy_options::recursive);
  const std::string before = checkpoint_sha256(folder, cache);
  EXPECT_EQ(before.size(), 64u);
  EXPECT_EQ(checkpoint_sha256(testing::golden_path("weights_folder"), cache), before)
      << "wherever it lies";
  testing::write_bytes(folder / "README.md", "hello");
  EXPECT_EQ(checkpoint_sha256(folder, cache), before);
  testing::write_bytes(folder / "unet/diffusion_pytorch_model-00002-of-00004.safetensors", "other");
  EXPECT_NE(checkpoint_sha256(folder, cache), before);
}

TEST(CheckpointHash, OfAVaesFolderCoversBothHalves) {
  TempDir dir;
  testing::write_bytes(dir / "pair/tae_encoder.pth", "a");
  testing::write_bytes(dir / "pair/tae_decoder.pth", "b");
  testing::write_bytes(dir / "pair/README.md", "c");
  EXPECT_EQ(checkpoint_sha256(dir / "pair", dir / "cache"),
            sha256_hex(sha256_hex(std::string("b")) + "  tae_decoder.pth\n" +
                       sha256_hex(std::string("a")) + "  tae_encoder.pth\n"));
}

TEST(CheckpointHash, NeedsSomethingToHash) {
  TempDir dir;
  testing::refusal(ErrorKind::NotFound, [&] { checkpoint_sha256(dir / "absent", dir / "cache"); });
  testing::refusal(ErrorKind::NotFound, [&] { checkpoint_sha256(dir.path(), dir / "cache"); });
}

}  // namespace
}  // namespace pentimento
